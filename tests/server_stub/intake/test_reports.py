"""What people file at their computers: one ticket each, once, and what they say to it later."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from agent.protocol.problems import ProblemType
from agent.protocol.receipts import Receipt, ReceiptResult
from agent.protocol.reports import Attachment, Contact, Report
from agent.protocol.words import ReplyKind, ReportKind, Status, Urgency
from server_stub.clients.scope import ALL
from server_stub.contacts import filing
from server_stub.contacts.models import Contact as ContactRow
from server_stub.contacts.models import Report as ReportRow
from server_stub.intake.models import SeenEnvelope
from server_stub.sla.models import Clock
from server_stub.tickets import acts
from server_stub.tickets.actions import amend
from server_stub.tickets.amendment import Actor
from server_stub.tickets.models import Ticket
from server_stub.work.models import DueWork
from tests.server_stub.intake.caller import Caller, Response
from tests.server_stub.intake.messages import a_heartbeat, an_event, events_body
from tests.server_stub.intake.reports import a_reply, a_report
from tests.support.rows import a_client, a_technician

STAFF = Actor("tess@desk.example")


def filed(device: Caller, report: Report) -> Receipt:
    answer = device.post("tickets", report.to_text())
    assert answer.status == 200, answer.body
    [receipt] = answer.receipts
    assert receipt.result is not ReceiptResult.REFUSED
    return receipt


def ticket_of(receipt: Receipt) -> Ticket:
    assert receipt.ticket is not None
    return Ticket.objects.get(id=receipt.ticket)


def told(device: Caller, **environ: str) -> dict[str, Any]:
    answer = device.call("GET", "/api/v1/device/tickets", **environ)
    assert answer.status == 200, answer.body
    tree: dict[str, Any] = answer.tree
    return tree


def say(device: Caller, kind: ReplyKind = ReplyKind.REPLY, **members: Any) -> Response:
    return device.post("replies", a_reply(kind, **members).to_text())


def staff_does(number: int | None, *steps: acts.Step) -> None:
    assert number is not None
    amend(ALL, number, STAFF, *steps, now=datetime.now(UTC))


def test_a_report_becomes_a_ticket_that_knows_the_computer_and_the_person(device: Caller) -> None:
    receipt = filed(
        device,
        a_report(
            kind=ReportKind.PRINTER,
            answers={"which": "the one at reception"},
            error_text="0x000003e3",
            before="changed the paper",
            tried="turned it off and on",
            without=("user", "network"),
        ),
    )

    ticket = ticket_of(receipt)
    assert (ticket.source, ticket.status, ticket.priority) == ("tray", "new", "normal")
    assert ticket.device is not None
    assert (ticket.device.client_id, ticket.site_id) == (ticket.client_id, ticket.device.site_id)
    [entry] = ticket.timeline.all()
    assert (entry.kind, entry.actor, entry.channel) == ("opened", "contact", "tray")
    assert entry.body == "Since this morning."
    assert entry.tree["answers"] == {"which": "the one at reception"}
    assert (entry.tree["error_text"], entry.tree["before"]) == ("0x000003e3", "changed the paper")
    report = ReportRow.objects.get(ticket=ticket)
    assert report.tree["without"] == ["user", "network"]
    assert (report.contact.name, report.contact.confirmed_at) == ("Ann Smith", None)
    assert report.contact.client_id == ticket.client_id


def test_its_clocks_run_at_once_and_no_word_of_the_contact_stops_them(device: Caller) -> None:
    """A reply of the client's is no first answer."""
    receipt = filed(device, a_report())
    say(device, ticket=receipt.ticket)

    clocks = {clock.name: clock.state for clock in Clock.objects.filter(ticket=receipt.ticket)}
    assert clocks == {"response": "running", "resolution": "running"}
    assert DueWork.objects.filter(key__startswith=f"{receipt.ticket}:").count() == 2
    assert ticket_of(receipt).due_at is not None


