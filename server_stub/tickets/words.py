"""Finding tickets by their words: the one module that knows the word index of either database.

The words of a ticket are those of its title and of the names of its device and client, without
case and accents. Triggers keep the index up to date in the writer's own transaction; the intake
does not know of it. The index narrows and never shows: what it finds are numbers, whoever shows
those tickets reads them within a scope, and no number leaves the server that was not read so
(``tickets.search`` sees to it).

Beside the words each ticket has marks, for what a search can be narrowed by, so that one look into
the index answers ``disk`` of one client's waiting tickets, whichever of the three is rare. A mark
begins with a character of nobody's (``MARK``) that is taken out of every text: whatever a device
or a person calls things, it is no mark, and puts no ticket into another client's searches.

- SQLite: an FTS5 table without content. Whole words come out newest first, one by one; a
  beginning of a word must gather all its words first.
- PostgreSQL: a table of ``tsvector`` with a GIN index, which gathers always. There is no wall
  round this table: behind one the planner may not use the index for ``@@``. It needs none: what
  comes out of it are numbers, and those tickets stand behind the wall.

Where gathering costs, common words are found among the newest tickets first (``NEWEST``).

A migration that makes ``tickets_ticket``, ``clients_client`` or ``clients_device`` anew on
SQLite drops triggers with it: ``take_down`` before it and ``put_up`` after it.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from unicodedata import combining, normalize

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from server_stub.clients.scope import Scope

MOST_WORDS = 8
NEWEST = 1500
"""Tickets looked through one by one: a match in thirty among them fills a page."""
SHORTEST_BEGINNING = 3
"""Letters from which on a last word is taken for the beginning of one: ``C:`` is a word."""

MARK = "\ue000"
"""Begins every mark. The index takes texts in without it, and it is no part of what is sought."""

_SQL = Path(__file__).parent / "sql"
_LETTERS = re.compile(r"[^\W_]+")
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Sought:
    """What is searched for: all of ``words``, the last of which may be a beginning.

    ``status``, ``priority`` and ``client`` narrow when they are given.
    """

    words: tuple[str, ...]
    status: str | None = None
    priority: str | None = None
    client: int | None = None

    @property
    def open_ended(self) -> bool:
        """Tell whether the last word may be the beginning of one."""
        return len(self.words[-1]) >= SHORTEST_BEGINNING


def asked(text: str) -> tuple[str, ...]:
    """Return the words of what somebody typed, as many as are searched for."""
    return words_of(text)[:MOST_WORDS]


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text as the index keeps them: ``Café-PC:`` is ``cafe``, ``pc``."""
    plain = "".join(one for one in normalize("NFKD", text) if not combining(one))
    return tuple(dict.fromkeys(_LETTERS.findall(plain.lower())))


def found(scope: Scope, sought: Sought, before: int | None, limit: int) -> list[int]:
    """Return the numbers of the newest matching tickets below ``before``, newest first.

    At most ``limit``, by at most two statements. Without words nothing matches.
    """
    if not sought.words or not _visible(scope, sought):
        return []
    below = _LARGEST if before is None else before
    if connection.vendor == "sqlite":
        return _found_by_sqlite(scope, sought, below, limit)
    return _found_by_postgresql(scope, sought, below, limit)


def put_up(to: BaseDatabaseWrapper) -> None:
    """Make index and triggers, and take in the tickets that are there."""
    _execute(to, f"words_{to.vendor}.sql")


def take_down(to: BaseDatabaseWrapper) -> None:
    """Remove index and triggers."""
    _execute(to, f"words_{to.vendor}_gone.sql")


def _execute(to: BaseDatabaseWrapper, name: str) -> None:
    """Execute a file of statements, each ended by a blank line."""
    text = (_SQL / name).read_text(encoding="utf-8")
    with to.cursor() as cursor:
        for statement in text.split("\n\n"):
            if not all(line.startswith("--") for line in statement.splitlines()):
                cursor.execute(statement)


