"""Which devices are quiet just now, known to a process for a few seconds.

The intake asks for every group of events, so the answer costs no query: windows are few, and read
again every ``REMEMBER_S``. A device stays quiet for ``TAIL`` after its window, and as long as
something of it is held back: all processes know by then that the window is over, and what is held
back is released (``fleet.release``) before anything newer passes it.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import connections
from django.db.models import Q

from server_stub.quiet.models import HeldBack, MaintenanceWindow
from server_stub.quiet.windows import Window
from server_stub.sla.zones import ZoneError, zone_of
from server_stub.walls import seen_by

_log = logging.getLogger(__name__)
REMEMBER_S = 5.0
TAIL = timedelta(seconds=20)
_NEAR = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Planned:
    """A maintenance window and whose it is."""

    id: int
    client: int
    site: int | None
    device: str | None
    who: str
    window: Window

    def covers(self, client: int, site: int | None, device: str) -> bool:
        """Tell whether a device of this client and site is meant."""
        if self.client != client:
            return False
        return (self.device is None or self.device == device) and (
            self.site is None or self.site == site
        )


@dataclass(frozen=True, slots=True)
class Quiet:
    """All windows that are not over, and what is held back of them.

    ``waiting``: window and planner by the device and fingerprint of what is held back.
    """

    windows: tuple[Planned, ...] = ()
    waiting: Mapping[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    _looked: list[tuple[datetime, tuple[Planned, ...]]] = field(
        default_factory=list, compare=False, repr=False
    )

    def __bool__(self) -> bool:
        """Tell whether anything is quiet at all."""
        return bool(self.windows or self.waiting)

    def _near(self, now: datetime) -> tuple[Planned, ...]:
        """Return the windows that can be quiet around ``now``, looked for every ten seconds.

        Whether a recurring one is quiet takes 10 µs, and every event asks. Its hours last a minute
        at least, so they hold one end of the half minute asked for, or its first or last day ends.
        """
        for at, found in self._looked:
            if at <= now < at + _NEAR:
                return found
        first, last = now - TAIL, now + _NEAR
        found = tuple(
            one
            for one in self.windows
            if one.window.starts_at > first
            or (one.window.ends_at is not None and one.window.ends_at < last)
            or one.window.quiet_until(first)
            or one.window.quiet_until(last)
        )
        self._looked[:] = [(now, found)]
        return found

    def window(
        self, client: int, site: int | None, device: str, now: datetime, tail: timedelta = TAIL
    ) -> Planned | None:
        """Return the window that keeps a device quiet at ``now``, also shortly after it."""
        for one in self._near(now):
            if one.covers(client, site, device) and (
                one.window.quiet_until(now) or (tail and one.window.quiet_until(now - tail))
            ):
                return one
        return None


def read(now: datetime) -> Quiet:
    """Return what is quiet around ``now``, from the database."""
    with seen_by(None):
        over = now - timedelta(minutes=1)
        rows = MaintenanceWindow.objects.filter(
            Q(ended_at__isnull=True) | Q(ended_at__gt=over),
            Q(ends_at__isnull=True) | Q(ends_at__gt=over),
        ).order_by("id")
        for one in rows:
            _tell_unreadable(one.id, one.zone)
        windows = tuple(
            Planned(one.id, one.client_id, one.site_id, one.device_id, one.created_by, one.window)
            for one in rows
        )
        held = HeldBack.objects.filter(released_at__isnull=True, window__isnull=False)
        columns = held.values_list("device_id", "fingerprint", "window_id", "who")
        waiting = {(device, alert): (window or 0, who) for device, alert, window, who in columns}
        return Quiet(windows, waiting)


@lru_cache
def _tell_unreadable(number: int, zone: str) -> None:
    """Log once that this computer does not know the zone of a window."""
    try:
        zone_of(zone)
    except ZoneError as error:
        _log.error("maintenance %d keeps nothing quiet here: %s", number, error)


def _database() -> str:
    """Return which database this is; by the settings, a connection's costs 10 µs to reach."""
    name: str = connections.settings["default"]["NAME"]
    return name


@dataclass(slots=True)
class Known:
    """What is quiet, read again every few seconds by whoever asks first."""

    read: Callable[[datetime], Quiet] = read
    _quiet: Quiet = field(default_factory=Quiet)
    _database: str = ""
    _until_s: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, now: datetime) -> Quiet:
        """Return what is quiet; ``now`` is the server's clock."""
        if self._is_old():
            with self._lock:
                if self._is_old():
                    self._quiet = self.read(now)
                    self._database = _database()
                    self._until_s = time.monotonic() + REMEMBER_S
        return self._quiet

    def _is_old(self) -> bool:
        in_time = time.monotonic() < self._until_s
        return not in_time or self._database != _database()

    def forget(self) -> None:
        """Read it anew the next time."""
        self._until_s = 0.0


KNOWN = Known()
"""What this process knows; asked within a transaction whose thread sees all clients."""
