"""What can go wrong in the tray."""


class TrayError(Exception):
    """Any error of the tray that it can explain."""


class AgentUnreachableError(TrayError):
    """The agent on this computer does not answer; the text says why."""
