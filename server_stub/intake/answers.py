"""What the device routes answer: receipts under our media type, problems under RFC 9457's."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from agent.protocol import MEDIA_TYPE, PROBLEM_MEDIA_TYPE
from agent.protocol.problems import ProblemType, problem_tree
from agent.protocol.receipts import Receipt

_TITLES = {
    ProblemType.INVALID_REQUEST: "The request cannot be read",
    ProblemType.UNAUTHENTICATED: "No valid credential",
    ProblemType.UNKNOWN_DEVICE: "No device has this token",
    ProblemType.WRONG_CREDENTIAL: "This credential is for something else",
    ProblemType.TOKEN_SPENT: "The enrolment token lets nobody in any more",
    ProblemType.METHOD_NOT_ALLOWED: "This route does not take this method",
    ProblemType.UNSUPPORTED_MEDIA_TYPE: "The body must be plain JSON",
    ProblemType.TOO_LARGE: "The request is too large",
    ProblemType.CHANGED_BODY: "The id was used before with another body",
    ProblemType.CONFLICT: "Another device has this identity",
    ProblemType.RATE_LIMITED: "This device sends too much",
    ProblemType.UNAVAILABLE: "The server cannot store anything just now",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer."""

    status: HTTPStatus
    headers: list[tuple[str, str]]
    body: bytes


class RefusedError(Exception):
    """The request gets a problem document and nothing else happens."""

    def __init__(
        self,
        kind: ProblemType,
        status: HTTPStatus,
        detail: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        **members: object,
    ) -> None:
        """Take the problem's kind, its status, what to do about it, and further members."""
        super().__init__(detail)
        self.answer = problem(kind, status, detail, headers=headers, **members)


def success(receipts: Sequence[Receipt], **members: object) -> Answer:
    """Return 200 with the receipts in order; ``changes`` are the cursors a device compares."""
    tree = {"receipts": [receipt.to_tree() for receipt in receipts], "changes": {}}
    return _answer(HTTPStatus.OK, MEDIA_TYPE, tree | members)


def document(tree: dict[str, Any]) -> Answer:
    """Return 200 with what a device fetches."""
    return _answer(HTTPStatus.OK, MEDIA_TYPE, tree)


def problem(
    kind: ProblemType,
    status: HTTPStatus,
    detail: str,
    *,
    headers: Sequence[tuple[str, str]] = (),
    **members: object,
) -> Answer:
    """Return a problem document under its status."""
    tree = problem_tree(kind, status.value, _TITLES[kind], detail, **members)
    return _answer(status, PROBLEM_MEDIA_TYPE, tree, headers)


def _answer(
    status: HTTPStatus,
    media_type: str,
    tree: dict[str, Any],
    headers: Sequence[tuple[str, str]] = (),
) -> Answer:
    body = json.dumps(tree, separators=(",", ":")).encode()
    always = [
        ("Content-Type", media_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    return Answer(status, [*always, *headers], body)
