"""Requests that are almost right: made from good ones by chance, the same chance each time."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

TEXTS = (
    *("", " ", "x", "0", "-1", "1e9", "null", "true", "NaN", "9" * 30, "9" * 5_000, "٣", "½"),
    *("\0", "a\0b", "\x1b[2J", "\r\n", "\u2028", "\u202e", "\ufeff", "\ud83d", "👩‍💻", "é" * 300),
    *("x" * 16_385, "../../etc/passwd", "%00", "%", "%%%s", "{}", "[]", "'; DROP TABLE x; --"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "2026-11-19", "me", "none"),
    *("0193a1f0-5c1e-7b6a-9a53-2f6f0d9f4c11", "zqclient1", '"*"', "a OR b", "NEAR(a b)", "\\"),
)
VALUES: tuple[Any, ...] = (
    *TEXTS,
    *(None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, -(2**63) - 1, 10**40, 0.5, -0.0, 1e308),
    *([], [[]], {}, {"": {}}, [None], {"a": [1, {"b": "c"}]}, ["x"] * 3_000),
    *(float("nan"), float("inf"), "high", "open", "resolved", "closed", "new"),
)
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW", "get", "")
PARAMETERS = (
    *("limit", "after", "status", "priority", "source", "client", "site", "device", "assignee"),
    *("evaluation", "q", "updated_since", "kind", "since", "page", "\0", "limit[]"),
)
HEADERS: dict[str, tuple[str, ...]] = {
    # No control characters: no server lets them through to an application.
    "CONTENT_TYPE": (
        *("", "text/plain", "application/json; charset=utf-16", "application/json;charset=\xff"),
        *("multipart/form-data", "multipart/form-data; boundary=", "APPLICATION/JSON", "a/b/c"),
    ),
    "CONTENT_LENGTH": ("", "0", "-1", "abc", "1", "99999999999999999999", "1000000", "٣", "1 "),
    "HTTP_ACCEPT": ("", "text/html", "*/*;q=x", "application/json;q=0", ",,,", "a/b/c;d", "\xff\t"),
    "HTTP_AUTHORIZATION": (
        *("", "Bearer", "Bearer ", "bearer x", "Basic eDp5", "Bearer wdd_x", "Bearer wde_x"),
        *("Bearer wds_" + "x" * 43, "Bearer \xff", "Bearer " + "x" * 5_000, "\xff\t", "Bearer a b"),
    ),
    "HTTP_IDEMPOTENCY_KEY": ("", " ", "x", "x" * 256, "é", "\xff\t", "a, b", '"q"'),
    "HTTP_IF_MATCH": ("", "*", '"', '""', 'W/"1"', '"a", "b"', "x" * 5_000, "\xff\t", "é"),
    "HTTP_TRANSFER_ENCODING": ("chunked", "gzip, chunked", "x"),
    "HTTP_CONTENT_ENCODING": ("gzip", "identity", "br, gzip", ""),
    "HTTP_HOST": ("", "a b", "x" * 300, "evil.example:99999", "[::1", "\xff\t", "desk.example"),
    "HTTP_COOKIE": ("", "watchdesk=x", "watchdesk=" + "x" * 5_000, "=;=;", "\xff=\t"),
    "HTTP_ACCEPT_LANGUAGE": ("", "fr", "x" * 600, "*;q=x", "\xff\t"),
    "HTTP_X_FORWARDED_FOR": ("1.2.3.4", "x", ""),
    "HTTP_HX_REQUEST": ("true",),
    "HTTP_RANGE": ("bytes=0-", "x"),
    "HTTP_EXPECT": ("100-continue", "x"),
    "HTTP_X_HTTP_METHOD_OVERRIDE": ("DELETE",),
}


@dataclass(frozen=True)
class Request:
    """A request as a WSGI server passes it on; ``path`` and ``query`` are still quoted."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    def __str__(self) -> str:
        told = {name: value[:60] for name, value in self.headers.items()}
        return f"{self.method} {self.path[:200]}?{self.query[:200]} {told} {self.body[:300]!r}"


