"""``ETag`` and ``If-Match``: which revision of a ticket a caller looked at."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from django.http import HttpRequest

from agent.protocol.problems import ProblemType
from server_stub.api.problems import RefusedError

_View = TypeVar("_View", bound=Callable[..., object])


def etag(revision: str) -> str:
    """Return a revision as it stands in the headers."""
    return f'"{revision}"'


def conditional(view: _View) -> _View:
    """Mark a view that demands ``If-Match``, so that the document tells of it."""
    view.conditional = True  # type: ignore[attr-defined] # see above
    return view


def demanded_revision(request: HttpRequest) -> str | None:
    """Return the revision in ``If-Match``; None for ``*``, whichever it is.

    A tag that is weak or no tag at all is a revision that never was. Raises RefusedError when
    the header is missing.
    """
    given = request.headers.get("If-Match", "").strip()
    if not given:
        raise RefusedError(
            ProblemType.PRECONDITION_REQUIRED,
            HTTPStatus.PRECONDITION_REQUIRED,
            "Read the ticket and send its ETag in If-Match, so that you overwrite nothing you "
            "have not seen. 'If-Match: *' changes it as it is.",
        )
    return None if given == "*" else given.removeprefix('"').removesuffix('"')
