"""What contacts say of tickets that are settled, on both databases."""

from datetime import timedelta

from django.db.models import F

from server_stub.clients.scope import ALL
from server_stub.contacts.requesters import requesters
from server_stub.tickets import acts
from server_stub.tickets.models import Link, Participant, Ticket, TimelineEntry
from tests.server_stub.intake.caller import Caller
from tests.server_stub.intake.reports import a_report
from tests.server_stub.intake.test_reports import filed, say, staff_does


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
