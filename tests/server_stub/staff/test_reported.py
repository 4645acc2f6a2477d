"""The ticket's page begins with all that was reported, marked as the reporter's own words."""

import re
from collections.abc import Callable
from datetime import datetime
from html import unescape

import pytest
from django.test import Client as Browser

from agent.protocol.reports import Contact
from agent.protocol.words import Prefer, ReportKind, Urgency
from server_stub.clients.models import Device
from server_stub.contacts import filing
from server_stub.contacts.models import Contact as ContactRow
from server_stub.contacts.models import Report
from server_stub.desk.models import Technician
from server_stub.tickets.models import Ticket
from tests.server_stub.intake.reports import a_report
from tests.support import desk_rows
from tests.support.databases import ServerDatabase
from tests.support.rows import a_client, a_device, a_technician, a_ticket

SignIn = Callable[[Technician], Browser]
HOSTILE = "</blockquote><img src=x onerror=alert(1)> “it” \u202edecrypt"


@pytest.fixture
def device(database: ServerDatabase) -> Device:
    """A workstation whose client follows the shipped policy."""
    desk_rows.policy()
    return a_device(a_client())


def whole(page: str) -> str:
    """Return the words of the panel, as somebody reads them."""
    [panel] = re.findall(r'<section class="panel" aria-labelledby="reported-title">.*?</section>',
                         page, re.DOTALL)  # fmt: skip
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", panel)).split())


def page_of(ticket: Ticket, signed_in: SignIn) -> str:
    return signed_in(a_technician()).get(f"/tickets/{ticket.id}").content.decode()


def test_everything_that_was_reported_is_there(
    device: Device, signed_in: SignIn, now: datetime
) -> None:
    ticket = filing.file(
        device,
        a_report(
            text="It prints\n  nothing.",
            urgency=Urgency.CANNOT_WORK,
            kind=ReportKind.PRINTER,
            answers={"printer": "the one upstairs", "gone": "of an older form"},
            error_text="0x000003e3",
            before="changed the paper",
            tried="off and on",
            contact=Contact(name="Ann Smith", phone="+44 1", prefer=Prefer.PHONE),
        ),
        now,
    )
    page = page_of(ticket, signed_in)

    assert '<blockquote class="own-words"><bdi>It prints\n  nothing.</bdi></blockquote>' in page
    told = whole(page)
    assert told.startswith("What was reported in the words of who reported it Ann Smith wrote")
    for pair in (
        "How bad is it? I cannot work",
        "What is it about? a printer",
        "Which printer? the one upstairs",
        "gone of an older form",
        "What the error says 0x000003e3",
        "What was done before changed the paper",
        "What was tried off and on",
    ):
        assert pair in told
    assert "<dt>Answer by</dt><dd>telephone</dd>" in page


def test_what_people_type_is_text_and_nothing_else(
    device: Device, signed_in: SignIn, now: datetime
) -> None:
    ticket = filing.file(
        device, a_report(text=HOSTILE, error_text=HOSTILE, answers={"k": HOSTILE}), now
    )
    page = page_of(ticket, signed_in)

    assert "<img src=x" not in page
    assert whole(page).count(" ".join(HOSTILE.split())) == 3


def test_each_who_has_the_same_problem_is_told_in_turn(
    device: Device, signed_in: SignIn, now: datetime
) -> None:
    alert = a_ticket(device.client, device=device, fingerprint="f", alert_key=f"{device.id}:f")
    for account in ("1:ann", "2:bob"):
        filed = a_report(same_as="f", account=account, contact=Contact(name=account))
        assert filing.file(device, filed, now).id == alert.id
    told = whole(page_of(alert, signed_in))

    assert told.index("1:ann wrote") < told.index("2:bob wrote")
    assert told.count("The printer prints blank pages") == 2


def test_a_ticket_that_nobody_reported_has_no_such_panel(device: Device, signed_in: SignIn) -> None:
    assert "reported-title" not in page_of(a_ticket(device.client), signed_in)


def test_of_a_shared_account_nobody_is_confirmed(
    device: Device, signed_in: SignIn, now: datetime
) -> None:
    """What is typed there is the word of whoever sat there; the next one is somebody else."""
    ticket = filing.file(device, a_report(shared=True), now)
    page = page_of(ticket, signed_in)
    assert "shared by several people" in page
    assert "Ann Smith" in page
    assert "Confirm this contact" not in page

    contact = str(Report.objects.get().contact_id)
    asked = signed_in(a_technician()).post(f"/tickets/{ticket.id}/contact", {"contact": contact})
    assert asked.status_code == 422
    assert "everal people use that account" in asked.content.decode()
    assert ContactRow.objects.get().confirmed_at is None


def test_a_typed_address_changes_nobody_who_was_confirmed(
    device: Device, signed_in: SignIn, now: datetime
) -> None:
    first = filing.file(device, a_report(), now)
    browser = signed_in(a_technician())
    contact = str(Report.objects.get().contact_id)
    browser.post(f"/tickets/{first.id}/contact", {"contact": contact})
    evil = Contact(name="Ann Smith", email="ann@evil.example")
    second = filing.file(device, a_report(contact=evil), now)

    page = browser.get(f"/tickets/{second.id}").content.decode()
    assert ContactRow.objects.get().email == "ann@bakery.example"
    assert page.index("ann@bakery.example") < page.index("ann@evil.example"), "confirmed, typed"
