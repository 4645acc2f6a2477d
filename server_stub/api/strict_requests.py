"""What a request must be like before anything looks at its meaning.

Size and acceptable answers are told by the headers and judged before anybody is known; the body
is read once the caller is, so that strangers cannot make the server wait for bytes.
"""

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from ninja.parser import Parser

from agent.protocol.problems import ProblemType
from agent.protocol.strict import ProtocolError, check_text, check_value, parse
from server_stub.api.problems import RefusedError

if TYPE_CHECKING:
    from django.utils.datastructures import MultiValueDict

MAX_BODY_BYTES = 256 * 1024
"""The longest text of any field is 16,384 characters; this is room for several."""
FILE = "application/octet-stream"
_FILES = "/attachments/"
_JSON = "application/json"
_LONGEST_LENGTH = 12


class StrictParser(Parser):
    """JSON that refuses what must never be stored: NaN, NUL, half surrogate pairs, deep nesting.

    And what can be read in two ways: an object with the same member twice.
    """

    def parse_body(self, request: HttpRequest) -> Any:  # noqa: ANN401 - any JSON, schemas judge it
        """Return the body's tree; raises RefusedError or ProtocolError."""
        encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
        charset = (request.content_params or {}).get("charset", "utf-8").lower()
        if request.content_type != _JSON or encoding != "identity" or charset != "utf-8":
            raise RefusedError(
                ProblemType.UNSUPPORTED_MEDIA_TYPE,
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "Send Content-Type: application/json in UTF-8 and no Content-Encoding.",
                {"Accept": _JSON},
            )
        tree = parse(request.body)
        check_value(tree)
        _check_doubles(request.body)
        return tree

    def parse_querydict(
        self,
        data: "MultiValueDict[str, Any]",
        list_fields: list[str],
        request: HttpRequest,
    ) -> dict[str, Any]:
        """Return the query's values; raises ProtocolError for one that cannot be looked for."""
        for name, values in data.lists():
            for value in values:
                check_text(value, name[:100])
        return super().parse_querydict(data, list_fields, request)


def _check_doubles(body: bytes) -> None:
    """Raise ProtocolError, naming it, when an object has a member twice: which one is meant?"""
    # Numbers stay text: of thousands of digits none must be made.
    json.loads(body, object_pairs_hook=_once_each, parse_int=str, parse_float=str)


def _once_each(members: list[tuple[str, object]]) -> None:
    seen = set[str]()
    for name, _ in members:
        if name in seen:
            raise ProtocolError(name[:100], "it is there twice")
        seen.add(name)


def check_head(request: HttpRequest) -> None:
    """Raise RefusedError when a request's headers alone tell that it cannot be answered."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdecimal()):
        raise RefusedError(
            ProblemType.INVALID_REQUEST, HTTPStatus.BAD_REQUEST, "Content-Length is no number."
        )
    if len(length) > _LONGEST_LENGTH or int(length) > MAX_BODY_BYTES:
        raise RefusedError(
            ProblemType.TOO_LARGE,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"A request has at most {MAX_BODY_BYTES} bytes.",
        )
    if "Transfer-Encoding" in request.headers and not request.META.get("CONTENT_LENGTH"):
        raise RefusedError(
            ProblemType.INVALID_REQUEST,
            HTTPStatus.LENGTH_REQUIRED,
            "Send Content-Length; a body in chunks is not taken.",
        )


def check_accepts(request: HttpRequest) -> None:
    """Raise RefusedError when the caller does not take JSON, nor a file where there are files."""
    is_file = _FILES in request.path and request.accepts(FILE)
    if not request.accepts(_JSON) and not is_file:
        raise RefusedError(
            ProblemType.NOT_ACCEPTABLE,
            HTTPStatus.NOT_ACCEPTABLE,
            "Everything here is application/json: send that in Accept, or no Accept at all.",
        )
