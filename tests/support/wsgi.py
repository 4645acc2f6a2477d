"""A WSGI application called as a server calls it."""

from collections.abc import Callable
from typing import Any


def called(
    application: Callable[..., Any], environ: dict[str, Any]
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return the status, the headers as they were given and the whole body."""
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        started.extend((int(status.split(maxsplit=1)[0]), headers))

    parts = application(environ, start_response)
    body = b"".join(parts)
    if hasattr(parts, "close"):
        parts.close()
    status, headers = started
    return status, headers, body
