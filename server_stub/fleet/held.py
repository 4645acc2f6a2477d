"""Silences that are told of otherwise, or not just now: each a row that can be looked up."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import QuerySet

from agent.protocol.events import AlertEvent
from server_stub.fleet.watching import Seen
from server_stub.quiet.active import Planned
from server_stub.quiet.models import SILENT, Because, HeldBack, Released

_MONITOR = "monitor"


def row(
    seen: Seen, event: AlertEvent, parent: int | None, window: Planned | None, now: datetime
) -> HeldBack:
    """Return what is held back of a silent device: by its outage, else by maintenance."""
    return HeldBack(
        client_id=seen.client,
        device_id=seen.id,
        fingerprint=SILENT,
        title=event.title,
        evaluation=event.evaluation.value,
        priority=event.priority.value,
        because=(Because.OUTAGE if parent else Because.MAINTENANCE).value,
        window_id=None if parent or window is None else window.id,
        parent=parent,
        who=_MONITOR if parent or window is None else window.who,
        at=now,
        last_at=now,
        times=1,
    )


def hold(rows: Sequence[HeldBack]) -> None:
    """Keep what is not kept already; what an outage tells of by now is its, not maintenance's."""
    for one in rows:
        if one.parent is not None:
            _pending([one.device_id]).exclude(parent=one.parent).update(
                because=one.because, parent=one.parent, window=None, who=one.who
            )
    HeldBack.objects.bulk_create(rows, ignore_conflicts=True)


def gone(devices: Sequence[str], now: datetime) -> None:
    """Take note that devices are heard again before they were told of."""
    _pending(devices).update(released_at=now, released=Released.GONE.value)


def opened(numbers: Mapping[str, int], now: datetime) -> None:
    """Take note of the tickets that silences opened after all."""
    for pending in _pending(list(numbers)):
        pending.released_at, pending.released = now, Released.OPENED.value
        pending.ticket_number = numbers[pending.device_id]
        pending.save(update_fields=["released_at", "released", "ticket_number"])


def _pending(devices: Sequence[str]) -> QuerySet[HeldBack]:
    return HeldBack.objects.filter(device__in=devices, fingerprint=SILENT, released_at__isnull=True)
