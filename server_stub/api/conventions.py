"""The conventions of every path below ``/api/``, whoever answers it.

An error is a problem document even where Django or ninja would say it otherwise; HEAD is
answered as GET is, without its body; nothing is kept by caches.
"""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from agent.protocol import API_PREFIX, PROBLEM_MEDIA_TYPE
from agent.protocol.problems import ProblemType
from server_stub.api.problems import RefusedError, problem
from server_stub.api.strict_requests import check_accepts, check_head

API_ROOT = API_PREFIX.split("v1", maxsplit=1)[0]
DOCS_PATH = API_PREFIX + "docs"
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")

_Answer = Callable[[HttpRequest], HttpResponse]


def conventions(get_response: _Answer) -> _Answer:
    """Django middleware: keep the conventions on paths below ``/api/``, let others pass."""

    def keep(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(API_ROOT):
            return get_response(request)
        is_head = request.method == "HEAD"
        if is_head:
            request.method = "GET"
        response = _conventional(_answer(request, get_response))
        response.setdefault("Cache-Control", "no-store")
        response.setdefault("Content-Length", str(len(response.content)))
        if is_head:
            response.content = b""
        return response

    return keep


def _answer(request: HttpRequest, get_response: _Answer) -> HttpResponse:
    try:
        check_head(request)
        if request.path != DOCS_PATH:
            check_accepts(request)
    except RefusedError as error:
        return error.answer
    return get_response(request)


def _conventional(response: HttpResponse) -> HttpResponse:
    if response.status_code < HTTPStatus.BAD_REQUEST:
        return response
    if response.get("Content-Type") == PROBLEM_MEDIA_TYPE:
        return response
    headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
    if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = headers.get("Allow", "")
        return problem(
            ProblemType.METHOD_NOT_ALLOWED, response.status_code, f"It takes {allowed}.", headers
        )
    failed = response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    kind = ProblemType.INTERNAL if failed else ProblemType.INVALID_REQUEST
    return problem(kind, response.status_code, response.reason_phrase, headers)
