"""Taking a device out of use, and taking it back: every rule of it is here.

A retired device's token opens nothing, nobody waits for it, and it leaves the lists; its tickets
and its history stay. What people know of it is kept: its watch rests and goes on when it is back.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from server_stub.audit.record import record
from server_stub.clients.models import Device
from server_stub.clients.queries import device
from server_stub.clients.scope import Scope
from server_stub.errors import ConflictError, InvalidError
from server_stub.fleet.models import Member, Watch
from server_stub.quiet.models import HeldBack, Released
from server_stub.tickets.amendment import SERVER, Actor, amending
from server_stub.tickets.models import EntryKind
from server_stub.tickets.queries import tickets

MAX_REASON = 300
COME_BACK = timedelta(hours=1)
"""So long nobody waits for a device that was taken back: its agent asks each quarter of an hour."""


@transaction.atomic
def retire(
    scope: Scope, who: str, device_id: str, reason: str, now: datetime, *, via: str = "api"
) -> Device:
    """Take a device out of use and return it; ``who`` is a person's address or name.

    Its unresolved tickets are told and left to people, what maintenance or an outage holds back
    of it is dropped. ``via`` is the way the person came. Raises NotFoundError, InvalidError for a
    reason that is none, ConflictError when it is retired already.
    """
    kept = _reason(reason)
    row = device(scope, device_id)
    # Rows in the order in which sweep and intake lock them: members, tickets, held back, device.
    members = Member.objects.filter(device=row, released_at__isnull=True)
    told = set(members.values_list("outage__ticket", flat=True)) | _unresolved(scope, row)
    members.update(released_at=now)
    body = (
        f"{who} retired the device {row.name}: {kept}. Nothing comes from it any more; what "
        "becomes of this ticket is for people to decide."
    )
    _tell(scope, told, body, now)
    HeldBack.objects.filter(device=row, released_at__isnull=True).update(
        released_at=now, released=Released.GONE.value
    )
    in_use = Device.objects.filter(id=row.id, retired_at__isnull=True)
    if not in_use.update(retired_at=now, retired_by=who, retired_because=kept):
        raise ConflictError(f"the device {row.name} is retired already")
    record(who, via, "device retire", _named(row), client_id=row.client_id, now=now, reason=kept)
    return device(scope, device_id)


@transaction.atomic
def restore(
    scope: Scope, who: str, device_id: str, reason: str, now: datetime, *, via: str = "api"
) -> Device:
    """Take a retired device back into use and return it; the token it had holds again.

    Raises NotFoundError, InvalidError for a reason that is none, ConflictError when it is in use.
    """
    kept = _reason(reason)
    row = device(scope, device_id)
    _tell(scope, _unresolved(scope, row), f"{who} took the device {row.name} back: {kept}.", now)
    Watch.objects.filter(device=row).update(look_at=now + COME_BACK)
    retired = Device.objects.filter(id=row.id, retired_at__isnull=False)
    if not retired.update(retired_at=None, retired_by="", retired_because=""):
        raise ConflictError(f"the device {row.name} is in use: it was not retired")
    record(who, via, "device restore", _named(row), client_id=row.client_id, now=now, reason=kept)
    return device(scope, device_id)


def _reason(text: str) -> str:
    kept = " ".join(text.split())
    if not kept:
        raise InvalidError("reason", "say why: whoever looks for the device asks")
    if len(kept) > MAX_REASON or not kept.isprintable():
        raise InvalidError("reason", f"one line of at most {MAX_REASON} characters belongs here")
    return kept


def _unresolved(scope: Scope, row: Device) -> set[int]:
    rows = tickets(scope).filter(device=row.id, resolved_at__isnull=True)
    return set(rows.values_list("id", flat=True))


def _tell(scope: Scope, numbers: Iterable[int], body: str, now: datetime) -> None:
    """Note it on tickets; that is no work on them, so the monitor may still resolve them."""
    for number in sorted(numbers):
        with amending(scope, number, Actor(SERVER), now) as one:
            one.tell(EntryKind.NOTE, body)


def _named(row: Device) -> str:
    return f"device {row.name} ({row.id})"
