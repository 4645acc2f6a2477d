"""``note add|list|remove``."""

import sys
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from server_stub.clients.models import Client
from server_stub.clients.queries import client_named
from server_stub.clients.scope import ALL
from server_stub.commands.audit import recording
from server_stub.errors import InvalidError
from server_stub.knowledge.actions import keep_note, remove_note
from server_stub.knowledge.queries import notes_counted

_LONGEST = 100_000


def add(arguments: Namespace) -> None:
    """Keep a note from each file, all of them or none; one of the same title is replaced."""
    client = _client(arguments)
    now = datetime.now(UTC)
    said = []
    texts = [(name, _text(name)) for name in arguments.files]
    with recording(arguments):
        for name, text in texts:
            try:
                row, new = keep_note(text, client, now)
            except InvalidError as error:
                raise InvalidError(name, f"{error}. No note was changed") from error
            said.append(f"note {row.id} {'added' if new else 'replaced'}: {row.title}")
    print("\n".join(said))


def show(arguments: Namespace) -> None:
    """Print every note: number, whose it is, how often it helped, title."""
    rows = notes_counted(ALL)
    client = _client(arguments)
    for row in rows if client is None else rows.filter(client=client):
        whose = row.client.name if row.client else "all clients"
        print(f"{row.id}  {whose}  solved {row.solved}  {row.title}")  # type: ignore[attr-defined] # annotated


def remove(arguments: Namespace) -> None:
    """Delete a note."""
    row = remove_note(ALL, arguments.number)
    print(f"note {arguments.number} removed: {row.title}")


def _client(arguments: Namespace) -> Client | None:
    return client_named(ALL, arguments.client) if arguments.client else None


def _text(name: str) -> str:
    try:
        if name == "-":
            return sys.stdin.read(_LONGEST)
        with Path(name).open(encoding="utf-8") as file:
            return file.read(_LONGEST)
    except OSError as error:
        raise InvalidError(name, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise InvalidError(name, "not UTF-8 text") from error
