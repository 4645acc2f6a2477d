"""What can be removed by its age: of each class how much there is, and how it goes.

Nothing that a clock is reckoned by goes: of old tickets the monitor's reports are removed and
people's words blanked, while who did what and when stays, so that reports and ledgers say the
same as before. What is still being worked on is never touched: what is younger itself, whose
condition is accepted, or what belongs to a ticket that is not resolved.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from server_stub.audit import guards
from server_stub.audit.models import AuditEntry, Seal
from server_stub.audit.sealing import drop
from server_stub.contacts.attachments import forget
from server_stub.contacts.models import Attachment, AttachmentState, Report
from server_stub.database import json_object
from server_stub.intake.models import FactsRecord
from server_stub.quiet.models import HeldBack
from server_stub.tickets.models import EntryKind, Link, LinkKind, Ticket, TimelineEntry

BATCH = 1_000
AUDIT = "audit"
REMOVED = "(removed by retention)"
_REPORTS = (EntryKind.CHANGED.value, EntryKind.TRIED.value)
_MACHINES = ("monitor", "server")
_SAID = ("answers", "error_text", "before", "tried", "reason", "note")
"""Members of a payload in which people wrote."""
_TYPED = ("name", "phone", "email")
"""Members of a report's payload: who somebody said they are, and how to reach them."""
_BELONGS = (LinkKind.DUPLICATE.value, LinkKind.CHILD.value)
_JUST_NOW = timedelta(hours=1)


class Kind(NamedTuple):
    """A class: what it is in words, how many are older, and removing a batch of them.

    ``remove`` returns how many it removed, 0 when none is left; it is one transaction.
    """

    title: str
    count: Callable[[datetime], int]
    remove: Callable[[datetime, datetime], int]


def _settled(before: datetime) -> QuerySet[Ticket]:
    """Return the tickets nobody has worked on since."""
    unresolved = Link.objects.filter(
        ticket=OuterRef("pk"), kind__in=_BELONGS, other__resolved_at__isnull=True
    )
    rows = Ticket.objects.filter(resolved_at__lt=before, accepted_until__isnull=True)
    return rows.exclude(Exists(unresolved))


def _reports(before: datetime) -> QuerySet[TimelineEntry]:
    old = TimelineEntry.objects.filter(at__lt=before, kind__in=_REPORTS)
    return old.filter(ticket__in=_settled(before))


def _words(before: datetime) -> QuerySet[TimelineEntry]:
    """Return the entries in which people wrote: a text, or members of the payload."""
    written = Q(body__gt="")
    for name in _SAID:
        written |= Q(payload__contains=f'"{name}":')
    said = TimelineEntry.objects.filter(written, at__lt=before, ticket__in=_settled(before))
    return said.exclude(actor__in=_MACHINES).exclude(kind__in=_REPORTS).exclude(body=REMOVED)


def _names(before: datetime) -> QuerySet[Report]:
    typed = Q()
    for name in _TYPED:
        typed |= Q(payload__contains=f'"{name}":')
    return Report.objects.filter(typed, at__lt=before, ticket__in=_settled(before))


def _facts(before: datetime) -> QuerySet[FactsRecord]:
    """Return old facts that are neither a device's latest nor named by an unresolved ticket."""
    named = Ticket.objects.filter(
        device=OuterRef("device"), facts_hash=OuterRef("hash"), resolved_at__isnull=True
    )
    old = FactsRecord.objects.filter(at__lt=before).exclude(hash=F("device__facts_hash"))
    return old.exclude(Exists(named))


def _attachments(before: datetime) -> QuerySet[Attachment]:
    kept = Attachment.objects.filter(state=AttachmentState.KEPT.value)
    return kept.filter(at__lt=before, ticket__in=_settled(before))


def _held(before: datetime) -> QuerySet[HeldBack]:
    return HeldBack.objects.filter(released_at__lt=before)


