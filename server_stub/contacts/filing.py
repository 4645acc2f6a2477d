"""What contacts file from their computers; what they say of it later is in ``answering``.

Every function is part of the caller's transaction and acts for one device alone.
"""

import json
from dataclasses import replace
from datetime import datetime

from agent.protocol.reports import Attachment as Announced
from agent.protocol.reports import Report as Filed
from agent.protocol.words import Priority, Source
from server_stub.clients.models import Device
from server_stub.clients.scope import Scope
from server_stub.contacts.models import Attachment, Contact, Report
from server_stub.errors import InvalidError, ServerError
from server_stub.sla.clocks import followed_policy
from server_stub.sla.terms import Desk
from server_stub.tickets.actions import Draft, amend, store_ticket
from server_stub.tickets.acts import Step
from server_stub.tickets.amendment import Actor, Amendment
from server_stub.tickets.models import EntryKind, Ticket
from server_stub.tickets.standing import joined_by

ACTOR = "contact"
BY_CONTACT = Actor(ACTOR, Source.TRAY.value)


def file(device: Device, filed: Filed, now: datetime) -> Ticket:
    """Return the ticket a report went to: a new one, or the alert's that it says it is about.

    An account is shared when its device says so or the client's policy does.
    """
    desk = _desk(device)
    filed = replace(filed, shared=filed.shared or desk.shares(filed.account_name))
    contact = _contact(device, filed)
    known = _known(device, filed.same_as)
    priority = desk.priorities[filed.urgency]
    ticket = (
        _joined(known, contact, filed, now)
        if known
        else _opened(device, contact, filed, priority, now)
    )
    report = Report.objects.create(
        ticket=ticket,
        contact=contact,
        envelope_id=filed.id,
        shared=filed.shared,
        payload=json.dumps(_typed(filed), ensure_ascii=False),
        at=now,
    )
    Attachment.objects.bulk_create(_announced(ticket, report, one) for one in filed.attachments)
    return ticket


def confirm_contact(identifier: str) -> Step:
    """Say that a contact is who they say: what was typed with this ticket last holds from now on.

    Raises InvalidError when no report of that contact went to the ticket.
    """
    usable = identifier.isascii() and identifier.isdigit() and len(identifier) < 19  # noqa: PLR2004 - 64 bits
    number = int(identifier) if usable else 0

    def step(one: Amendment) -> None:
        rows = Report.objects.filter(ticket=one.ticket, contact=number).select_related("contact")
        report = rows.order_by("id").last()
        if report is None:
            raise InvalidError("contact", "no report of this contact went to this ticket")
        if report.shared:
            raise InvalidError("contact", "several people use that account: it is nobody's alone")
        contact, typed = report.contact, report.tree
        for name in ("name", "phone", "email"):
            setattr(contact, name, typed.get(name) or getattr(contact, name))
        contact.confirmed_at, contact.confirmed_by = one.at, one.actor.email
        contact.save()
        told = ", ".join(filter(None, (contact.name, contact.phone, contact.email)))
        one.tell(EntryKind.NOTE, f"Contact confirmed: {told or contact.account}")

    return step


def _desk(device: Device) -> Desk:
    """Return what the client's policy says of reports; a report never waits for a policy."""
    try:
        return followed_policy(device.client.policy).policy.desk
    except ServerError:
        return Desk()


def _contact(device: Device, filed: Filed) -> Contact:
    """Return who files it; what was typed replaces what was typed before, until confirmed.

    Of an account that several people share nothing is kept: each of them types it anew.
    """
    contact, _ = Contact.objects.get_or_create(
        device=device, account=filed.account, defaults={"client_id": device.client_id}
    )
    contact.account_name = filed.account_name
    if contact.confirmed_at is None and not filed.shared:
        typed = filed.contact
        contact.name = typed.name or contact.name
        contact.phone = typed.phone or contact.phone
        contact.email = typed.email or contact.email
    contact.save()
    return contact


def _known(device: Device, fingerprint: str | None) -> Ticket | None:
    """Return the unresolved ticket of an alert of this device."""
    if fingerprint is None:
        return None
    return Ticket.objects.filter(
        alert_key=f"{device.id}:{fingerprint}", resolved_at__isnull=True
    ).first()


def _opened(
    device: Device, contact: Contact, filed: Filed, priority: Priority, now: datetime
) -> Ticket:
    draft = Draft(
        client=device.client,
        site=device.site,
        device=device,
        title=filed.title,
        body=filed.text,
        priority=priority,
        source=Source.TRAY,
        facts_hash=filed.facts_hash,
        importance=contact.importance,
    )
    return store_ticket(draft, BY_CONTACT, now, **_told(filed))


def _joined(known: Ticket, contact: Contact, filed: Filed, now: datetime) -> Ticket:
    """Add a report to the ticket of the alert it is about, which matters as much as who files."""

    def step(one: Amendment) -> None:
        body = f"{filed.title}\n\n{filed.text}".strip()
        one.tell(EntryKind.REPLY, body, **_told(filed))
        joined_by(one, contact.importance)

    return amend(Scope.of([known.client_id]), known.id, BY_CONTACT, step, now=now)


def _told(filed: Filed) -> dict[str, object]:
    """Return what the timeline tells of a report besides its text."""
    members: dict[str, object] = {
        "by": ACTOR,
        "account": filed.account,
        "name": filed.contact.name or filed.account_name,
        "urgency": filed.urgency.value,
        "about": filed.kind.value,
        "answers": dict(filed.answers or {}),
        "error_text": filed.error_text,
        "before": filed.before,
        "tried": filed.tried,
    }
    return {name: value for name, value in members.items() if value}


def _typed(filed: Filed) -> dict[str, object]:
    typed = filed.contact
    return {
        "name": typed.name,
        "phone": typed.phone,
        "email": typed.email,
        "prefer": typed.prefer.value,
        "without": list(filed.without),
        "device_at": filed.at,
    }


def _announced(ticket: Ticket, report: Report, one: Announced) -> Attachment:
    return Attachment(
        ticket=ticket,
        report=report,
        envelope_id=one.id,
        name=one.name,
        total=one.bytes,
        sha256=one.sha256,
    )
