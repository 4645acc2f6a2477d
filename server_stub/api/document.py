"""The interface as a whole: its OpenAPI document, its resources and its errors."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from agent.protocol import PROBLEM_MEDIA_TYPE, VERSION
from agent.protocol.problems import ProblemType, problem_tree
from server_stub.api import clients, devices, tickets
from server_stub.api.access import StaffKey, WrongCredentialError
from server_stub.errors import NotFoundError

api = NinjaAPI(
    title="watchdesk",
    version=VERSION,
    description="Tickets, devices and clients for staff and integrations.",
    auth=StaffKey(),
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api",
)
api.add_router("tickets", tickets.router)
api.add_router("devices", devices.router)
api.add_router("clients", clients.router)


def _problem(
    kind: ProblemType, status: int, title: str, detail: str = "", **members: object
) -> HttpResponse:
    tree: dict[str, Any] = problem_tree(kind, status, title, detail, **members)
    answer = HttpResponse(json.dumps(tree), status=status, content_type=PROBLEM_MEDIA_TYPE)
    if status == 401:  # noqa: PLR2004 - RFC 9110 demands the header with it
        answer["WWW-Authenticate"] = 'Bearer realm="watchdesk"'
    return answer


@api.exception_handler(AuthenticationError)
def _unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:  # noqa: ARG001
    return _problem(
        ProblemType.UNAUTHENTICATED, 401, "A staff key is needed",
        "Send 'Authorization: Bearer wds_…' with a key that was not revoked.",
    )  # fmt: skip


@api.exception_handler(WrongCredentialError)
def _wrong_credential(request: HttpRequest, error: WrongCredentialError) -> HttpResponse:  # noqa: ARG001
    return _problem(
        ProblemType.WRONG_CREDENTIAL, 403, "This credential belongs on other routes",
        "Device and enrolment tokens are for the agent; this route takes a staff key (wds_…).",
    )  # fmt: skip


@api.exception_handler(NotFoundError)
def _not_found(request: HttpRequest, error: NotFoundError) -> HttpResponse:  # noqa: ARG001
    return _problem(ProblemType.NOT_FOUND, 404, "Not found", f"There is no such {error.kind}.")


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:  # noqa: ARG001
    problems = [
        {"field": ".".join(str(part) for part in one["loc"][1:]), "reason": one["msg"]}
        for one in error.errors
    ]
    return _problem(
        ProblemType.INVALID_REQUEST, 422, "The request is not valid",
        "; ".join(f"{p['field']}: {p['reason']}" for p in problems), problems=problems,
    )  # fmt: skip


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:  # noqa: ARG001
    return _problem(ProblemType.INVALID_REQUEST, error.status_code, "Refused", str(error))