def _visible(scope: Scope, sought: Sought) -> bool:
    if sought.client is not None:
        return scope.allows(sought.client)
    return scope.client_ids is None or bool(scope.client_ids)


def _marks(scope: Scope, sought: Sought, quote: str) -> list[list[str]]:
    """Return the marks a ticket must have, quoted: of each inner list one."""
    needed: list[tuple[str, tuple[object, ...]]] = []
    if sought.status:
        needed.append(("status", (sought.status,)))
    if sought.priority:
        needed.append(("priority", (sought.priority,)))
    if sought.client is not None:
        needed.append(("client", (sought.client,)))
    elif scope.client_ids is not None:
        needed.append(("client", tuple(sorted(scope.client_ids))))
    return [[f"{quote}{MARK}{what}{one}{quote}" for one in any_of] for what, any_of in needed]


# SQLite

_NEWEST_SQLITE = """
    SELECT t.id, t.title || ' ' || coalesce(d.name, '') || ' ' || c.name,
        t.client_id, t.status, t.priority
    FROM tickets_ticket t JOIN clients_client c ON c.id = t.client_id
    LEFT JOIN clients_device d ON d.id = t.device_id
    WHERE t.id < %s ORDER BY t.id DESC LIMIT %s"""
_MATCHING_SQLITE = """
    SELECT rowid FROM tickets_words WHERE tickets_words MATCH %s AND rowid < %s
    ORDER BY rowid DESC LIMIT %s"""


def _found_by_sqlite(scope: Scope, sought: Sought, below: int, limit: int) -> list[int]:
    with connection.cursor() as cursor:
        if sought.open_ended:
            cursor.execute(_NEWEST_SQLITE, [below, NEWEST])
            newest = [row[0] for row in cursor.fetchall() if _matches(scope, sought, row)]
            if len(newest) >= limit:
                return newest[:limit]
        terms = [f'"{word}"' for word in sought.words]
        terms[-1] += "*" if sought.open_ended else ""
        terms += [f"({' OR '.join(marks)})" for marks in _marks(scope, sought, '"')]
        cursor.execute(_MATCHING_SQLITE, [" AND ".join(terms), below, limit])
        return [number for (number,) in cursor.fetchall()]


def _matches(scope: Scope, sought: Sought, row: tuple[int, str, int, str, str]) -> bool:
    _, text, client, status, priority = row
    if not scope.allows(client) or sought.client not in {None, client}:
        return False
    if sought.status not in {None, status} or sought.priority not in {None, priority}:
        return False
    words = words_of(text)
    *whole, last = sought.words
    return all(word in words for word in whole) and any(
        word == last or (sought.open_ended and word.startswith(last)) for word in words
    )


# PostgreSQL

_NEWEST_POSTGRESQL = """
    SELECT ticket_id FROM (
        SELECT ticket_id, words FROM tickets_words WHERE ticket_id < %s
        ORDER BY ticket_id DESC LIMIT %s) AS newest
    WHERE words @@ %s::tsquery ORDER BY ticket_id DESC LIMIT %s"""
_MATCHING_POSTGRESQL = """
    WITH matching AS MATERIALIZED (
        SELECT ticket_id FROM tickets_words WHERE words @@ %s::tsquery)
    SELECT ticket_id FROM matching WHERE ticket_id < %s ORDER BY ticket_id DESC LIMIT %s"""


def _found_by_postgresql(scope: Scope, sought: Sought, below: int, limit: int) -> list[int]:
    terms = [f"'{word}'" for word in sought.words]
    terms[-1] += ":*" if sought.open_ended else ""
    terms += [f"({'|'.join(marks)})" for marks in _marks(scope, sought, "'")]
    query = "&".join(terms)
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST_POSTGRESQL, [below, NEWEST, query, limit])
        newest = [number for (number,) in cursor.fetchall()]
        if len(newest) >= limit:
            return newest
        cursor.execute(_MATCHING_POSTGRESQL, [query, below, limit])
        return [number for (number,) in cursor.fetchall()]
