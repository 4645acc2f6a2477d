"""``client agreement add``, ``list`` and ``end``, and ``client importance``."""

from argparse import Namespace
from datetime import UTC, date, datetime

from server_stub.clients.agreements import Terms, agree, end, set_importance
from server_stub.clients.models import Agreement, Client, Device
from server_stub.clients.queries import (
    agreement,
    agreements,
    client_named,
    device_named,
    most_like,
    site_named,
)
from server_stub.clients.scope import ALL
from server_stub.contacts.models import Contact
from server_stub.contacts.queries import contacts
from server_stub.errors import InvalidError, NotFoundError, ServerError
from server_stub.sla.clocks import followed_policy
from server_stub.tickets.included import used_minutes


def add(arguments: Namespace) -> None:
    """Add an agreement; say so when no target of the client's policy asks for it."""
    client = client_named(ALL, arguments.client)
    terms = Terms(
        arguments.name,
        _day(arguments.starts) or datetime.now(UTC).date(),
        _day(arguments.ends),
        arguments.minutes,
        [site_named(ALL, client, name) for name in arguments.site],
        [device_named(ALL, name, client) for name in arguments.device],
    )
    made = agree(client, terms)
    print(f"agreement {made.id} of {client.name} added: {_told(made)}")
    if not _asked_for(client, made.name):
        print(
            f"no target of the policy {client.policy} asks for the agreement {made.name}: it "
            "changes nothing yet (when: {agreement: " + made.name + "})"
        )


def show(arguments: Namespace) -> None:
    """List a client's agreements, those that began last first."""
    client = client_named(ALL, arguments.client)
    used = used_minutes(ALL, client.id, datetime.now(UTC).date())
    for row in agreements(ALL, client):
        minutes = f"{used[row.id]} of {row.included_minutes} min used this month"
        print(f"{row.id}  {_told(row)}{f'; {minutes}' if row.included_minutes else ''}")


def ended(arguments: Namespace) -> None:
    """End an agreement."""
    client = client_named(ALL, arguments.client)
    today = datetime.now(UTC).date()
    last_day = _day(arguments.last_day) or today
    row = end(agreement(ALL, client, arguments.number), last_day, today)
    print(f"agreement {row.id} of {client.name} ends on {row.ends}; its tickets stay under it")


def importance(arguments: Namespace) -> None:
    """Say how much a client, a device or a contact of it matters."""
    client = client_named(ALL, arguments.client)
    row: Client | Device | Contact = client
    if arguments.device is not None:
        row = device_named(ALL, arguments.device, client)
    elif arguments.contact is not None:
        row = _contact(client, arguments.contact)
    set_importance(row, arguments.importance)
    print(f"{row} is {arguments.importance} to new tickets")


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _told(row: Agreement) -> str:
    places = [str(one) for one in row.covered.select_related("site", "device").order_by("id")]
    until = f" to {row.ends}" if row.ends else ""
    return f"{row.name} from {row.starts}{until}, {', '.join(places) or _covers(row)}"


def _covers(row: Agreement) -> str:
    return "the whole client" if row.whole else "nothing: what it named is gone"


def _asked_for(client: Client, name: str) -> bool:
    try:
        rows = followed_policy(client.policy).policy.rows
    except ServerError:  # no policy asks for anything
        return False
    return any(name in row.when.get("agreement", ()) for row in rows)


def _contact(client: Client, name: str) -> Contact:
    """Return the contact of this e-mail address, name or account."""
    wanted = name.casefold()
    rows = list(contacts(ALL, client.id))
    found = [
        row
        for row in rows
        if wanted in {row.email.casefold(), row.name.casefold(), row.account_name.casefold()}
    ]
    if not found:
        raise NotFoundError(f"contact of {client.name}", name, most_like(name, rows))
    if len(found) > 1:
        where = ", ".join(f"{row.account_name or row.account} at {row.device}" for row in found)
        raise InvalidError("contact", f"{name!r} is each of these: {where}")
    return found[0]
