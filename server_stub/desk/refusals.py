"""What people tried and may not do (403), in the audit log, without room for a flood.

The same thing (method and path, of whichever ticket) tried again by the same person is written
down once an hour, and of one person twenty things an hour: who is refused without end fills no
log. Counts are where tries are kept (``tries``): the processes of PostgreSQL share them.
"""

import re
from hashlib import sha256

from django.core.cache import cache
from django.http import HttpRequest

from server_stub.audit.record import record
from server_stub.desk.models import Technician

REFUSED = "refused"
AN_HOUR_S = 3600
MOST = 20
"""Entries of one person in an hour."""

_NUMBERS = re.compile(r"[0-9]+")


def note_refusal(request: HttpRequest, technician: Technician, via: str, why: str) -> None:
    """Write down that a request was refused to this person; must stand outside its transaction."""
    name = f"refused:{technician.pk}"
    thing = sha256(f"{request.method} {_NUMBERS.sub('#', request.path)}".encode()).hexdigest()
    if not cache.add(f"{name}:{thing}", 1, AN_HOUR_S):
        return
    written = cache.get(name, 0)
    if written >= MOST:
        return
    cache.set(name, written + 1, AN_HOUR_S)
    more = "further ones are not written down for an hour" if written + 1 == MOST else ""
    record(
        technician.email, via, REFUSED, f"{request.method} {request.path}", why=why[:300], more=more
    )
