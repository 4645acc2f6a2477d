"""What a ticket's page tells of who reported it, and how the files that came with it are given."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client as Browser

from server_stub.contacts.models import Attachment, Contact, Report
from server_stub.desk.models import Technician
from server_stub.tickets.models import Ticket
from tests.support.databases import ServerDatabase
from tests.support.filed_reports import a_filed_report, a_kept_file
from tests.support.rows import a_client, a_device, a_technician, a_ticket

SignIn = Callable[[Technician], Browser]


@pytest.fixture
def report(database: ServerDatabase, now: datetime) -> Report:
    """A report of a workstation."""
    client = a_client()
    ticket = a_ticket(client, device=a_device(client), source="tray")
    return a_filed_report(ticket, "Ann")


def address(attachment: Attachment) -> str:
    return f"/tickets/{attachment.ticket_id}/attachments/{attachment.id}"


def test_what_was_typed_is_shown_as_not_confirmed_until_somebody_confirms_it(
    report: Report, signed_in: SignIn
) -> None:
    browser = signed_in(a_technician("tess@desk.example"))
    page = browser.get(f"/tickets/{report.ticket_id}").content.decode()
    assert "Ann typed" in page
    assert "(not confirmed)" in page

    form = {"contact": str(report.contact_id)}
    assert browser.post(f"/tickets/{report.ticket_id}/contact", form).status_code == 302
    contact = Contact.objects.get()
    assert (contact.name, contact.confirmed_by) == ("Ann typed", "tess@desk.example")
    page = browser.get(f"/tickets/{report.ticket_id}").content.decode()
    assert "(not confirmed)" not in page
    assert "Contact confirmed: Ann typed" in page


@pytest.mark.parametrize("contact", ["", "x", "0", "9" * 30, "²"])
def test_a_contact_that_did_not_report_it_is_not_confirmed(
    report: Report, signed_in: SignIn, contact: str
) -> None:
    browser = signed_in(a_technician())
    asked = browser.post(f"/tickets/{report.ticket_id}/contact", {"contact": contact})
    assert asked.status_code == 422
    assert Contact.objects.get().confirmed_at is None


def test_a_file_is_given_to_be_saved_and_never_to_be_shown(
    report: Report, signed_in: SignIn
) -> None:
    kept = a_kept_file(report, "<script>alert(1)</script>")
    Attachment.objects.filter(id=kept.id).update(name="a “b”;\u202ecod.html")
    browser = signed_in(a_technician())

    assert address(kept) in browser.get(f"/tickets/{report.ticket_id}").content.decode()
    answer = browser.get(address(kept))
    assert answer.content == b"<script>alert(1)</script>"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''a%20")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_a_file_of_another_clients_ticket_is_as_one_that_is_not_there(
    report: Report, signed_in: SignIn
) -> None:
    kept = a_kept_file(report, "secret")
    limited = signed_in(a_technician("", a_client()))
    full = signed_in(a_technician())
    other = a_ticket(a_client())

    assert limited.get(address(kept)).status_code == 404
    assert full.get(f"/tickets/{other.id}/attachments/{kept.id}").status_code == 404
    arriving = Attachment.objects.get(state="arriving")
    assert full.get(address(arriving)).status_code == 404


def test_facts_that_were_taken_out_are_not_shown(report: Report, signed_in: SignIn) -> None:
    device = Ticket.objects.get(id=report.ticket_id).device
    assert device is not None
    device.facts = '{"user":"ann.smith","os":{"name":"Debian","version":"12"}}'
    device.save()
    Report.objects.update(payload='{"without": ["user", "os.version"]}')
    page = signed_in(a_technician()).get(f"/tickets/{report.ticket_id}").content.decode()

    assert "Debian" in page
    assert "ann.smith" not in page
