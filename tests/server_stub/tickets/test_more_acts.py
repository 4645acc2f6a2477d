"""What acts of people bring besides: who is told, and what is asked no more or counted."""

import pytest

from server_stub.clients.agreements import Terms, agree
from server_stub.clients.models import Agreement
from server_stub.clients.scope import ALL
from server_stub.errors import ConflictError
from server_stub.tickets import acts
from server_stub.tickets.acts import Person, Reason
from server_stub.tickets.acts.agreed import set_agreement
from server_stub.tickets.included import used_minutes
from server_stub.tickets.models import Notice
from tests.server_stub.tickets.desk import act, opened, told
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MSG = ("A colleague takes over.", "You hear from us by noon.")


def test_003_13_all_who_take_part_are_told_of_an_escalation_and_of_how_it_ends(
    database: ServerDatabase,
) -> None:
    """Participants and watchers get what the requester gets: 004.13 says the same of watchers."""
    ticket = opened("three-line-helpdesk")
    act(ticket, acts.add_participant(Person("Rui", "rui@bakery.example")))

    act(ticket, acts.escalate("2", *MSG, Reason("no_known_fix")))
    act(ticket, acts.resolve("A new toner."))
    act(ticket, acts.reopen())
    act(ticket, acts.close("canceled"))

    texts = Notice.objects.filter(to="rui@bakery.example").order_by("id")
    assert list(texts.values_list("text", flat=True)) == [
        f"Ticket {ticket.id}: A colleague takes over.\n\nYou hear from us by noon.",
        f"Ticket {ticket.id} is resolved: A new toner.",
        f"Ticket {ticket.id} is open again.",
        f"Ticket {ticket.id} is closed.",
    ]


def test_what_is_closed_as_a_duplicate_is_linked_to_its_original(database: ServerDatabase) -> None:
    """Else what its requester says would land on a closed ticket."""
    ticket = opened("default")

    with pytest.raises(ConflictError, match="say of which ticket"):
        act(ticket, acts.close("duplicate"))


@pytest.mark.parametrize("step", [acts.set_type("purchase"), acts.close("canceled")])
def test_an_approval_is_asked_no_more_once_it_is_of_no_use(
    database: ServerDatabase, step: acts.Step
) -> None:
    ticket = opened("three-line-helpdesk")
    act(ticket, acts.set_type("project"))

    after = act(ticket, step)

    assert after.approval == ""
    assert told(ticket, "approval")[-1] == {"state": "withdrawn", "type": "project"}
    with pytest.raises(ConflictError):
        act(ticket, acts.decide(granted=True))


def test_minutes_stay_with_the_agreement_they_were_logged_under(database: ServerDatabase) -> None:
    """Figures of past months are not changed by what a ticket is put under later."""
    ticket = opened("managed-provider")
    agree(ticket.client, Terms("premium", NOW.date()), "ana@desk.example")
    act(ticket, acts.log_work(NOW, 15))
    act(ticket, set_agreement("premium", Reason(text="Forgotten.")))
    act(ticket, acts.log_work(NOW, 5))

    used = used_minutes(ALL, ticket.client_id, NOW.date())

    assert used == {0: 15, Agreement.objects.get().id: 5}
