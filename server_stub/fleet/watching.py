"""Reading the watches that matter now, and writing what was found; one statement for many."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F, QuerySet

from agent.protocol.words import DeviceKind
from server_stub.errors import ServerError
from server_stub.fleet.judgement import Sight
from server_stub.fleet.models import Watch
from server_stub.sla.clocks import followed_policy
from server_stub.sla.monitor_terms import Monitors

MOST = 2_000
"""Watches looked at in one sweep: a tenth of a second's work."""
LATEST_LOOK = timedelta(hours=1)
"""So soon does another policy, site or kind of a device count."""

_COLUMNS = (
    *("device_id", "missing_since", "counts_from", "alert_id", "alone"),
    *("device__name", "device__kind"),
    *("device__client_id", "device__site_id", "device__client__policy"),
    *("device__last_seen_at", "device__last_word__word", "device__last_word__at"),
    "device__last_word__taken_back_at",
)
_NEW = """
    INSERT INTO fleet_watch (device_id, look_at, alert_id, alone)
    SELECT d.id, %s, '', %s FROM clients_device d
    WHERE d.retired_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM fleet_watch w WHERE w.device_id = d.id)"""
_WRITE = """
    UPDATE fleet_watch
    SET look_at = %s, missing_since = %s, counts_from = %s, alert_id = %s, alone = %s
    WHERE device_id = %s"""
_WAKE = """
    UPDATE fleet_watch SET look_at = %s WHERE look_at > %s AND device_id IN (
        SELECT device_id FROM intake_lastword WHERE taken_back_at > %s)"""


class Seen(NamedTuple):
    """A device as it is looked at, with its watch."""

    id: str
    missing_since: datetime | None
    counts_from: datetime | None
    alert_id: str
    alone: bool
    name: str
    kind: str
    client: int
    site: int | None
    policy: str
    last_seen_at: datetime
    word: str | None
    word_at: datetime | None
    taken_back_at: datetime | None

    @property
    def known_kind(self) -> DeviceKind:
        """Return its kind; of one that this version does not know the most patient."""
        kinds = tuple(DeviceKind)
        return DeviceKind(self.kind) if self.kind in kinds else DeviceKind.LAPTOP

    @property
    def silent_from(self) -> datetime:
        """Return from when it counts as silent together with others."""
        return self.counts_from or self.missing_since or self.last_seen_at

    @property
    def sight(self) -> Sight:
        """Return what is judged by."""
        word = "" if self.word is None or self.taken_back_at else self.word
        return Sight(self.last_seen_at, word, self.word_at)


def watch_new(now: datetime) -> None:
    """Watch every device that is not watched yet."""
    with connection.cursor() as cursor:
        cursor.execute(_NEW, [_bound(now), False])


def wake(now: datetime, since: datetime) -> None:
    """Look at those that took their last words back since: they were looked at seldom."""
    with connection.cursor() as cursor:
        cursor.execute(_WAKE, [_bound(now), _bound(now), _bound(since)])


def due(now: datetime) -> list[Seen]:
    """Return the devices to be looked at by now, at most ``MOST``."""
    return _seen(_in_use().filter(look_at__lte=now).order_by("look_at")[:MOST])


def returned() -> list[Seen]:
    """Return the missing devices that were heard since."""
    rows = _in_use().filter(missing_since__isnull=False)
    return _seen(rows.filter(device__last_seen_at__gt=F("missing_since")).order_by("device_id"))


def of_sites(sites: Iterable[int]) -> list[Seen]:
    """Return all devices of these sites."""
    return _seen(_in_use().filter(device__site__in=sorted(sites)).order_by("device_id"))


def write(changed: Sequence[tuple[Seen, datetime]]) -> None:
    """Write watches, each with the instant to look again."""
    rows = [
        (
            *(_bound(look_at), _bound(one.missing_since), _bound(one.counts_from)),
            *(one.alert_id, one.alone, one.id),
        )
        for one, look_at in changed
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_WRITE, rows)


class Terms:
    """What the clients' policies say of monitors, each read once in a sweep."""

    def __init__(self) -> None:
        """Begin knowing none."""
        self._by_policy: dict[str, Monitors] = {}

    def of(self, policy: str) -> Monitors:
        """Return a policy's terms; the usual ones where it cannot be read."""
        if policy not in self._by_policy:
            try:
                self._by_policy[policy] = followed_policy(policy).policy.monitors
            except ServerError:
                self._by_policy[policy] = Monitors()
        return self._by_policy[policy]


def names(devices: Iterable[Seen]) -> list[str]:
    """Return their names."""
    return [one.name for one in devices]


def _in_use() -> "QuerySet[Watch]":
    """Return the watches of devices that are waited for; those of retired ones rest."""
    return Watch.objects.filter(device__retired_at__isnull=True)


def _seen(rows: "QuerySet[Watch]") -> list[Seen]:
    return [Seen(*row) for row in rows.values_list(*_COLUMNS)]


def _bound(instant: datetime | None) -> Any:  # noqa: ANN401 - as the database takes it
    return connection.ops.adapt_datetimefield_value(instant) if instant else None
