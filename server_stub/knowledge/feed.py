"""What a device fetches for its trays: the notes that its people may read."""

from typing import Any

from server_stub.clients.scope import Scope
from server_stub.knowledge.actions import MOST_NOTES
from server_stub.knowledge.queries import notes

MOST_TEXT = 600_000
"""Characters of all notes together: an agent keeps no longer document than a mebibyte."""


def notes_of(client_id: int) -> list[dict[str, Any]]:
    """Return the notes of a client's people, at most ``MOST_NOTES`` and ``MOST_TEXT``."""
    room = MOST_TEXT
    told = []
    for row in notes(Scope.of([client_id]))[:MOST_NOTES]:
        room -= len(row.title) + len(row.words) + len(row.text)
        if room < 0:
            break
        told.append({"id": str(row.id), "title": row.title, "words": row.words, "text": row.text})
    return told
