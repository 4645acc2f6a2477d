"""Making and ending agreements, and saying who matters: every rule of these is here."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Protocol

from django.db import transaction
from django.db.models import Q

from server_stub.clients.models import Agreement, Client, Covered, Device, Site
from server_stub.clients.standing import NO_AGREEMENT, Cover, Importance, in_force
from server_stub.errors import ConflictError, InvalidError

MOST_MINUTES = 31 * 24 * 60
MOST_COVERED = 1_000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed. Without sites and devices it is for the whole client.

    ``ends`` is the last day, None for one that somebody will end; ``included_minutes`` a month's.
    """

    name: str
    starts: date
    ends: date | None = None
    included_minutes: int = 0
    sites: Collection[Site] = ()
    devices: Collection[Device] = ()


@transaction.atomic
def agree(client: Client, terms: Terms, by: str = "") -> Agreement:
    """Return a client's new agreement; ``by`` is who wrote it down.

    Raises InvalidError for what cannot be agreed, ConflictError when the very same is agreed from
    that day already.
    """
    _check(client, terms)
    Client.objects.select_for_update().get(id=client.id)  # else twice at once is two agreements
    places: set[tuple[int | None, str | None]] = {
        *((site.id, None) for site in terms.sites),
        *((None, device.id) for device in terms.devices),
    }
    for other in Agreement.objects.filter(client=client, name=terms.name, starts=terms.starts):
        if {(one.site_id, one.device_id) for one in other.covered.all()} == places:
            raise ConflictError(
                f"{client.name} has agreed on {terms.name} from {terms.starts} already "
                f"(number {other.id})"
            )
    made = Agreement.objects.create(
        client=client,
        name=terms.name,
        starts=terms.starts,
        ends=terms.ends,
        whole=not places,
        included_minutes=terms.included_minutes,
        created_by=by,
    )
    Covered.objects.bulk_create(
        Covered(agreement=made, site_id=site, device_id=device)
        for site, device in sorted(places, key=str)
    )
    return made


def end(agreement: Agreement, last_day: date, today: date) -> Agreement:
    """Let an agreement end with a day, which may lie ahead, and return it.

    Tickets opened before keep what they were promised. Raises InvalidError for a day before it
    began, ConflictError when it is over already.
    """
    if last_day < agreement.starts:
        raise InvalidError("ends", f"it begins on {agreement.starts}")
    if agreement.ends is not None and agreement.ends < today:
        raise ConflictError(f"agreement {agreement.id} ended on {agreement.ends} already")
    agreement.ends = last_day
    agreement.save(update_fields=["ends"])
    return agreement


def covers(client_id: int, site_id: int | None, device_id: str | None) -> list[Cover]:
    """Return the agreements that cover a device, a site or the whole client; one query."""
    held = Q(whole=True)
    if site_id is not None:
        held |= Q(covered__site=site_id)
    if device_id is not None:
        held |= Q(covered__device=device_id)
    rows = Agreement.objects.filter(held, client=client_id).values_list(
        "whole", "covered__device", "starts", "ends", "name", "id"
    )
    return [
        Cover(0 if whole else 2 if device else 1, starts, ends, name, number)
        for whole, device, starts, ends, name, number in rows
    ]


def agreed(device: Device, day: date) -> Cover | None:
    """Return the agreement that covers a device on a day, None when none does."""
    return in_force(covers(device.client_id, device.site_id, device.id), day)


def day_at(now: datetime, zone: tzinfo) -> date:
    """Return the day by which agreements are looked at: the site's."""
    return now.astimezone(zone).date()


class Mattering(Protocol):
    """A row of a client, a device or a contact."""

    importance: str

    def save(self, *, update_fields: list[str]) -> None:
        """Write these columns."""


def set_importance(row: Mattering, importance: str) -> None:
    """Say how much a row matters, to tickets from now on. Raises InvalidError."""
    row.importance = known_importance(importance)
    row.save(update_fields=["importance"])


def known_importance(word: str) -> str:
    """Return a word that says how much somebody matters. Raises InvalidError."""
    if word not in set(Importance):
        raise InvalidError("importance", f"there are {', '.join(Importance)}")
    return str(word)


def _check(client: Client, terms: Terms) -> None:
    if not _NAME.fullmatch(terms.name):
        raise InvalidError(
            "name",
            "it is the word that a policy's targets ask for, such as standard or premium: small "
            "letters, digits and _, beginning with a letter, at most 40",
        )
    if terms.name == NO_AGREEMENT:
        raise InvalidError("name", "'none' is what tickets without an agreement are called")
    if terms.ends is not None and terms.ends < terms.starts:
        raise InvalidError("ends", f"it is before {terms.starts}, when it begins")
    if not 0 <= terms.included_minutes <= MOST_MINUTES:
        raise InvalidError("included_minutes", f"0 to {MOST_MINUTES} a month")
    if len(terms.sites) + len(terms.devices) > MOST_COVERED:
        raise InvalidError("devices", f"at most {MOST_COVERED} places; name their sites instead")
    for field, places in (("sites", terms.sites), ("devices", terms.devices)):
        if any(place.client_id != client.id for place in places):
            raise InvalidError(field, f"not all of them are {client.name}'s")
