"""What can go wrong in the tray, named after what the caller does about it."""


class TrayError(Exception):
    """Any error of the tray that it can explain."""


class AgentUnreachableError(TrayError):
    """The agent on this computer does not answer; keep everything and ask again later."""


class RefusedError(TrayError):
    """The agent understood and said no; ``field`` names what to change, empty when nothing can."""

    def __init__(self, problem: str, field: str = "") -> None:
        """Take the agent's own words."""
        super().__init__(problem)
        self.field = field


class DraftError(TrayError):
    """A report cannot be sent as it is; ``field`` names what to change."""

    def __init__(self, field: str, problem: str) -> None:
        """Name the field and say what is wrong with it."""
        super().__init__(problem)
        self.field = field


class PictureError(TrayError):
    """The screen could not be captured; the text says why and the report goes on without."""


class NoIconError(TrayError):
    """This session cannot show an icon; the text says what is missing."""
