"""A ticket of a client whose policy is one of the shipped files, and what was told of it."""

from datetime import datetime, timedelta
from typing import Any

from agent.protocol.words import Priority, Source
from server_stub.clients.scope import ALL
from server_stub.sla.models import PolicyVersion
from server_stub.sla.policy import DEFAULT, load
from server_stub.tickets.actions import Draft, amend, open_ticket
from server_stub.tickets.acts import Step
from server_stub.tickets.amendment import Actor
from server_stub.tickets.models import Notice, Ticket, TimelineEntry
from tests.support.rows import NOW, a_client, a_site

ANA = Actor("ana@desk.example", "api")
LATER = NOW + timedelta(minutes=20)


def a_policy(name: str) -> PolicyVersion:
    """Store a shipped policy as ``policy add`` does."""
    found = load(DEFAULT.with_name(f"{name}.yaml"))
    stored, _ = PolicyVersion.objects.get_or_create(
        name=name, hash=found.hash, defaults={"text": found.text}
    )
    return stored


def opened(policy: str, at: datetime = NOW, **draft: Any) -> Ticket:
    """Return a new ticket, priority normal, of a new client in London, by mail unless said."""
    a_policy(policy)
    client = draft.pop("client", None) or a_client(policy=policy)
    site = client.sites.first() or a_site(client, time_zone="Europe/London")
    given = {"priority": Priority.NORMAL, "source": Source.EMAIL} | draft
    return open_ticket(ALL, ANA, Draft(client, "The printer is out", site=site, **given), at)


def act(ticket: Ticket, *steps: Step, at: datetime = LATER, by: Actor = ANA) -> Ticket:
    """Do steps to a ticket; return it as it is stored then."""
    amend(ALL, ticket.id, by, *steps, now=at)
    return Ticket.objects.get(id=ticket.id)


def told(ticket: Ticket, kind: str) -> list[dict[str, Any]]:
    """Return the payloads of the entries of one kind, with their texts as ``body``."""
    rows = TimelineEntry.objects.filter(ticket=ticket, kind=kind).order_by("id")
    return [row.tree | ({"body": row.body} if row.body else {}) for row in rows]


def notices(ticket: Ticket) -> list[tuple[str, str]]:
    """Return kind and receiver of each notice."""
    rows = Notice.objects.filter(ticket=ticket).order_by("id")
    return list(rows.values_list("kind", "to"))
