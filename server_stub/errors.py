"""What can go wrong on the server, named after what the caller must do. No HTTP in here.

ServerError
├ SetupError(text)              the operator must do something first: the text says what
├ InvalidError(field, reason)   correct what was given and repeat; nothing was changed
│  └ DatabaseUrlError           … the database URL
├ ExistsError(kind, name)       it is there already; nothing was changed
├ ForbiddenError(text)          somebody else may do this; nothing was changed
├ StaleError(kind, name)        somebody was quicker: look again; nothing was changed
├ ConflictError(text)           as things stand it cannot be done; nothing was changed
└ NotFoundError(kind, name)     absent, or belonging to somebody else: the same answer
"""


class ServerError(Exception):
    """Any error of the server that it can explain."""


class SetupError(ServerError):
    """The operator must do something first; the text says what."""


class InvalidError(ServerError):
    """Something given cannot be used. Nothing was changed."""

    def __init__(self, field: str, reason: str) -> None:
        """Take what was given (a field or an option) and how it would be right."""
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


class DatabaseUrlError(InvalidError):
    """The database URL cannot be used."""

    def __init__(self, reason: str) -> None:
        """Take why, and how to write it."""
        super().__init__("database URL", reason)


class ExistsError(ServerError):
    """There is one of that name already. Nothing was changed."""

    def __init__(self, kind: str, name: str) -> None:
        """Take what it is (``client``) and its name."""
        self.kind = kind
        self.name = name
        super().__init__(f"there is a {kind} {name!r} already; nothing was changed")


class ForbiddenError(ServerError):
    """The caller's role may not do this. Nothing was changed."""


class StaleError(ServerError):
    """It was changed since the caller looked at it. Nothing was changed now."""

    def __init__(self, kind: str, name: object, revision: str) -> None:
        """Take what it is (``ticket``), which one, and its revision now."""
        self.kind = kind
        self.name = name
        self.revision = revision
        super().__init__(f"{kind} {name} was changed since you looked; nothing was changed now")


class ConflictError(ServerError):
    """As things stand this cannot be done. Nothing was changed."""


class NotFoundError(ServerError):
    """There is no such thing within the caller's scope.

    Foreign and missing are told alike, so that nobody learns what others have.
    """

    def __init__(self, kind: str, name: object, similar: str = "") -> None:
        """Take what was looked for (``client``), by which name, and the likeliest right one."""
        self.kind = kind
        self.name = name
        self.similar = similar
        hint = f": did you mean {similar!r}?" if similar else ""
        super().__init__(f"there is no {kind} {name!r}{hint}")