@pytest.mark.parametrize(
    ("urgency", "priority"),
    [
        (Urgency.CANNOT_WORK, "high"),
        (Urgency.SLOWS_ME, "normal"),
        (Urgency.CAN_WAIT, "low"),
    ],
)
def test_how_bad_it_is_makes_the_priority(device: Caller, urgency: Urgency, priority: str) -> None:
    assert ticket_of(filed(device, a_report(urgency=urgency))).priority == priority


def test_odd_texts_arrive_as_they_were_written(device: Caller) -> None:
    odd = "👩🏽‍💻 “quotes” \\ </script> \u202eleft\tright\n" + "\n".join(["שלום"] * 3_000)
    receipt = filed(device, a_report(title="🖨 “x” <b> \u202e", text=odd))

    ticket = ticket_of(receipt)
    assert ticket.title == "🖨 “x” <b> \u202e"
    assert ticket.timeline.get().body == odd


def test_the_same_report_again_is_the_same_ticket(device: Caller) -> None:
    report = a_report()
    first, again = filed(device, report), filed(device, report)

    assert (first.result, again.result) == (ReceiptResult.ACCEPTED, ReceiptResult.DUPLICATE)
    assert first.ticket == again.ticket
    assert (Ticket.objects.count(), ReportRow.objects.count()) == (1, 1)


def test_ten_at_once_are_one_ticket(
    device: Caller, in_threads: Callable[[int, Callable[[int], Any]], list[Any]]
) -> None:
    report = a_report()
    answers = in_threads(10, lambda _: device.post("tickets", report.to_text()))

    numbers = {receipt.ticket for answer in answers for receipt in answer.receipts}
    assert len(numbers) == Ticket.objects.count() == 1
    assert [answer.status for answer in answers] == [200] * 10


def test_the_same_id_with_another_text_is_refused(device: Caller) -> None:
    report = a_report()
    filed(device, report)
    answer = device.post("tickets", a_report(id=report.id, title="Something else").to_text())

    assert (answer.status, answer.problem) == (422, ProblemType.CHANGED_BODY)
    assert answer.receipts[0].result is ReceiptResult.REFUSED
    assert Ticket.objects.count() == 1


def test_what_fails_halfway_leaves_nothing(device: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("the disk says no")

    with monkeypatch.context() as failing:
        failing.setattr(filing, "_announced", broken)
        report = a_report(
            attachments=(Attachment(a_report().id, "a.png", "image/png", 3, "0" * 64),)
        )
        assert device.post("tickets", report.to_text()).status == 503
    assert (Ticket.objects.count(), SeenEnvelope.objects.count()) == (0, 0)

    assert filed(device, report).result is ReceiptResult.ACCEPTED


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "two\nlines"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"text": "x" * 20_001}, "text"),
        ({"text": "nul \0"}, "text"),
        ({"urgency": "now"}, "urgency"),
        ({"account": " "}, "account"),
        ({"contact": {"email": "a\nb"}}, "contact.email"),
        ({"answers": {"": "x"}}, "answers"),
        ({"without": ["", 1]}, "without"),
        ({"facts_hash": "zz"}, "facts_hash"),
        ({"attachments": [{}] * 6}, "attachments"),
        ({"id": "1"}, "id"),
    ],
)
def test_a_report_that_cannot_be_stored_is_refused_by_its_field(
    device: Caller, changes: dict[str, Any], field: str
) -> None:
    tree = json.loads(a_report().to_text()) | changes
    answer = device.post("tickets", json.dumps(tree))

    assert answer.status == 422
    assert answer.tree["detail"].startswith(field)
    assert Ticket.objects.count() == 0


def test_only_a_devices_post_is_a_report(device: Caller) -> None:
    """Staff and integrations have the same address: theirs go on to Django."""
    assert device.call("GET", "/api/v1/tickets").status == 299
    staff = Caller(device.routes, "wds_something")
    assert staff.post("tickets", a_report().to_text()).status == 299


def test_me_too_joins_the_ticket_of_the_alert(device: Caller) -> None:
    event = an_event()
    [opened] = device.post("events", events_body(event)).receipts
    receipt = filed(device, a_report(same_as=event.fingerprint, title="C: is full"))

    assert receipt.ticket == opened.ticket
    [*_, entry] = ticket_of(receipt).timeline.order_by("id")
    assert (entry.kind, entry.body) == ("reply", "C: is full\n\nSince this morning.")
    assert [one["number"] for one in told(device)["tickets"]] == [opened.ticket]


