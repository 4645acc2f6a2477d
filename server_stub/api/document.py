"""The OpenAPI document that describes the interface.

ninja writes the document from the views; what it cannot see is added here: the headers of
``once`` and ``conditional``, the problems each operation can be answered with, the examples.
"""

from functools import cache
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from ninja.operation import Operation

from agent.protocol import API_PREFIX, PROBLEM_MEDIA_TYPE
from agent.protocol.problems import PROBLEM_URN, ProblemType
from server_stub.api import examples
from server_stub.api.access import rights_of
from server_stub.api.interface import api, operations
from server_stub.api.once import HEADER

_JSON = "application/json"
_TICKET_SHAPES = ("/TicketRow", "/TicketWhole")
_WITH_PROBLEM = {
    401: ["WWW-Authenticate"],
    409: ["Retry-After"],
    412: ["ETag"],
    415: ["Accept"],
    503: ["Retry-After"],
}
_HEADERS: dict[str, dict[str, Any]] = {
    "ETag": {
        "description": "The ticket's revision as If-Match takes it.",
        "schema": {"type": "string"},
        "example": '"2-5f0c3a91"',
    },
    "Location": {
        "description": "Where the new ticket is.",
        "schema": {"type": "string"},
        "example": f"{API_PREFIX}tickets/17",
    },
    "Idempotency-Replayed": {
        "description": "Sent when this is the answer to the first request with this key, given "
        "again: nothing was done now.",
        "schema": {"type": "string", "enum": ["true"]},
        "example": "true",
    },
    "Retry-After": {
        "description": "In so many seconds the same request may be sent again. With 409 only "
        "while the first request with the key is being done.",
        "schema": {"type": "integer"},
        "example": 1,
    },
    "WWW-Authenticate": {
        "description": "What kind of credential is asked for.",
        "schema": {"type": "string"},
        "example": 'Bearer realm="watchdesk"',
    },
    "Accept": {
        "description": "What a body may be.",
        "schema": {"type": "string"},
        "example": "application/json",
    },
}
_ALWAYS = {
    400: "The request cannot be read: a value that no text can hold, or far too many of them.",
    401: "No staff key, or none that holds.",
    403: "A credential for other routes, or a role that may not do this.",
    406: "Accept leaves no room for application/json.",
    422: "A value is not valid; `problems` names each field.",
    503: "The database does not answer just now: come again.",
}
_WITH_PATH = {404: "There is none, or it is another client's."}
_WITH_BODY = {
    400: "The body is not JSON that can be stored.",
    413: "The body is too large.",
    415: "The body is no application/json.",
}
_ONCE = {
    400: "No Idempotency-Key, or a body that is not JSON that can be stored.",
    409: "As the ticket stands this cannot be done; or the first request with this key is still "
    "being done.",
    422: "A value is not valid; or the key was used for another request.",
}
_CONDITIONAL = {
    400: "If-Match holds no tag that can be compared, or the body is not JSON that can be stored.",
    409: "As the ticket stands this cannot be done.",
    412: "The ticket was changed since that revision; the ETag tells the present one.",
    428: "No If-Match.",
}


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document as a tree."""
    tree: dict[str, Any] = api.get_openapi_schema(path_prefix=API_PREFIX.lstrip("/"))
    for schema in tree["components"]["schemas"].values():
        if "examples" in schema:
            schema["examples"] = [examples.as_written(one) for one in schema["examples"]]
    tree["components"]["schemas"]["Problem"] = _PROBLEM
    tree["servers"] = [{"url": "/"}]
    for method, path, operation in operations():
        told = tree["paths"][path][method.lower()]
        _complete(told, operation)
        _exemplify(tree, told)
    return tree


@require_safe
def document_view(_request: HttpRequest) -> JsonResponse:
    """Answer with the document; it tells nothing that is anybody's."""
    return JsonResponse(document())


def _complete(told: dict[str, Any], operation: Operation) -> None:
    """Add to one operation what ninja does not see."""
    view = operation.view_func
    told["x-right"] = ", or ".join(rights_of(view))
    possible = dict(_ALWAYS)
    if any(one["in"] == "path" for one in told["parameters"]):
        possible |= _WITH_PATH
    if "requestBody" in told:
        possible |= _WITH_BODY
    if _marked(view, "once"):
        told["parameters"].append(_IDEMPOTENCY_KEY)
        possible |= _ONCE | _WITH_PATH
    if _marked(view, "conditional"):
        told["parameters"].append(_IF_MATCH)
        possible |= _CONDITIONAL
    for status, meaning in sorted(possible.items()):
        told["responses"][str(status)] = _problem_response(status, meaning)
    for status, answer in told["responses"].items():
        sent = _headers(told, int(status), is_once=_marked(view, "once"))
        if sent:
            answer["headers"] = {name: _HEADERS[name] for name in sent}


