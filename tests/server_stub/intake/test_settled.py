"""What contacts say of tickets that are settled, on both databases."""

from datetime import timedelta

from django.db.models import F

from agent.protocol.receipts import ReceiptResult
from agent.protocol.words import ReplyKind
from server_stub.clients.scope import ALL
from server_stub.contacts.models import Contact, Report
from server_stub.contacts.requesters import requesters
from server_stub.sla.models import PolicyVersion
from server_stub.sla.policy import DEFAULT, load
from server_stub.tickets import acts
from server_stub.tickets.models import Link, Notice, Participant, Ticket, TimelineEntry
from server_stub.tickets.standing import standing_of
from tests.server_stub.intake.caller import Caller
from tests.server_stub.intake.reports import a_report
from tests.server_stub.intake.test_reports import filed, say, staff_does, ticket_of, told
from tests.support.rows import a_ticket


def test_thanks_reopen_nothing(device: Caller) -> None:
    number = filed(device, a_report()).ticket
    staff_does(number, acts.resolve("done"))

    say(device, ticket=number, text="Great, it works now, thank you!")

    assert Ticket.objects.get().status == "resolved"
    assert TimelineEntry.objects.latest("id").body == "Great, it works now, thank you!"


def test_what_comes_long_after_is_a_new_ticket_linked_to_the_old(device: Caller) -> None:
    number = filed(device, a_report()).ticket
    staff_does(number, acts.resolve("done"))
    Ticket.objects.update(resolved_at=F("resolved_at") - timedelta(days=15))

    say(device, ticket=number, text="It is broken again.")

    old, new = Ticket.objects.order_by("id")
    assert (old.status, new.status) == ("resolved", "new")
    link = Link.objects.get()
    assert (link.ticket_id, link.other_id, link.kind) == (new.id, old.id, "follows")
    say(device, ticket=new.id, text="And it smokes.")
    assert TimelineEntry.objects.filter(ticket=new, body="And it smokes.").exists()


def test_what_is_said_of_a_duplicate_lands_on_the_original(device: Caller) -> None:
    original = filed(device, a_report()).ticket
    number = filed(device, a_report(title="Blank pages here, too")).ticket
    assert original is not None
    assert number is not None
    staff_does(number, acts.make_duplicate(original, requesters(ALL, number)))
    assert Participant.objects.get(ticket=original).email == "ann@bakery.example"

    say(device, ticket=number, text="Since noon it is the other one.")

    said = TimelineEntry.objects.get(body="Since noon it is the other one.")
    assert said.ticket_id == original
    assert Ticket.objects.get(id=number).status == "closed"


def test_words_are_kept_when_the_alert_came_back_as_another_ticket(device: Caller) -> None:
    """What somebody typed is never refused because of how tickets stand."""
    ticket = ticket_of(filed(device, a_report()))
    Ticket.objects.update(alert_key="pc:disk")
    staff_does(ticket.id, acts.resolve("done"))
    again = a_ticket(ticket.client, alert_key="pc:disk")

    answer = say(device, ticket=ticket.id, text="It still does not work.")

    assert [one.result for one in answer.receipts] == [ReceiptResult.ACCEPTED]
    assert TimelineEntry.objects.get(body="It still does not work.").ticket_id == ticket.id
    asks = Notice.objects.get(ticket=ticket)
    assert (asks.kind, asks.to) == ("decision", "role:dispatcher")
    assert f"came back as ticket {again.id}" in asks.text
    assert Ticket.objects.get(id=ticket.id).status == "resolved"


def test_a_confirmation_is_kept_while_the_monitor_still_finds_it(device: Caller) -> None:
    ticket = ticket_of(filed(device, a_report()))
    Ticket.objects.update(alert_key="pc:disk", evaluation="critical")
    staff_does(ticket.id, acts.resolve("done"))

    answer = say(device, ReplyKind.CONFIRM, ticket=ticket.id, fixed=True)

    assert [one.result for one in answer.receipts] == [ReceiptResult.ACCEPTED]
    assert Report.objects.get().confirmed is True
    assert TimelineEntry.objects.filter(ticket=ticket, kind="confirmed").exists()


