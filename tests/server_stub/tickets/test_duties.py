"""What the written procedures ask of people beside the clocks, with the shipped policies."""

from collections import Counter
from datetime import date, timedelta

import pytest

from agent.protocol.words import Priority, Source
from server_stub.clients.agreements import Terms, agree
from server_stub.clients.scope import ALL
from server_stub.errors import ConflictError, InvalidError
from server_stub.sla.models import Clock
from server_stub.tickets import acts
from server_stub.tickets.acts import Reason
from server_stub.tickets.included import used_minutes
from server_stub.tickets.models import LinkKind, Ticket
from server_stub.tickets.queries import queue
from server_stub.tickets.supposing import offered
from tests.server_stub.tickets.desk import LATER, act, opened, told
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MSG = ("A colleague takes over.", "You hear from us by noon.")
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("source", [Source.PORTAL, Source.PHONE, Source.EMAIL, Source.TRAY])
def test_001_01_each_channel_leads_to_the_same_promises(
    database: ServerDatabase, source: Source
) -> None:
    """The monitoring agent is the fifth; its tickets are the intake's."""
    if source is Source.TRAY:
        with pytest.raises(InvalidError, match="come from devices"):
            opened("managed-provider", source=source)
        return
    ticket = opened("managed-provider", NOW + 4 * HOUR, source=source)

    assert (ticket.source, ticket.level) == (source, 1)
    due_at = set(Clock.objects.exclude(name="progress").values_list("name", "due_at"))
    assert ("resolution", NOW + timedelta(days=2, hours=6)) in due_at


def test_001_10_a_delay_that_nobody_can_help_extends_the_resolution(
    database: ServerDatabase,
) -> None:
    ticket = opened("managed-provider", NOW, priority=Priority.HIGH)

    delayed = act(ticket, acts.delay(Reason("traffic")), at=NOW + HOUR)
    assert (delayed.status, delayed.stage) == ("waiting", "delayed")
    assert Clock.objects.get(ticket=ticket, name="resolution").state == "paused"
    act(ticket, acts.set_stage("open"), at=NOW + 3 * HOUR)

    due_at = Clock.objects.get(ticket=ticket, name="resolution").due_at
    assert due_at == NOW + 5 * HOUR


def test_001_10_what_it_prevents_is_closed_with_the_reason_kept(database: ServerDatabase) -> None:
    ticket = opened("managed-provider")
    act(ticket, acts.delay(Reason("weather", "The mast is down for good.")))

    after = act(ticket, acts.close("outside_scope"))

    assert (after.status, after.close_reason) == ("closed", "outside_scope")
    assert told(ticket, "delayed")[0]["reason_key"] == "weather"


def test_001_11_what_is_beyond_gets_a_ticket_of_its_own_terms(database: ServerDatabase) -> None:
    ticket = opened("managed-provider")
    beyond = opened("managed-provider", client=ticket.client)

    act(beyond, acts.set_scope("beyond"), acts.set_chargeable(chargeable=True))
    act(beyond, acts.link(ticket.id, LinkKind.FOLLOWS))

    after = Ticket.objects.get(id=beyond.id)
    assert (after.scope, after.chargeable) == ("beyond", True)
    assert told(ticket, "linked")[0]["ticket"] == beyond.id


def test_001_21_the_final_update_tells_what_was_done(database: ServerDatabase) -> None:
    ticket = opened("managed-provider")

    with pytest.raises(InvalidError, match="body: the client is told what was done"):
        act(ticket, acts.resolve())
    with pytest.raises(InvalidError, match="body"):
        act(ticket, acts.set_stage("resolved"))
    act(ticket, acts.reply("We put in a new toner."), acts.set_stage("resolved"))

    assert Ticket.objects.get().status == "resolved"


def test_002_01_each_ticket_has_a_number_of_its_own(database: ServerDatabase) -> None:
    one = opened("platform-support")
    other = opened("platform-support", client=one.client)

    assert one.id != other.id


