"""The document as a page to read: our own template, under our own content policy."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from server_stub.api.document import document

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing an operation can be told besides its body."""

    name: str
    place: str
    required: bool
    kind: str
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One status an operation can answer with."""

    status: str
    description: str


@dataclass(frozen=True, slots=True)
class Described:
    """One operation, ready to be shown."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    right: str
    parameters: tuple[Parameter, ...]
    body: str
    response: str
    answers: tuple[Answer, ...]


@require_safe
def docs_page(request: HttpRequest) -> HttpResponse:
    """Show every operation with its parameters and examples."""
    tree = document()
    context = {
        "title": tree["info"]["title"],
        "description": tree["info"]["description"].split("`"),
        "version": tree["info"]["version"],
        "operations": list(described(tree)),
    }
    return render(request, "api/docs.html", context)


def described(tree: dict[str, Any]) -> Iterator[Described]:
    """Yield every operation of the document in its order."""
    for path, methods in tree["paths"].items():
        for method, told in methods.items():
            answers = told["responses"]
            good = next(status for status in answers if int(status) < 300)  # noqa: PLR2004 - success
            yield Described(
                anchor=told["operationId"],
                method=method.upper(),
                path=path,
                summary=told["summary"],
                description=told.get("description", ""),
                right=told["x-right"],
                parameters=tuple(_parameter(one) for one in told["parameters"]),
                body=_example(told.get("requestBody", {})),
                response=_example(answers[good]),
                answers=tuple(
                    Answer(str(status), answer["description"])
                    for status, answer in sorted(answers.items(), key=lambda item: int(item[0]))
                ),
            )


def _parameter(told: dict[str, Any]) -> Parameter:
    return Parameter(
        name=told["name"],
        place=told["in"],
        required=told["required"],
        kind=_kind(told["schema"]),
        description=told.get("description", ""),
    )


def _kind(schema: dict[str, Any]) -> str:
    """Return what a value is, in words: ``integer``, ``new, open, …``."""
    if "enum" in schema:
        return ", ".join(str(word) for word in schema["enum"])
    if "items" in schema:
        return _kind(schema["items"])
    for several in ("anyOf", "allOf"):
        if several in schema:
            kinds = [_kind(one) for one in schema[several] if one.get("type") != "null"]
            return " or ".join(dict.fromkeys(kinds))
    return str(schema.get("format", schema.get("type", "anything")))


def _example(told: dict[str, Any]) -> str:
    """Return an example of a body as indented JSON, empty when there is none."""
    content = told.get("content", {}).get(_JSON)
    return json.dumps(content["example"], indent=2, ensure_ascii=False) if content else ""