def test_me_too_of_an_alert_that_is_over_opens_a_ticket(device: Caller) -> None:
    assert ticket_of(filed(device, a_report(same_as="gone"))).source == "tray"


def test_what_was_confirmed_is_not_changed_by_what_is_typed(device: Caller) -> None:
    filed(device, a_report())
    ContactRow.objects.update(confirmed_at=datetime.now(UTC))
    filed(device, a_report(contact=Contact(name="Somebody else", email="x@evil.example")))

    contact = ContactRow.objects.get()
    assert (contact.name, contact.email) == ("Ann Smith", "ann@bakery.example")
    typed = ReportRow.objects.latest("id").tree
    assert typed["email"] == "x@evil.example"


def test_of_a_shared_account_nothing_typed_is_kept_for_the_next(device: Caller) -> None:
    filed(device, a_report(shared=True))

    assert ContactRow.objects.get().name == ""
    assert ReportRow.objects.get().tree["name"] == "Ann Smith"


def test_the_tickets_of_a_device_are_told_with_their_accounts(device: Caller) -> None:
    receipt = filed(device, a_report())
    filed(device, a_report(account="1001:bob", title="Bob's"))

    mine, *others = [t for t in told(device)["tickets"] if t["account"] == "1000:ann"]
    assert others == []
    assert (mine["number"], mine["status"], mine["priority"]) == (receipt.ticket, "new", "normal")
    assert mine["due_at"] is not None
    assert mine["entries"] == []


def test_replies_and_the_resolution_are_told_notes_are_not(device: Caller) -> None:
    a_technician("tess@desk.example", name="Tess")
    receipt = filed(device, a_report())
    staff_does(receipt.ticket, acts.reply("Is it plugged in?"), acts.note("Sigh."))
    say(device, ticket=receipt.ticket)
    staff_does(receipt.ticket, acts.resolve("New toner."))

    [ticket] = told(device)["tickets"]
    entries = [(e["kind"], e["by"], e["text"], e["own"]) for e in ticket["entries"]]
    assert entries == [
        ("reply", "Tess", "Is it plugged in?", False),
        ("reply", "Ann Smith", "It is the one upstairs.", True),
        ("resolved", "Tess", "New toner.", False),
    ]
    assert (ticket["status"], ticket["asks"]) == ("resolved", "confirm")


def test_two_who_share_a_ticket_do_not_read_each_other(device: Caller) -> None:
    event = an_event()
    device.post("events", events_body(event))
    receipt = filed(device, a_report(same_as=event.fingerprint, text="My secret"))
    filed(device, a_report(same_as=event.fingerprint, text="Bob's", account="1001:bob"))
    staff_does(receipt.ticket, acts.reply("We are on it."))

    tickets = {one["account"]: one for one in told(device)["tickets"]}
    assert "Bob's" not in str(tickets["1000:ann"])
    assert "My secret" not in str(tickets["1001:bob"])
    for one in tickets.values():
        assert one["entries"][-1]["text"] == "We are on it."


def test_the_cursor_moves_when_there_is_something_to_fetch_and_only_then(device: Caller) -> None:
    def cursor() -> Any:
        device.routes._devices.forget()  # what is remembered for seconds, passed
        return device.post("heartbeat", a_heartbeat().to_text()).tree["changes"]["tickets"]

    before = cursor()
    answer = device.post("tickets", a_report().to_text())
    after = answer.tree["changes"]["tickets"]
    assert after != before
    assert after == cursor() == told(device)["changes"]["tickets"]
    staff_does(answer.receipts[0].ticket, acts.reply("On my way."))
    assert cursor() != after