def test_what_was_canceled_stays_so_and_what_is_said_then_is_a_new_ticket(device: Caller) -> None:
    """By the procedures' 001.22 further action after a cancellation needs a new ticket."""
    number = filed(device, a_report()).ticket
    staff_does(number, acts.close("canceled"))

    say(device, ticket=number, text="I am back, the printer is still broken.")

    old, new = Ticket.objects.order_by("id")
    assert (old.status, new.status) == ("closed", "new")
    link = Link.objects.get()
    assert (link.ticket_id, link.other_id, link.kind) == (new.id, old.id, "follows")


def test_late_thanks_open_nothing(device: Caller) -> None:
    number = filed(device, a_report()).ticket
    staff_does(number, acts.resolve("done"))
    Ticket.objects.update(resolved_at=F("resolved_at") - timedelta(days=15))

    say(device, ticket=number, text="Thank you very much!")

    assert Ticket.objects.get().status == "resolved"
    assert TimelineEntry.objects.filter(body="Thank you very much!").exists()


def test_later_words_join_the_ticket_that_the_first_of_them_opened(device: Caller) -> None:
    """It matters as much as the old one did, is of its type, and has its participants."""
    number = filed(device, a_report()).ticket
    Contact.objects.update(importance="vip")
    staff_does(
        number,
        acts.set_type("problem"),
        acts.add_participant(acts.Person("Rui", "rui@bakery.example")),
        acts.resolve("done"),
    )
    Ticket.objects.update(resolved_at=F("resolved_at") - timedelta(days=15))

    say(device, ticket=number, text="It is broken again.")
    say(device, ticket=number, text="And it smokes.")
    say(device, ReplyKind.CONFIRM, ticket=number, fixed=False, text="No.")

    _, new = Ticket.objects.order_by("id")
    said = TimelineEntry.objects.filter(ticket=new, kind__in=["opened", "reply", "confirmed"])
    assert [entry.body for entry in said.order_by("id")] == [
        "It is broken again.",
        "And it smokes.",
        "No.",
    ]
    assert new.type == "problem"
    assert standing_of(ALL, new.id).importance == "vip"
    assert Participant.objects.get(ticket=new).email == "rui@bakery.example"


def test_a_reply_ends_no_waiting_but_that_for_the_client(device: Caller) -> None:
    """Parts are missing as before: a clock that ran meanwhile would be broken by nobody."""
    number = filed(device, a_report()).ticket
    found = load(DEFAULT.with_name("three-line-helpdesk.yaml"))
    stored = PolicyVersion.objects.create(name="three", hash=found.hash, text=found.text)
    Ticket.objects.update(policy_version=stored.id)
    staff_does(number, acts.set_stage("awaiting_parts"))

    say(device, ticket=number, text="Any news?")
    assert Ticket.objects.get().stage == "awaiting_parts"

    staff_does(number, acts.set_stage("user_unavailable"))
    say(device, ticket=number, text="I am back.")
    assert Ticket.objects.get().stage == "open"


def test_004_14_the_requester_asks_for_an_escalation_with_a_note(device: Caller) -> None:
    """The named role is told; where the policy names none the desk decides. The words are kept."""
    number = filed(device, a_report()).ticket
    say(device, ticket=number, text="Nobody calls.", escalate=True)
    assert TimelineEntry.objects.get(body="Nobody calls.").kind == "reply"
    assert [(one.kind, one.to) for one in Notice.objects.all()] == [("decision", "role:dispatcher")]

    found = load(DEFAULT.with_name("software-vendor.yaml"))
    stored = PolicyVersion.objects.create(name="vendor", hash=found.hash, text=found.text)
    Ticket.objects.update(policy_version=stored.id)
    say(device, ticket=number, text="Still nobody.", escalate=True)

    asked = TimelineEntry.objects.get(body="Still nobody.")
    assert (asked.kind, asked.tree["by"], asked.tree["name"]) == ("appeal", "contact", "Ann Smith")
    assert Notice.objects.filter(kind="appeal", to="role:customer excellence manager").exists()
    [shown] = told(device)["tickets"]
    assert [entry["text"] for entry in shown["entries"]] == ["Nobody calls.", "Still nobody."]