def mutated(good: Request, dice: random.Random) -> Request:
    """Return a request with one to four things wrong with it."""
    request = good
    for _ in range(dice.randint(1, 4)):
        request = dice.choice(_MUTATIONS)(request, dice)
    return request


def _method(request: Request, dice: random.Random) -> Request:
    return replace(request, method=dice.choice(METHODS))


def _path(request: Request, dice: random.Random) -> Request:
    parts = request.path.split("/")
    place = dice.randrange(3, len(parts) + 1)
    word = quote(dice.choice(TEXTS), safe="%/" if dice.random() < 0.3 else "", errors="replace")
    match dice.randrange(4):
        case 0:
            parts[place:place] = [word]
        case 1:
            parts[place - 1 : place] = [word]
        case 2:
            parts[place:place] = [""]
        case _:
            parts[place - 1 : place] = [dice.choice(("%ff", "%c0%80", "%2e%2e", "%2F", "٣"))]
    return replace(request, path="/".join(parts))


def _query(request: Request, dice: random.Random) -> Request:
    added = "&".join(
        f"{quote(dice.choice(PARAMETERS))}={quote(dice.choice(TEXTS), errors='replace')}"
        for _ in range(dice.choice((1, 1, 2, 5, 1_100 if dice.random() < 0.02 else 3)))
    )
    raw = dice.choice(("", "&", "=", "%", "%zz", "a=%ff", "&&=&")) if dice.random() < 0.2 else ""
    return replace(request, query="&".join(part for part in (request.query, added, raw) if part))


def _header(request: Request, dice: random.Random) -> Request:
    name = dice.choice(tuple(HEADERS))
    return replace(request, headers=request.headers | {name: dice.choice(HEADERS[name])})


def _tree(request: Request, dice: random.Random) -> Request:
    """Change one place of the JSON in the body."""
    try:
        tree = json.loads(request.body)
    except (ValueError, RecursionError):
        return _raw(request, dice)
    tree = _changed(tree, dice)
    return replace(request, body=_written(tree))


def _changed(tree: Any, dice: random.Random) -> Any:
    if not isinstance(tree, dict | list) or not tree or dice.random() < 0.15:
        return dice.choice(VALUES)
    if isinstance(tree, list):
        place = dice.randrange(len(tree))
        return [*tree[:place], _changed(tree[place], dice), *tree[place + 1 :]]
    key = dice.choice(list(tree))
    match dice.randrange(5):
        case 0:
            return {name: value for name, value in tree.items() if name != key}
        case 1:
            return tree | {dice.choice(TEXTS): dice.choice(VALUES)}
        case 2:
            return tree | {key: _changed(tree[key], dice)}
        case _:
            return tree | {key: dice.choice(VALUES)}


def _written(tree: Any) -> bytes:
    return json.dumps(tree).encode()


def _raw(request: Request, dice: random.Random) -> Request:
    """Damage the bytes of the body."""
    body = bytearray(request.body or b"{}")
    match dice.randrange(6):
        case 0:
            del body[dice.randrange(len(body)) :]
        case 1:
            body[dice.randrange(len(body))] = dice.randrange(256)
        case 2:
            body[:0] = dice.choice((b"\xef\xbb\xbf", b"\0", b"\xff\xfe", b"[" * 2_000, b" " * 9))
        case 3:
            body += dice.choice((b"{}", b",", b"\0", b"]" * 9))
        case 4:
            body = bytearray(b'{"a":' * 60 + b"1" + b"}" * 60)
        case _:
            body = bytearray(dice.randbytes(dice.choice((0, 1, 50, 5_000))))
    return replace(request, body=bytes(body))


_MUTATIONS: tuple[Callable[[Request, random.Random], Request], ...] = (
    *(_method, _path, _path, _query, _query, _header, _header, _header),
    *(_tree, _tree, _tree, _tree, _raw),
)