def test_a_device_with_an_open_report_is_to_ask_every_minute(device: Caller) -> None:
    def every_s() -> Any:
        device.routes._devices.forget()
        return device.post("heartbeat", a_heartbeat().to_text()).tree["heartbeat_every_s"]

    assert every_s() == 300
    receipt = filed(device, a_report())
    assert every_s() == 60
    staff_does(receipt.ticket, acts.resolve())
    assert every_s() == 300


def test_open_alerts_are_told_with_their_tickets(device: Caller) -> None:
    event = an_event()
    [receipt] = device.post("events", events_body(event)).receipts

    assert told(device)["alerts"] == [
        {
            "fingerprint": event.fingerprint,
            "number": receipt.ticket,
            "status": "new",
            "title": event.title,
        }
    ]


def test_what_is_fetched_is_read_by_get(device: Caller) -> None:
    answer = device.post("device/tickets", "{}")
    assert (answer.status, answer.problem) == (405, ProblemType.METHOD_NOT_ALLOWED)
    assert answer.headers["allow"] == "GET"


def test_a_reply_makes_a_waiting_ticket_open(device: Caller) -> None:
    receipt = filed(device, a_report())
    staff_does(receipt.ticket, acts.set_status(Status.WAITING))
    assert say(device, ticket=receipt.ticket).status == 200

    assert ticket_of(receipt).status == "open"


def test_a_reply_to_a_resolved_ticket_opens_it_again(device: Caller) -> None:
    receipt = filed(device, a_report())
    staff_does(receipt.ticket, acts.resolve("done"))
    say(device, ticket=receipt.ticket)

    assert ticket_of(receipt).status == "open"


def test_it_is_fixed_closes_a_resolved_ticket_and_then_stars_are_asked_for(device: Caller) -> None:
    receipt = filed(device, a_report())
    staff_does(receipt.ticket, acts.resolve("done"))
    say(device, ReplyKind.CONFIRM, ticket=receipt.ticket, fixed=True)

    assert ticket_of(receipt).status == "closed"
    assert told(device)["tickets"][0]["asks"] == "rate"
    say(device, ReplyKind.RATE, ticket=receipt.ticket, stars=4, text="Quick!")
    assert told(device)["tickets"][0]["asks"] is None
    assert ReportRow.objects.get().stars == 4


def test_it_is_not_fixed_opens_it_again(device: Caller) -> None:
    receipt = filed(device, a_report())
    staff_does(receipt.ticket, acts.resolve("done"))
    say(device, ReplyKind.CONFIRM, ticket=receipt.ticket, fixed=False, text="Still blank.")

    assert ticket_of(receipt).status == "open"
    [*_, entry] = ticket_of(receipt).timeline.order_by("id")
    assert (entry.kind, entry.body, entry.tree["fixed"]) == ("confirmed", "Still blank.", False)


def test_nobody_speaks_on_a_ticket_that_is_not_theirs(
    device: Caller, new_device: Callable[..., Caller]
) -> None:
    """Another account, another computer of the client, another client, no ticket at all: alike."""
    client = a_client()
    here, beside = new_device(client=client), new_device(client=client)
    receipt = filed(here, a_report())
    entries = ticket_of(receipt).timeline.count()
    refusals = [
        say(here, ticket=receipt.ticket, account="1001:bob"),
        say(beside, ticket=receipt.ticket),
        say(device, ticket=receipt.ticket),
        say(device, ReplyKind.CONFIRM, ticket=receipt.ticket, fixed=True),
        say(device, ticket=999_999),
    ]

    assert {answer.status for answer in refusals} == {422}
    details = {answer.tree["detail"].replace("999999", str(receipt.ticket)) for answer in refusals}
    assert details == {f"there is no ticket {receipt.ticket}"}
    assert ticket_of(receipt).timeline.count() == entries


def test_the_same_reply_again_is_said_once(device: Caller) -> None:
    receipt = filed(device, a_report())
    reply = a_reply(ticket=receipt.ticket).to_text()
    first, again = (device.post("replies", reply).receipts[0] for _ in range(2))

    assert (first.result, again.result) == (ReceiptResult.ACCEPTED, ReceiptResult.DUPLICATE)
    assert ticket_of(receipt).timeline.filter(kind="reply").count() == 1
