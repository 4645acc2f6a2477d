"""As much of JSON Schema draft 7 as our schema uses; a keyword it does not know is an error."""

import re
from collections.abc import Callable, Iterator
from typing import Any

JSON = Any
Schema = dict[str, Any]
_ANNOTATIONS = {"$schema", "title", "description", "then"}
_TYPES = {"object": dict, "array": list, "string": str}


def complaints(schema: Schema, value: JSON, path: str = "") -> list[str]:
    """Return what is wrong with ``value``, each with its path."""
    found: list[str] = []
    for keyword, wanted in schema.items():
        if keyword not in _ANNOTATIONS:
            found += _KEYWORDS[keyword](wanted, value, path, schema)
    return found


def fits(schema: Schema, value: JSON) -> bool:
    return not complaints(schema, value)


def _type(wanted: str, value: JSON, path: str, _: Schema) -> Iterator[str]:
    if not isinstance(value, _TYPES[wanted]):
        yield f"{path}: not of type {wanted}"


def _const(wanted: JSON, value: JSON, path: str, _: Schema) -> Iterator[str]:
    if value != wanted or type(value) is not type(wanted):
        yield f"{path}: not {wanted!r}"


def _enum(wanted: list[JSON], value: JSON, path: str, _: Schema) -> Iterator[str]:
    if value not in wanted:
        yield f"{path}: none of {wanted}"


def _pattern(wanted: str, value: JSON, path: str, _: Schema) -> Iterator[str]:
    if isinstance(value, str) and not re.search(wanted, value):
        yield f"{path}: does not match {wanted}"


def _length(wanted: int, value: JSON, path: str, _: Schema) -> Iterator[str]:
    if isinstance(value, str) and len(value) > wanted:
        yield f"{path}: longer than {wanted}"


def _least(wanted: int, value: JSON, path: str, _: Schema) -> Iterator[str]:
    if isinstance(value, str) and len(value) < wanted:
        yield f"{path}: shorter than {wanted}"


def _required(wanted: list[str], value: JSON, path: str, _: Schema) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{path}: lacks {name}" for name in wanted if name not in value)


def _properties(wanted: Schema, value: JSON, path: str, _: Schema) -> Iterator[str]:
    for name, each in wanted.items():
        if isinstance(value, dict) and name in value:
            yield from complaints(each, value[name], f"{path}.{name}")


def _closed(wanted: bool, value: JSON, path: str, schema: Schema) -> Iterator[str]:  # noqa: FBT001 - a keyword's value
    if not wanted and isinstance(value, dict):
        yield from (f"{path}: has {name}" for name in value if name not in schema["properties"])


def _items(wanted: Schema, value: JSON, path: str, _: Schema) -> Iterator[str]:
    for number, item in enumerate(value if isinstance(value, list) else []):
        yield from complaints(wanted, item, f"{path}[{number}]")


def _one_of(wanted: list[Schema], value: JSON, path: str, _: Schema) -> Iterator[str]:
    if sum(fits(each, value) for each in wanted) != 1:
        yield f"{path}: fits not exactly one of {len(wanted)} schemas"


def _any_of(wanted: list[Schema], value: JSON, path: str, _: Schema) -> Iterator[str]:
    if not any(fits(each, value) for each in wanted):
        yield f"{path}: fits none of {len(wanted)} schemas"


def _all_of(wanted: list[Schema], value: JSON, path: str, _: Schema) -> Iterator[str]:
    for each in wanted:
        yield from complaints(each, value, path)


def _if(wanted: Schema, value: JSON, path: str, schema: Schema) -> Iterator[str]:
    if fits(wanted, value):
        yield from complaints(schema["then"], value, path)


_KEYWORDS: dict[str, Callable[[Any, JSON, str, Schema], Iterator[str]]] = {
    "type": _type,
    "const": _const,
    "enum": _enum,
    "pattern": _pattern,
    "maxLength": _length,
    "minLength": _least,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _closed,
    "items": _items,
    "oneOf": _one_of,
    "anyOf": _any_of,
    "allOf": _all_of,
    "if": _if,
}
