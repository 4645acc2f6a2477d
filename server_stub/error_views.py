"""Django's own error answers: problem documents under ``/api/``, friendly pages elsewhere."""

import json
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from agent.protocol import API_PREFIX, PROBLEM_MEDIA_TYPE
from agent.protocol.problems import ProblemType, problem_tree

_API_ROOT = API_PREFIX.split("/v1", maxsplit=1)[0]


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Answer a request Django refused to read."""
    return _answer(
        request,
        HTTPStatus.BAD_REQUEST,
        ProblemType.INVALID_REQUEST,
        _("This request cannot be understood"),
        _("Nothing was changed. Go back and try again."),
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Answer one who is signed in but may not do this."""
    return _answer(
        request,
        HTTPStatus.FORBIDDEN,
        ProblemType.WRONG_CREDENTIAL,
        _("You may not do this"),
        _("Nothing was changed. An administrator can change what your account may do."),
    )


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """Answer a form that did not come from a page of ours, or from one too old."""
    return _answer(
        request,
        HTTPStatus.FORBIDDEN,
        ProblemType.WRONG_CREDENTIAL,
        _("This form is no longer valid"),
        _(
            "It was opened before you signed in or out, or your browser refuses our cookie. "
            "Nothing was changed. Go back, reload the page and send it again."
        ),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Answer a path that leads nowhere, or to something of somebody else's."""
    return _answer(
        request,
        HTTPStatus.NOT_FOUND,
        ProblemType.NOT_FOUND,
        _("There is nothing here"),
        _("The address is mistyped, or what it names is not yours to see."),
    )


def broken(request: HttpRequest) -> HttpResponse:
    """Answer when we failed."""
    return _answer(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        ProblemType.INTERNAL,
        _("The server failed"),
        _("What you sent was not stored. The failure is in the server's log; try again later."),
    )


def _answer(
    request: HttpRequest, status: HTTPStatus, kind: ProblemType, title: str, detail: str
) -> HttpResponse:
    if request.path.startswith(_API_ROOT):
        tree = problem_tree(kind, status, title, detail)
        return HttpResponse(json.dumps(tree), status=status, content_type=PROBLEM_MEDIA_TYPE)
    page = render_to_string("error.html", {"title": title, "detail": detail, "status": status})
    return HttpResponse(page, status=status)
