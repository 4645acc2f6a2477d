"""Since when the server hears its fleet: silence in which nobody listened is no silence."""

import logging
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q, QuerySet

from server_stub.clients.models import Device
from server_stub.fleet.judgement import COME_BACK, GAP, HEARTBEAT, Heard, is_deaf
from server_stub.fleet.models import LastSweep

_EXPECTED = timedelta(hours=1)
"""Who was heard within it is expected to be heard."""
_GONE = Q(last_word__isnull=False, last_word__taken_back_at__isnull=True)
_log = logging.getLogger(__name__)


class Hearing(NamedTuple):
    """The sweep before this one, and from when silence counts."""

    before: datetime
    counts_from: datetime


def begin(now: datetime) -> Hearing:
    """Take note of a sweep; one long after the last begins anew, for the server stood still."""
    row = LastSweep.objects.first() or LastSweep(at=now, hears_since=now)
    before, row.at = row.at, now
    if not timedelta(0) <= now - before <= GAP:
        _log.warning("the fleet was not looked over since %s: silence counts anew", before)
        row.hears_since = now
    row.save()
    return Hearing(before, row.hears_since + COME_BACK)


def nobody_is_heard(now: datetime) -> bool:
    """Tell whether we are deaf; who is silent is not told then, and counts anew afterwards."""
    row = LastSweep.objects.get()
    deaf = not _two_clients_are_heard(now) and (
        row.deaf_since is not None or is_deaf(_expected(now), now)
    )
    if deaf and row.deaf_since is None:
        _log.error("nobody is heard any more: is this server reached from outside?")
        row.deaf_since = now
        row.save()
    elif not deaf and row.deaf_since is not None:
        _log.warning("devices are heard again, after %s", now - row.deaf_since)
        row.deaf_since, row.hears_since = None, now
        row.save()
        return True  # what was found so far was found by what counted before
    return deaf


def deaf_since() -> datetime | None:
    """Return since when nobody is heard; None while somebody is."""
    return LastSweep.objects.values_list("deaf_since", flat=True).first()


def last_sweep() -> datetime | None:
    """Return when the fleet was looked over last; None when it never was."""
    return LastSweep.objects.values_list("at", flat=True).first()


def _two_clients_are_heard(now: datetime) -> bool:
    heard = _in_use().filter(last_seen_at__gt=now - HEARTBEAT).order_by()
    return len(heard.values_list("client", flat=True).distinct()[:2]) > 1


def _expected(now: datetime) -> list[Heard]:
    rows = _in_use().filter(last_seen_at__gt=now - _EXPECTED).exclude(_GONE)
    return [Heard(*row) for row in rows.values_list("client_id", "last_seen_at")]


def _in_use() -> QuerySet[Device]:
    return Device.objects.filter(retired_at__isnull=True)
