"""One row of the matrix, and what rows are made of."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from django.urls import URLPattern, URLResolver, get_resolver

from server_stub.intake.application import DeviceRoutes
from tests.server_stub.isolation.worlds import NOTHING

Names = Mapping[str, str]
API = "/api/v1/"


@dataclass(frozen=True)
class Probe:
    """One way to ask a route for what a client has.

    ``address`` and ``body`` are made of the names of what is asked for. ``named``: something is
    asked for by name, so that foreign and missing must be answered alike; else it is a list, and
    must not depend on what other clients have. ``shows``: whoever may see it, reads the canary.
    ``changes``: it does something. ``differs``: it is another one each time, for everybody.
    ``above``: a technician may not.
    """

    route: str
    surface: str
    method: str
    address: Callable[[Names], str]
    body: Callable[[Names], bytes] = lambda _: b""
    headers: Mapping[str, str] = field(default_factory=dict)
    named: bool = True
    shows: bool = False
    changes: bool = False
    differs: bool = False
    above: bool = False
    note: str = ""

    @property
    def repeats(self) -> bool:
        """Tell whether the address holds words of what is asked for: an answer may repeat them."""
        marked = self.address({name: f"MARK{name}" for name in NOTHING})
        return "MARKword" in marked or "MARKclient_name" in marked

    def __str__(self) -> str:
        return f"{self.method} {self.route}{' ' + self.note if self.note else ''}"


def routes(device_routes: DeviceRoutes) -> set[str]:
    """Return every route there is: Django's by pattern and name, devices' by path."""
    return {f"/{pattern} {name}" for pattern, name in _patterns(get_resolver())} | set(
        device_routes._routes
    )


def _patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield f"{before}{entry.pattern}", str(entry.name)
        else:
            yield from _patterns(entry, f"{before}{entry.pattern}")


def at(template: str) -> Callable[[Names], str]:
    return lambda names: template.format_map({k: quote(v, safe="") for k, v in names.items()})


def body_of(**members: Any) -> Callable[[Names], bytes]:
    """Return a body whose texts are made of names; ``int:ticket`` becomes a number."""

    def made(names: Names) -> bytes:
        tree: dict[str, Any] = {}
        for key, value in members.items():
            if isinstance(value, str) and value.startswith("int:"):
                tree[key] = int(names[value[4:]])
            else:
                tree[key] = value.format_map(names) if isinstance(value, str) else value
        return json.dumps(tree).encode()

    return made


def form(**members: str) -> Callable[[Names], bytes]:
    return lambda _: urlencode(members).encode()
