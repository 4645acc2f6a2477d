"""Planning maintenance, and ending it early."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from server_stub.audit.record import record
from server_stub.clients.models import Client, Device, Site
from server_stub.clients.scope import Scope
from server_stub.errors import ConflictError, InvalidError, NotFoundError
from server_stub.quiet.active import KNOWN
from server_stub.quiet.models import MaintenanceWindow
from server_stub.quiet.queries import window
from server_stub.quiet.windows import DAYS
from server_stub.sla.zones import ZoneError, zone_of

MAX_REASON = 300
LONGEST = timedelta(days=400)
"""A single stretch of quiet; what is to be quiet for ever is no maintenance."""
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True, slots=True)
class Plan:
    """Maintenance to be planned; see ``MaintenanceWindow``. ``days`` are ``mon`` to ``sun``."""

    client: Client
    reason: str
    starts_at: datetime
    ends_at: datetime | None
    site: Site | None = None
    device: Device | None = None
    days: Sequence[str] = ()
    opens: str = ""
    closes: str = ""
    zone: str = ""


@transaction.atomic
def plan_window(
    scope: Scope, who: str, given: Plan, now: datetime, via: str = "api"
) -> MaintenanceWindow:
    """Return a new maintenance window, planned by ``who`` (an email address).

    The zone is the site's where none is given. Raises NotFoundError for a client that the scope
    does not show, InvalidError for everything that cannot be right.
    """
    if not scope.allows(given.client.id):
        raise NotFoundError("client", given.client.id)
    for field, place in (("site", given.site), ("device", given.device)):
        if place is not None and place.client_id != given.client.id:
            raise InvalidError(field, f"it is not one of {given.client.name}")
    row = MaintenanceWindow.objects.create(
        client=given.client,
        site=given.site,
        device=given.device,
        reason=_reason(given.reason),
        starts_at=given.starts_at,
        ends_at=_end(given, now),
        created_at=now,
        created_by=who,
        ended_at=None,
        ended_by="",
        **_hours(given),
    )
    subject = f"maintenance {row.id} of {given.device or given.site or given.client}"
    record(
        who, via, "maintenance plan", subject, client_id=row.client_id, now=now, reason=row.reason
    )
    transaction.on_commit(KNOWN.forget)
    return row


@transaction.atomic
def end_window(
    scope: Scope, who: str, number: int, now: datetime, *, via: str = "api", reason: str = ""
) -> MaintenanceWindow:
    """End a maintenance window at ``now``: what it held back and still holds is told then.

    Raises NotFoundError, and ConflictError for one that is over.
    """
    row = window(scope, number, lock=True)
    if row.ended_at is not None or (row.ends_at is not None and row.ends_at <= now):
        raise ConflictError(f"maintenance {number} is over already")
    row.ended_at, row.ended_by = now, who
    row.save(update_fields=["ended_at", "ended_by"])
    subject = f"maintenance {number}"
    record(who, via, "maintenance end", subject, client_id=row.client_id, now=now, reason=reason)
    transaction.on_commit(KNOWN.forget)
    return row


def _reason(text: str) -> str:
    kept = " ".join(text.split())
    if not kept:
        raise InvalidError(
            "reason", "say why it is quiet: whoever looks up what was held back asks"
        )
    if len(kept) > MAX_REASON or not kept.isprintable():
        raise InvalidError("reason", f"one line of at most {MAX_REASON} characters belongs here")
    return kept


def _end(given: Plan, now: datetime) -> datetime | None:
    ends = given.ends_at
    if ends is None:
        if not given.days:
            raise InvalidError("ends_at", "say until when; only recurring windows may go on")
        return None
    if ends <= given.starts_at or ends <= now:
        raise InvalidError("ends_at", "it is not after the beginning, or in the past")
    if not given.days and ends - given.starts_at > LONGEST:
        raise InvalidError("ends_at", f"more than {LONGEST.days} days after the beginning")
    return ends


def _hours(given: Plan) -> dict[str, str]:
    """Return the columns of a recurring window; nothing but a zone of one that is none."""
    zone = given.zone or (given.site.time_zone if given.site else "UTC")
    try:
        zone_of(zone)
    except ZoneError as error:
        raise InvalidError("zone", "it is not an IANA zone such as Europe/Paris") from error
    if not given.days:
        if given.opens or given.closes:
            raise InvalidError("days", "on which days? mon to sun, or leave out opens and closes")
        return {"zone": zone, "days": "", "opens": "", "closes": ""}
    unknown = [day for day in given.days if day not in DAYS]
    if unknown:
        raise InvalidError("days", f"{unknown[0][:20]!r} is not one of {', '.join(DAYS)}")
    for field, text in (("opens", given.opens), ("closes", given.closes)):
        if not _TIME.fullmatch(text):
            raise InvalidError(field, "write a time of day such as 22:00")
    days = " ".join(day for day in DAYS if day in given.days)
    return {"zone": zone, "days": days, "opens": given.opens, "closes": given.closes}