def test_002_09_it_goes_up_tier_by_tier(database: ServerDatabase) -> None:
    ticket = opened("platform-support")
    assert ticket.level == 1

    act(ticket, acts.escalate("2", *MSG, Reason("not_at_once")))
    after = act(ticket, acts.escalate("3", *MSG, Reason("corruption")))

    assert after.level == 3
    assert opened("platform-support", client=ticket.client, priority=Priority.URGENT).level == 3


def test_002_10_tickets_are_tracked_by_severity_and_what_is_due(database: ServerDatabase) -> None:
    low = opened("platform-support", priority=Priority.LOW)
    urgent = opened("platform-support", client=low.client, priority=Priority.URGENT)
    high = opened("platform-support", client=low.client, priority=Priority.HIGH)

    assert [one.id for one in queue(ALL).tickets] == [urgent.id, high.id, low.id]


@pytest.mark.parametrize("name", ["none", "ad_hoc", "package"])
def test_003_01_agreements_may_include_an_amount(database: ServerDatabase, name: str) -> None:
    """What was logged counts against the amount of the agreement that covers the ticket."""
    ticket = opened("three-line-helpdesk")
    agreement = None
    if name != "none":
        minutes = 300 if name == "package" else 0
        agreement = agree(
            ticket.client, Terms(name, starts=date(2026, 1, 1), included_minutes=minutes)
        )
        ticket = opened("three-line-helpdesk", client=ticket.client)

    act(ticket, acts.log_work(NOW, 15, "Looked into it."))

    used = used_minutes(ALL, ticket.client_id, date(2026, 3, 1))
    assert used == Counter({agreement.id if agreement else 0: 15})
    assert "agreement" not in told(ticket, "opened")[0] or name != "none"


def test_003_02_purchases_begin_with_1st_line_as_any_call(database: ServerDatabase) -> None:
    assert opened("three-line-helpdesk", type="purchase").level == 1


def test_003_07_2nd_line_asks_3rd_without_handing_it_over(database: ServerDatabase) -> None:
    ticket = opened("three-line-helpdesk")
    act(ticket, acts.escalate("2", *MSG, Reason("investigation")))

    after = act(ticket, acts.consult("3", "Look at the switch."))

    assert after.level == 2
    assert told(ticket, "consultation")[0]["name"] == "3rd line"


def test_003_08_only_a_line_above_gives_the_time_anew(database: ServerDatabase) -> None:
    """The text slips: it is 3rd line that is consulted, whatever line 1 says meanwhile."""
    ticket = opened("three-line-helpdesk")
    act(ticket, acts.escalate("2", *MSG, Reason("investigation")), at=NOW)
    due_at = Clock.objects.get(ticket=ticket, name="dwell").due_at

    act(ticket, acts.consult("1", "They know nothing."), at=NOW + 3 * HOUR)

    assert Clock.objects.get(ticket=ticket, name="dwell").due_at == due_at


def test_004_11_development_is_asked_after_the_checklist_only(database: ServerDatabase) -> None:
    ticket = opened("software-vendor")
    points = offered(ticket).policy.procedure.checklist
    assert len(points) == 3

    with pytest.raises(InvalidError, match="checked: before Raised with development go through"):
        act(ticket, acts.set_stage("raised_with_development"))
    act(ticket, acts.set_stage("under_investigation"))
    after = act(ticket, acts.set_stage("raised_with_development", checked=True), at=LATER + HOUR)

    assert after.stage == "raised_with_development"
    assert told(ticket, "status")[-1]["checked"] == list(points)


@pytest.mark.parametrize("why", ["canceled", "outside_scope", "solved"])
def test_no_way_of_closing_hides_a_condition_that_holds(database: ServerDatabase, why: str) -> None:
    """Closed so, its alert would join the closed ticket for good: an acceptance without reason."""
    ticket = opened("software-vendor")
    Ticket.objects.filter(id=ticket.id).update(alert_key="pc:disk", evaluation="critical")

    with pytest.raises(ConflictError, match="still finds the condition"):
        act(ticket, acts.close(why))
    other = opened("software-vendor", client=ticket.client)
    with pytest.raises(ConflictError, match="duplicate of this one, or this one its child"):
        act(ticket, acts.make_duplicate(other.id))

    assert act(ticket, acts.close(why, fixed=True)).status == "closed"
