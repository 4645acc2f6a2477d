"""The watchdesk agent: checks this computer against its rules and reports to the server, unattended."""
