"""Rows of reports and the files that came with them."""

import json
from hashlib import sha256

from agent.protocol.ids import uuid7
from server_stub.contacts.attachments import path_of
from server_stub.contacts.models import Attachment, Contact, Report
from server_stub.tickets.models import Ticket
from tests.server_stub.intake.reports import ACCOUNT, FILE


def a_filed_report(ticket: Ticket, name: str) -> Report:
    """Return a report that went to a ticket of a device, a file of three bytes still to come."""
    contact = Contact.objects.create(
        client=ticket.client,
        device_id=ticket.device_id or "",
        account=ACCOUNT,
        name=f"{name} contact",
    )
    payload = json.dumps({"name": f"{name} typed"})
    report = Report.objects.create(
        ticket=ticket, contact=contact, envelope_id=uuid7(ticket.id), payload=payload
    )
    Attachment.objects.create(
        id=ticket.id + 20_000,
        ticket=ticket,
        report=report,
        envelope_id=FILE,
        name=f"{name}.txt",
        sha256=sha256(b"abc").hexdigest(),
        total=3,
    )
    return report


def a_kept_file(report: Report, content: str) -> Attachment:
    """Return a file that came with a report, kept in the data folder."""
    stored = sha256(content.encode()).hexdigest()
    path = path_of(stored)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return Attachment.objects.create(
        id=report.ticket_id + 30_000,
        ticket=report.ticket,
        report=report,
        envelope_id=uuid7(report.ticket_id),
        name=f"{content}.log",
        sha256="0" * 64,
        total=1,
        state="kept",
        stored=stored,
        size=len(content),
        media_type="text/plain",
    )
