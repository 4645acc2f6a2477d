"""The matrix is red when any single look at the scope is left out.

The places are found in the code, not listed: a new one is tried like the others. Each is made to
let everything through, alone, by telling it from the others by the line that calls it. The second
wall (PostgreSQL's row-level security) is opened meanwhile: it would hide what the first one lets
through.
"""

import ast
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import Q

from server_stub import walls
from server_stub.clients.scope import Scope
from server_stub.intake.application import DeviceRoutes
from server_stub.staff import people
from server_stub.tickets import words
from tests.server_stub.isolation.matrix import LEARNS, Desk, a_desk, leaks, route_leaks
from tests.support.databases import VENDORS, ServerDatabase
from tests.support.seeds import long_run

PROJECT = Path(__file__).parents[3]
_LOOKS = ("filter", "allows", "within")


@dataclass(frozen=True)
class Place:
    """One call of a scope's method."""

    path: Path
    method: str
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.path.relative_to(PROJECT)}:{self.first} {self.method}"

    @property
    def is_for_sqlite(self) -> bool:
        """Tell whether the place is in a way that only SQLite goes."""
        return (self.path.name, self.method) == ("words.py", "allows")

    def is_caller(self, depth: int) -> bool:
        """Tell whether the function ``depth`` frames above calls from here."""
        frame = sys._getframe(depth)
        here = Path(frame.f_code.co_filename) == self.path
        return here and self.first <= frame.f_lineno <= self.last


def places() -> Iterator[Place]:
    """Yield every place in the server that asks a scope."""
    for path in sorted((PROJECT / "server_stub").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                asked = ast.unparse(node.func.value)
                of_scope = asked.split(".")[-1] == "scope" or asked.startswith("Scope.of(")
                if node.func.attr in _LOOKS and of_scope:
                    last = node.end_lineno or node.lineno
                    yield Place(path, node.func.attr, node.lineno, last)


PLACES = list(places())


def leave_out(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make one place see everything."""
    everything: dict[str, Callable[..., Any]] = {
        "filter": lambda _scope, rows, _path="client": rows,
        "allows": lambda _scope, _client: True,
        "within": lambda scope, _other: scope,
    }
    through = everything[place.method]
    real: Any = getattr(Scope, place.method)

    def look(self: Scope, *arguments: Any) -> Any:
        return (through if place.is_caller(2) else real)(self, *arguments)

    monkeypatch.setattr(Scope, place.method, look)
    monkeypatch.setattr(walls, "_word", lambda _ids: "*")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Desk]]:
    """Return where the rows of the first desk are kept, and the desk once it is there."""
    return tmp_path_factory.mktemp("desk") / "written", []


@pytest.fixture
def desk(written: tuple[Path, list[Desk]], routes: DeviceRoutes, database: ServerDatabase) -> Desk:
    """Return a desk before anything is left out: written once, on SQLite its files are copied."""
    folder, desks = written
    if database.vendor != "sqlite":
        return a_desk(routes)
    if desks:
        connections.close_all()
        shutil.copytree(folder, database.data, dirs_exist_ok=True)
    else:
        desks.append(a_desk(routes))
        connections.close_all()
        shutil.copytree(database.data, folder)
    return replace(desks[0], routes=routes)


def test_the_places_are_found() -> None:
    told = [str(place) for place in PLACES]

    assert len(told) >= 15
    for module in ("clients/queries", "tickets/queries", "intake/queries", "desk/models"):
        assert any(f"server_stub/{module}.py" in one for one in told), module


@pytest.mark.parametrize("database", VENDORS if long_run() else ["sqlite"], indirect=True)
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_the_matrix_is_red_without(
    place: Place, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place.is_for_sqlite and connection.vendor != "sqlite":
        return
    leave_out(place, monkeypatch)

    assert next(leaks(desk), None) is not None


def open_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the word index find everybody's tickets."""
    monkeypatch.setattr(words, "_marks", lambda *_: [])


def open_assignees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Offer a ticket to every technician there is."""
    monkeypatch.setattr(people, "Q", lambda **_: Q())


NOT_BY_SCOPE = [open_marks, open_assignees]
"""What keeps clients apart without asking a scope."""


@pytest.mark.parametrize("database", VENDORS if long_run() else ["sqlite"], indirect=True)
@pytest.mark.parametrize("leave_open", NOT_BY_SCOPE)
def test_the_matrix_is_red_without_what_asks_no_scope(
    leave_open: Callable[[pytest.MonkeyPatch], None],
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leave_open(monkeypatch)
    monkeypatch.setattr(walls, "_word", lambda _ids: "*")

    assert next(leaks(desk), None) is not None


@pytest.mark.parametrize("database", VENDORS, indirect=True)
def test_an_index_that_finds_everything_tells_no_word_and_no_number(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the index needs no wall of its own: its numbers are told only of tickets that are seen.

    What can be learnt is that a search had to give up.
    """
    open_marks(monkeypatch)

    assert [leak for leak in route_leaks(desk) if LEARNS not in leak] == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_second_wall_alone_keeps_clients_apart(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every filter of the first wall left out at once, on every route."""
    monkeypatch.setattr(Scope, "filter", lambda _scope, rows, _path="client": rows)

    assert list(route_leaks(desk)) == []
