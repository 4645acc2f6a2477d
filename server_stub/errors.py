"""What can go wrong on the server, named after what the caller must do. No HTTP in here.

ServerError
├ SetupError(text)          the operator must do something first: say what; exit 1
│  └ DatabaseUrlError       the database URL cannot be used
├ UsageError(text)          the command line is wrong: say how it is right; exit 2
└ NotFoundError(kind, id)   absent, or belonging to somebody else: the same answer
"""


class ServerError(Exception):
    """Any error of the server that it can explain."""


class SetupError(ServerError):
    """The operator must do something first; the text says what."""


class DatabaseUrlError(SetupError):
    """The database URL cannot be used; the text says why and how to write it."""


class UsageError(ServerError):
    """A command's argument is wrong; the text says which and how it is right."""


class NotFoundError(ServerError):
    """There is no such thing within the caller's scope.

    Foreign and missing are told alike, so that nobody learns what others have.
    """

    def __init__(self, kind: str, identifier: object) -> None:
        """Take what was looked for (``ticket``) and its identifier."""
        self.kind = kind
        self.identifier = identifier
        super().__init__(f"no {kind} {identifier}")
