"""The watchdesk agent: checks its computer by rules and reports to the server, unattended."""
