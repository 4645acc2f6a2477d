"""RFC 9457 problem documents: what every error answer of the server is made of.

The agent decides by ``type`` alone, never by the wording. Only ``unknown_device`` may ask for
re-enrolment.
"""

from enum import StrEnum
from typing import Any


class ProblemType(StrEnum):
    """The machine-readable kinds; on the wire ``urn:watchdesk:problem:<kind>``."""

    INVALID_REQUEST = "invalid_request"
    UNAUTHENTICATED = "unauthenticated"
    UNKNOWN_DEVICE = "unknown_device"
    WRONG_CREDENTIAL = "wrong_credential"
    TOKEN_SPENT = "token_spent"  # noqa: S105 - a kind of problem
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NOT_ACCEPTABLE = "not_acceptable"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    TOO_LARGE = "too_large"
    CHANGED_BODY = "changed_body"
    CONFLICT = "conflict"
    PRECONDITION_REQUIRED = "precondition_required"
    STALE = "stale"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


PROBLEM_URN = "urn:watchdesk:problem:"


def problem_tree(
    kind: ProblemType, status: int, title: str, detail: str = "", **members: object
) -> dict[str, Any]:
    """Return the problem document as a JSON object; ``members`` extend it (``field``, …)."""
    return {"type": PROBLEM_URN + kind, "title": title, "status": status, "detail": detail} | {
        name: value for name, value in members.items() if value is not None
    }


def problem_type(tree: object) -> ProblemType | None:
    """Return the kind of problem a decoded answer speaks of, None when it is not one of ours."""
    named = tree.get("type") if isinstance(tree, dict) else None
    if not isinstance(named, str) or not named.startswith(PROBLEM_URN):
        return None
    kind = named.removeprefix(PROBLEM_URN)
    return ProblemType(kind) if kind in tuple(ProblemType) else None
