"""Writing notes: every rule of what one may hold is here."""

import re
from datetime import datetime

from django.db import transaction
from django.db.models import F

from agent.protocol.strict import ProtocolError, check_text
from server_stub.clients.models import Client
from server_stub.clients.scope import Scope
from server_stub.errors import InvalidError
from server_stub.knowledge.models import Note, Solution
from server_stub.knowledge.queries import note, notes

MAX_TITLE = 200
MAX_WORDS = 500
MAX_TEXT = 4_000
MOST_NOTES = 200
"""For one client's people, everybody's included: each device keeps them all."""
_WORDS = re.compile(r"words\s*:\s*(.*)", re.IGNORECASE)


def keep_note(written: str, client: Client | None, now: datetime) -> tuple[Note, bool]:
    """Return the note in a text and whether it is a new one; without a client it is for all.

    The first line is the title, with or without Markdown's ``#``; a line ``Words: …`` after it
    holds further words; the rest is the text. One of the same title is replaced, and keeps its
    number and its count. Raises InvalidError.
    """
    title, words, text = _parts(written)
    with transaction.atomic():
        row = Note.objects.filter(client=client, title=title).first()
        if row is None:
            scope = Scope(None) if client is None else Scope.of([client.id])
            if notes(scope).count() >= MOST_NOTES:
                raise InvalidError("note", f"there are {MOST_NOTES} already: remove one first")
        kept = row or Note(client=client, title=title)
        kept.words, kept.text, kept.changed_at = words, text, now
        kept.save()
        _tell_devices(client)
    return kept, row is None


def remove_note(scope: Scope, number: int) -> Note:
    """Delete a note with its count and return what it was; raises NotFoundError."""
    with transaction.atomic():
        row = note(scope, number)
        Note.objects.filter(id=row.id).delete()
        _tell_devices(row.client)
    return row


def count_solution(client: Client, identifier: str, now: datetime) -> None:
    """Note that a note solved somebody's problem, as part of the caller's transaction.

    One that is not theirs to read, or gone, counts nothing: whom it helped is helped.
    """
    usable = identifier.isascii() and identifier.isdigit() and len(identifier) < 19  # noqa: PLR2004 - 64 bits
    found = (
        notes(Scope.of([client.id])).filter(id=int(identifier)) if usable else notes(Scope.of([]))
    )
    if row := found.first():
        Solution.objects.create(note=row, client=client, at=now)


def _tell_devices(client: Client | None) -> None:
    """Let the cursor of the notes move for the devices they are for."""
    rows = Client.objects.all() if client is None else Client.objects.filter(id=client.id)
    rows.update(notes_version=F("notes_version") + 1)


def _parts(written: str) -> tuple[str, str, str]:
    """Return title, words and text; raises InvalidError."""
    lines = written.lstrip("\ufeff").strip().splitlines()
    title = (lines[0] if lines else "").lstrip("#").strip()
    rest = [*lines[1:]]
    while rest and not rest[0].strip():
        del rest[0]
    listed = _WORDS.fullmatch(rest[0].strip()) if rest else None
    words = " ".join(listed[1].replace(",", " ").split()) if listed else ""
    text = "\n".join(rest[1:] if listed else rest).strip()
    for name, value, longest in (
        ("title", title, MAX_TITLE),
        ("words", words, MAX_WORDS),
        ("text", text, MAX_TEXT),
    ):
        try:
            check_text(value, name, longest)
        except ProtocolError as error:
            raise InvalidError(name, error.reason) from error
    if not title:
        raise InvalidError("title", "the first line is the title, and it is empty")
    if not title.isprintable():
        raise InvalidError("title", "it holds a character that cannot be printed")
    if not text:
        raise InvalidError("text", "there is a title and nothing below it")
    return title, words, text
