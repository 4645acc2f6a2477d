"""``ETag`` and ``If-Match``: which revision of a ticket a caller looked at."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from django.http import HttpRequest

from agent.protocol.problems import ProblemType
from server_stub.api.problems import RefusedError

_BLANKS = " \t"
_PIECE = re.compile(r'[ \t]*+(?:(W/)?"([\x21\x23-\x7e\x80-\xff]*+)"[ \t]*+)?(,|\Z)')
"""One place in a list of entity tags, which may be empty; it never looks back at what it took."""
_View = TypeVar("_View", bound=Callable[..., object])


def etag(revision: str) -> str:
    """Return a revision as it stands in the headers."""
    return f'"{revision}"'


def conditional(view: _View) -> _View:
    """Mark a view that demands ``If-Match``, so that the document tells of it."""
    view.conditional = True  # type: ignore[attr-defined] # see above
    return view


def demanded_revisions(request: HttpRequest) -> tuple[str, ...] | None:
    """Return the revisions in ``If-Match``, any of which will do; None for ``*``, whichever it is.

    A list of entity tags (RFC 9110, 8.8.3 and 13.1.1). Weak ones never match: they are passed
    over. Raises RefusedError when the header is missing, is no such list, or holds weak ones only.
    """
    given = request.headers.get("If-Match", "").strip(_BLANKS)
    if not given:
        raise RefusedError(
            ProblemType.PRECONDITION_REQUIRED,
            HTTPStatus.PRECONDITION_REQUIRED,
            "Read the ticket and send its ETag in If-Match, so that you overwrite nothing you "
            "have not seen. 'If-Match: *' changes it as it is.",
        )
    if given == "*":
        return None
    tags = _tags(given)
    strong = tuple(tag for weak, tag in tags if not weak)
    if tags and not strong:
        raise _refused(
            'A weak tag (W/"…") cannot be used in If-Match: it does not tell one revision from '
            "another. Send the ticket's revision in quotes; something between us weakened its ETag."
        )
    if not tags:
        raise _refused("If-Match holds no tag: send the ticket's ETag, with its quotes, or *.")
    return strong


def _tags(text: str) -> list[tuple[bool, str]]:
    """Return the tags of a list, each with whether it is weak; raises RefusedError for no list."""
    tags, place, goes_on = [], 0, True
    while goes_on:
        piece = _PIECE.match(text, place)
        if piece is None:
            raise _refused(
                "If-Match is no list of tags: send the ticket's ETag as it is, with its quotes, "
                "or *."
            )
        if piece[2] is not None:
            tags.append((bool(piece[1]), piece[2]))
        place, goes_on = piece.end(), bool(piece[3])
    return tags


def _refused(detail: str) -> RefusedError:
    return RefusedError(ProblemType.INVALID_REQUEST, HTTPStatus.BAD_REQUEST, detail)