def _seals(before: datetime) -> QuerySet[Seal]:
    """Return the seals all of whose entries are old; later ones are not looked at."""
    young = AuditEntry.objects.filter(
        id__gte=OuterRef("first"), id__lte=OuterRef("last"), at__gte=before
    )
    rows = Seal.objects.filter(dropped_at__isnull=True, at__lt=before)
    return rows.exclude(Exists(young)).order_by("id")


def _remove_timeline(before: datetime, _now: datetime) -> int:
    with transaction.atomic():
        removed = _delete(_reports(before))
        rows = list(_words(before).order_by("id")[:BATCH])
        for row in rows:
            tree = row.tree
            words = (*_SAID, "name") if tree.get("by") == "contact" else _SAID  # else a level's
            said = {name: value for name, value in tree.items() if name not in words}
            row.body = REMOVED
            row.payload = json.dumps(said, ensure_ascii=False) if said else ""
        TimelineEntry.objects.bulk_update(rows, ["body", "payload"])
        return removed + len(rows) + _clear_names(before)


def _clear_names(before: datetime) -> int:
    rows = list(_names(before).order_by("id")[:BATCH])
    for row in rows:
        typed = json_object(row.payload)
        left = {name: value for name, value in typed.items() if name not in _TYPED}
        row.payload = json.dumps(left, ensure_ascii=False)
    Report.objects.bulk_update(rows, ["payload"])
    return len(rows)


def _remove_attachments(before: datetime, now: datetime) -> int:
    """Blank the rows first; once that is durable, remove files that nobody else's row names."""
    with transaction.atomic():
        rows = list(_attachments(before).order_by("id")[:BATCH])
        Attachment.objects.filter(id__in=[row.id for row in rows]).update(
            state=AttachmentState.REMOVED.value, stored="", size=0, problem=REMOVED
        )
        transaction.on_commit(partial(_unlink, {row.stored for row in rows}, now))
    return len(rows)


def _unlink(hashes: Iterable[str], now: datetime) -> None:
    for stored in hashes:
        if not Attachment.objects.filter(stored=stored).exists():
            forget(stored, now - _JUST_NOW)


def _remove_audit(before: datetime, now: datetime) -> int:
    """Remove the entries of whole seals; the seals stay, so that the chain does."""
    with transaction.atomic(), guards.lifted():
        seal = _seals(before).first()
        if seal is None:
            return 0
        removed, _ = AuditEntry.objects.filter(id__gte=seal.first, id__lte=seal.last).delete()
        drop(seal, now)
        return max(removed, 1)


def _delete(rows: QuerySet[Any]) -> int:
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    removed: int = rows.model._default_manager.filter(pk__in=ids).delete()[0]  # noqa: SLF001 - Django's
    return removed


def _remove_all(rows: Callable[[datetime], QuerySet[Any]]) -> Callable[[datetime, datetime], int]:
    def remove(before: datetime, _now: datetime) -> int:
        with transaction.atomic():
            return _delete(rows(before))

    return remove


KINDS: Mapping[str, Kind] = {
    "timeline": Kind(
        "the monitor's reports and people's words on tickets resolved before",
        lambda before: sum(rows(before).count() for rows in (_reports, _words, _names)),
        _remove_timeline,
    ),
    "facts": Kind(
        "system details as devices once told them",
        lambda before: _facts(before).count(),
        _remove_all(_facts),
    ),
    "attachments": Kind(
        "files that came with reports, of tickets resolved before",
        lambda before: _attachments(before).count(),
        _remove_attachments,
    ),
    "held-back": Kind(
        "what was held back and released before",
        lambda before: _held(before).count(),
        _remove_all(_held),
    ),
    AUDIT: Kind(
        "sealed entries of the audit log",
        lambda before: sum(_seals(before).values_list("count", flat=True)),
        _remove_audit,
    ),
}
"""What ages can be given for."""
