"""Problem documents: every error of the interface as RFC 9457 has it, made in one place."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from agent.protocol import PROBLEM_MEDIA_TYPE
from agent.protocol.problems import ProblemType, problem_tree
from agent.protocol.strict import ProtocolError
from server_stub.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    StaleError,
)

_MOST_PROBLEMS = 20
_LONGEST_FIELD = 100
_COME_AGAIN_S = "2"


class RefusedError(Exception):
    """A request is refused for its form; carries the whole answer."""

    def __init__(
        self,
        kind: ProblemType,
        status: HTTPStatus,
        detail: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Take the problem's kind, its status, what to do about it, and headers that go with it."""
        super().__init__(detail)
        self.kind, self.status, self.detail, self.headers = kind, status, detail, headers

    @property
    def answer(self) -> HttpResponse:
        """Return the answer, made anew."""
        return problem(self.kind, self.status, self.detail, self.headers)


_TITLES = {
    ProblemType.INVALID_REQUEST: "The request is not valid",
    ProblemType.UNAUTHENTICATED: "A staff key is needed",
    ProblemType.WRONG_CREDENTIAL: "This credential belongs on other routes",
    ProblemType.FORBIDDEN: "Your role may not do this",
    ProblemType.NOT_FOUND: "Not found",
    ProblemType.METHOD_NOT_ALLOWED: "This path does not take that method",
    ProblemType.NOT_ACCEPTABLE: "There is nothing here in the form you accept",
    ProblemType.UNSUPPORTED_MEDIA_TYPE: "The body must be plain JSON",
    ProblemType.TOO_LARGE: "The request is too large",
    ProblemType.CHANGED_BODY: "This Idempotency-Key was used for another request",
    ProblemType.CONFLICT: "As things stand this cannot be done",
    ProblemType.PRECONDITION_REQUIRED: "Say which revision you looked at",
    ProblemType.STALE: "It was changed since you looked",
    ProblemType.UNAVAILABLE: "The database does not answer just now",
    ProblemType.INTERNAL: "The server failed",
}


def problem(
    kind: ProblemType,
    status: HTTPStatus | int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **members: object,
) -> HttpResponse:
    """Return a problem document; ``members`` extend it."""
    tree = problem_tree(kind, int(status), _TITLES[kind], detail, **members)
    answer = HttpResponse(json.dumps(tree), status=int(status), content_type=PROBLEM_MEDIA_TYPE)
    for name, value in (headers or {}).items():
        answer[name] = value
    return answer


def register(api: NinjaAPI) -> None:
    """Let every error that a view may raise be answered by a problem document.

    But ``ForbiddenError``, which ``access`` answers: it knows who called.
    """
    answers: dict[type[Exception], Callable[..., HttpResponse]] = {
        AuthenticationError: _unauthenticated,
        RefusedError: _refused,
        NotFoundError: _not_found,
        StaleError: _stale,
        ConflictError: _conflict,
        InvalidError: _invalid,
        ValidationError: _not_valid,
        ProtocolError: _unreadable,
        UnreadablePostError: _cut_off,
        HttpError: _unparsed,
        OperationalError: _unavailable,
        InterfaceError: _unavailable,
    }
    for error, answer in answers.items():
        api.add_exception_handler(error, answer)


def _unauthenticated(_request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    return problem(
        ProblemType.UNAUTHENTICATED,
        HTTPStatus.UNAUTHORIZED,
        "Send 'Authorization: Bearer wds_…' with a key that was not revoked.",
        {"WWW-Authenticate": 'Bearer realm="watchdesk"'},
    )


def _refused(_request: HttpRequest, error: RefusedError) -> HttpResponse:
    return error.answer


def _not_found(_request: HttpRequest, error: NotFoundError) -> HttpResponse:
    return problem(ProblemType.NOT_FOUND, HTTPStatus.NOT_FOUND, f"There is no such {error.kind}.")


def _stale(_request: HttpRequest, error: StaleError) -> HttpResponse:
    return problem(
        ProblemType.STALE,
        HTTPStatus.PRECONDITION_FAILED,
        f"Somebody changed {error.kind} {error.name} since you looked, so nothing was changed "
        "now. Read it again, and send its ETag in If-Match if you still want the change.",
        {"ETag": f'"{error.revision}"'},
    )


def _conflict(_request: HttpRequest, error: ConflictError) -> HttpResponse:
    return problem(ProblemType.CONFLICT, HTTPStatus.CONFLICT, f"{error}. Nothing was changed.")


def _invalid(_request: HttpRequest, error: InvalidError) -> HttpResponse:
    return _problems([{"field": error.field, "reason": error.reason}])


def _not_valid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    # A field's place begins with where it stood (body, query) and the view's own name for it.
    found = [
        {
            "field": ".".join(str(part)[:_LONGEST_FIELD] for part in _place(one["loc"])),
            "reason": one["msg"],
        }
        for one in error.errors
    ]
    return _problems(found[:_MOST_PROBLEMS])


def _place(location: tuple[object, ...]) -> tuple[object, ...]:
    return (location[2:] or location[:1]) if location[0] == "body" else location[1:]


def _problems(found: list[dict[str, str]]) -> HttpResponse:
    detail = "; ".join(f"{p['field']}: {p['reason']}" for p in found)
    return problem(
        ProblemType.INVALID_REQUEST,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"{detail}. Nothing was changed.",
        problems=found,
    )


def _unreadable(_request: HttpRequest, error: ProtocolError) -> HttpResponse:
    return problem(
        ProblemType.INVALID_REQUEST,
        HTTPStatus.BAD_REQUEST,
        f"{error}. Nothing was changed.",
        field=error.field or None,
    )


def _cut_off(_request: HttpRequest, _error: UnreadablePostError) -> HttpResponse:
    return problem(ProblemType.INVALID_REQUEST, HTTPStatus.BAD_REQUEST, "The body ended too early.")


def _unparsed(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer what ninja raises; it wraps whatever our parser said of a body."""
    cause = error.__cause__
    if isinstance(cause, RefusedError):
        return cause.answer
    if isinstance(cause, ProtocolError):
        return _unreadable(request, cause)
    return problem(ProblemType.INVALID_REQUEST, error.status_code, str(error))


def _unavailable(_request: HttpRequest, _error: Exception) -> HttpResponse:
    return problem(
        ProblemType.UNAVAILABLE,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Nothing was changed. Send the same again in a moment.",
        {"Retry-After": _COME_AGAIN_S},
    )