def _headers(told: dict[str, Any], status: int, *, is_once: bool) -> list[str]:
    """Return the names of the headers that tell a caller something about an answer."""
    if status >= HTTPStatus.BAD_REQUEST:
        sent = _WITH_PROBLEM.get(status, [])
        return sent if is_once or status != HTTPStatus.CONFLICT else []
    content = told["responses"][status]["content"]
    if _JSON not in content:
        return []
    schema = content[_JSON]["schema"]
    of_one_ticket = schema.get("$ref", "").endswith(_TICKET_SHAPES)
    return [
        *(["ETag"] if of_one_ticket else []),
        *(["Location"] if status == HTTPStatus.CREATED else []),
        *(["Idempotency-Replayed"] if is_once else []),
    ]


def _exemplify(tree: dict[str, Any], told: dict[str, Any]) -> None:
    """Give an operation's bodies the examples that their parts have."""
    for part in (told.get("requestBody", {}), *told["responses"].values()):
        for content in part.get("content", {}).values():
            content.setdefault("example", _example_of(tree, content["schema"]))


def _example_of(tree: dict[str, Any], schema: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _example_of(tree, tree["components"]["schemas"][name])
    if schema.get("examples"):
        return schema["examples"][0]
    if "anyOf" in schema:
        return _example_of(tree, schema["anyOf"][0])
    if "properties" in schema:
        return {name: _example_of(tree, one) for name, one in schema["properties"].items()}
    return [_example_of(tree, schema["items"])] if "items" in schema else None


def _marked(view: Any, name: str) -> bool:  # noqa: ANN401 - any view
    return bool(getattr(view, name, False))


def _problem_response(status: int, meaning: str) -> dict[str, Any]:
    example = examples.PROBLEM | _EXAMPLES.get(status, {}) | {"status": status}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    return {
        "description": f"{HTTPStatus(status).phrase}. {meaning}",
        "content": {PROBLEM_MEDIA_TYPE: content},
    }


def _told(kind: ProblemType, title: str, detail: str) -> dict[str, Any]:
    return {"type": PROBLEM_URN + kind, "title": title, "detail": detail}


_EXAMPLES = {
    400: _told(
        ProblemType.INVALID_REQUEST,
        "The request is not valid",
        "the body is not JSON (line 1, column 2: Expecting value). Nothing was changed.",
    ),
    401: _told(
        ProblemType.UNAUTHENTICATED,
        "A staff key is needed",
        "Send 'Authorization: Bearer wds_…' with a key that was not revoked.",
    ),
    403: _told(
        ProblemType.FORBIDDEN,
        "Your role may not do this",
        "ticket 17 is ana.sousa@desk.example's: a dispatcher can reassign it. Nothing was changed.",
    ),
    406: _told(
        ProblemType.NOT_ACCEPTABLE,
        "There is nothing here in the form you accept",
        "Everything here is application/json: send that in Accept, or no Accept at all.",
    ),
    409: _told(
        ProblemType.CONFLICT,
        "As things stand this cannot be done",
        "ticket 17 is open: there is nothing to reopen. Nothing was changed.",
    ),
    412: _told(
        ProblemType.STALE,
        "It was changed since you looked",
        "Somebody changed ticket 17 since you looked, so nothing was changed now. Read it again, "
        "and send its ETag in If-Match if you still want the change.",
    ),
    413: _told(ProblemType.TOO_LARGE, "The request is too large", "A request has at most …"),
    415: _told(
        ProblemType.UNSUPPORTED_MEDIA_TYPE,
        "The body must be plain JSON",
        "Send Content-Type: application/json in UTF-8 and no Content-Encoding.",
    ),
    422: _told(
        ProblemType.INVALID_REQUEST,
        "The request is not valid",
        "priority: Input should be 'urgent', 'high', 'normal' or 'low'. Nothing was changed.",
    ),
    428: _told(
        ProblemType.PRECONDITION_REQUIRED,
        "Say which revision you looked at",
        "Read the ticket and send its ETag in If-Match, so that you overwrite nothing you have "
        "not seen.",
    ),
    503: _told(
        ProblemType.UNAVAILABLE,
        "The database does not answer just now",
        "Nothing was changed. Send the same again in a moment.",
    ),
}
_PROBLEM = {
    "title": "Problem",
    "type": "object",
    "description": "An error (RFC 9457). Decide by `type`; the words may change.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "enum": [PROBLEM_URN + kind for kind in ProblemType]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, and what to do."},
        "problems": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
    },
    "examples": [examples.PROBLEM],
}
_IDEMPOTENCY_KEY = {
    "in": "header",
    "name": HEADER,
    "required": True,
    "description": "Your own name for this request, up to 255 characters. Sent again with the "
    "same body it gets the same answer and does nothing twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "0193a1f4-8a0e-7c55-8d8e-6f1f4f6f2b3a",
}
_IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "description": "The ETag of the ticket as you read it, with its quotes, or * to change it as "
    "it is. Of several, separated by commas, any will do; a weak one (W/) never does.",
    "schema": {"type": "string"},
    "example": '"2-5f0c3a91"',
}
