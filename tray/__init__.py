"""The watchdesk tray: what the person at the computer sees of the agent."""
