"""What a technician does on a ticket's page, without script, on both databases."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser

from agent.protocol.words import Priority, Status
from server_stub.clients.scope import ALL
from server_stub.desk.models import Role, Technician
from server_stub.tickets import acts
from server_stub.tickets.actions import amend
from server_stub.tickets.amendment import Actor
from server_stub.tickets.models import EntryKind, Ticket
from tests.server_stub.staff.pages import Answer, SignedIn, text
from tests.support import desk_rows

TUESDAY = datetime(2026, 11, 24, 10, 33, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
ANA = "ana.sousa@desk.example"
TESS = "tess.okafor@desk.example"


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Hold the pages' clock at a Tuesday morning, within office hours."""
    monkeypatch.setattr("server_stub.staff.access.utc_now", lambda: TUESDAY)
    return TUESDAY


@pytest.fixture
def ana(database: object) -> Technician:
    """Who looks at the page."""
    return desk_rows.technician()


@pytest.fixture
def row(database: object, now: datetime) -> Ticket:
    """A new ticket of one client."""
    return desk_rows.ticket(desk_rows.client(), "Disk is full", now=now)


def hidden(page: Answer) -> dict[str, str]:
    """Return what a page's forms send beside what was typed."""
    found = re.findall(r'name="(seen|newest)" value="([^"]*)"', page.content.decode())
    return dict(found)


def send(browser: Browser, row: Ticket, act: str, **given: Any) -> Any:
    """Open the page and send one of its forms."""
    page = browser.get(f"/tickets/{row.id}")
    assert f'action="/tickets/{row.id}/{act}"' in page.content.decode()
    return browser.post(f"/tickets/{row.id}/{act}", hidden(page) | given)


def kinds(row: Ticket) -> list[str]:
    return list(row.timeline.order_by("id").values_list("kind", flat=True))


def test_a_reply_is_on_the_timeline_under_its_writers_name(
    signed_in: SignedIn, ana: Technician, row: Ticket
) -> None:
    browser = signed_in(ana)
    answer = send(browser, row, "reply", body="On my way.\r\nAna", then="")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/tickets/{row.id}#said")
    page = browser.get(f"/tickets/{row.id}")
    assert f'data-sent="{row.id}/reply"' in page.content.decode()
    assert "Your reply is on the timeline." in text(page)
    assert "Ana Sousa replied 10:33 On my way. Ana" in text(page)
    assert f'title="{ANA}"' in page.content.decode()
    assert "open priority normal" in text(page)
    assert "Your reply is on" not in text(browser.get(f"/tickets/{row.id}"))


@pytest.mark.parametrize("then", ["waiting", "resolved"])
def test_a_reply_can_wait_for_the_client_or_resolve_at_once(
    signed_in: SignedIn, ana: Technician, row: Ticket, then: str
) -> None:
    send(signed_in(ana), row, "reply", body="Try again, please.", then=then)
    row.refresh_from_db()
    assert row.status == then


def test_a_note_a_colleague_a_priority_and_a_status_are_one_form_each(
    signed_in: SignedIn, ana: Technician, row: Ticket
) -> None:
    tess = desk_rows.technician(TESS, name="Tess Okafor")
    browser = signed_in(ana)
    send(browser, row, "note", body="Rang them.")
    send(browser, row, "assign", assignee=ANA)
    send(browser, row, "assign", assignee=TESS)
    send(browser, row, "priority", priority="urgent", reason="the practice opens at eleven")
    send(browser, row, "status", status="waiting")
    row.refresh_from_db()
    assert (row.assignee, row.priority, row.status) == (tess, "urgent", "waiting")
    page = text(browser.get(f"/tickets/{row.id}"))
    assert "Ana Sousa assigned the ticket 10:33 nobody" not in page
    assert "Ana Sousa assigned the ticket 10:33 Ana Sousa → Tess Okafor" in page
    assert "normal → urgent the practice opens at eleven" in page
    assert "assigned to Tess Okafor" in page
    send(browser, row, "status", status="open")
    row.refresh_from_db()
    assert row.status == Status.OPEN


def test_a_ticket_is_resolved_reopened_and_closed(
    signed_in: SignedIn, ana: Technician, row: Ticket
) -> None:
    browser = signed_in(ana)
    send(browser, row, "resolve", body="Emptied the bin.")
    assert "Ana Sousa resolved the ticket" in text(browser.get(f"/tickets/{row.id}"))
    send(browser, row, "reopen", body="Full again.")
    row.refresh_from_db()
    assert row.status == Status.OPEN
    send(browser, row, "resolve", body="")
    send(browser, row, "status", status="closed")
    row.refresh_from_db()
    assert row.status == Status.CLOSED
    page = browser.get(f"/tickets/{row.id}").content.decode()
    left = re.findall(rf'action="/tickets/{row.id}/(\w+)"', page)
    assert left == ["reopen", "watch", "participant", "link", "work", "note"]


@pytest.mark.parametrize(
    ("act", "given", "said"),
    [
        ("reply", {"body": "  ", "then": ""}, "It is empty."),
        ("reply", {"body": "Keep me", "then": "burn"}, "choose one of these"),
        ("note", {"body": "Keep me" + "x" * 20_000}, "16384"),
        ("note", {"body": "Keep me \0"}, "NUL"),
        ("priority", {"priority": "high", "reason": ""}, "Say why the priority changes"),
        ("priority", {"priority": "<b>", "reason": "Keep me"}, "Choose one of these."),
        ("assign", {"assignee": "nobody@nowhere.example"}, "no technician of this address"),
        ("status", {"status": "new"}, "Choose one of these."),
    ],
)
def test_what_cannot_be_is_told_beside_its_field_and_what_was_typed_is_kept(  # noqa: PLR0917
    signed_in: SignedIn,
    ana: Technician,
    row: Ticket,
    act: str,
    given: dict[str, str],
    said: str,
) -> None:
    answer = send(signed_in(ana), row, act, **given)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said.casefold() in text(answer).casefold()
    for typed in given.values():
        assert not typed.startswith("Keep me") or typed in page or "\0" in typed
    assert f"<title>Not done: #{row.id}" in page
    assert kinds(row) == ["opened"]


def test_whoever_looked_before_a_colleague_changed_it_is_told_and_loses_nothing(
    signed_in: SignedIn, ana: Technician, row: Ticket
) -> None:
    desk_rows.technician(TESS, name="Tess Okafor")
    browser = signed_in(ana)
    before = hidden(browser.get(f"/tickets/{row.id}"))
    step = acts.set_priority(Priority.URGENT, "the practice opens at eleven")
    amend(ALL, row.id, Actor(TESS), step, now=TUESDAY - 2 * _MINUTE)
    answer = browser.post(
        f"/tickets/{row.id}/reply", before | {"body": "Keep <me>", "then": "waiting"}
    )
    assert answer.status_code == 409
    page = text(answer)
    assert "The ticket has changed since you opened this page." in page
    assert "Tess Okafor changed the priority 2 min ago : normal → urgent" in page
    assert "your text is kept below" in page
    assert "Keep &lt;me&gt;</textarea>" in answer.content.decode()
    assert '<option value="waiting" selected>' in answer.content.decode()
    assert '<button form="form-reply" autofocus>' in answer.content.decode()
    assert EntryKind.REPLY not in kinds(row)
    again = browser.post(
        f"/tickets/{row.id}/reply", hidden(answer) | {"body": "Keep <me>", "then": "waiting"}
    )
    assert again.status_code == 302
    assert kinds(row)[-3:] == ["reply", "status", "status"]


def test_a_note_is_right_whatever_happened_meanwhile(
    signed_in: SignedIn, ana: Technician, row: Ticket
) -> None:
    browser = signed_in(ana)
    before = hidden(browser.get(f"/tickets/{row.id}"))
    amend(ALL, row.id, Actor(TESS), acts.note("Looked at it."), now=TUESDAY)
    answer = browser.post(f"/tickets/{row.id}/note", before | {"body": "Me too."})
    assert answer.status_code == 302


def test_what_the_monitor_measures_again_is_no_collision(
    signed_in: SignedIn, ana: Technician, row: Ticket
) -> None:
    browser = signed_in(ana)
    before = hidden(browser.get(f"/tickets/{row.id}"))
    desk_rows.entry(row, EntryKind.CHANGED, TUESDAY)
    Ticket.objects.filter(id=row.id).update(occurrences=2, updated_at=TUESDAY)
    answer = browser.post(f"/tickets/{row.id}/reply", before | {"body": "On my way.", "then": ""})
    assert answer.status_code == 302


def test_a_colleagues_ticket_is_taken_over_by_dispatchers_only(
    signed_in: SignedIn, ana: Technician, row: Ticket
) -> None:
    desk_rows.technician(TESS, name="Tess Okafor")
    amend(ALL, row.id, Actor(TESS), acts.assign(acts_assignee(TESS)), now=TUESDAY)
    browser = signed_in(ana)
    refused = send(browser, row, "assign", assignee=ANA)
    assert refused.status_code == 403
    assert "a dispatcher can reassign it" in text(refused)
    ana.role = Role.DISPATCHER
    ana.save()
    assert send(browser, row, "assign", assignee=ANA).status_code == 302


def acts_assignee(email: str) -> acts.Assignee:
    technician = Technician.objects.get(email=email)
    return acts.Assignee(technician.pk, technician.email, technician.scope)


def test_only_those_who_see_the_ticket_are_offered(
    signed_in: SignedIn, ana: Technician, row: Ticket
) -> None:
    other = desk_rows.client("Baker & Finch")
    desk_rows.technician("of.baker@desk.example", name="Of Baker", only=[other[0]])
    desk_rows.technician("of.both@desk.example", name="Of Both", only=[other[0], row.client])
    left = desk_rows.technician("left@desk.example", name="Long Gone")
    Technician.objects.filter(pk=left.pk).update(is_active=False)
    page = signed_in(ana).get(f"/tickets/{row.id}").content.decode()
    offered = re.findall(r'<option value="([^"]*@[^"]*)"', page)
    assert offered == [ANA, "of.both@desk.example"]


def test_a_foreign_ticket_is_a_missing_one_whatever_is_sent(
    signed_in: SignedIn, row: Ticket, now: datetime
) -> None:
    theirs = desk_rows.client("Baker & Finch")
    browser = signed_in(desk_rows.technician(only=[theirs[0]]))
    for act in ("reply", "note", "assign", "priority", "status", "resolve", "reopen"):
        given = {"body": "x", "assignee": "", "priority": "low", "reason": "x", "status": "open"}
        answers = [
            browser.post(f"/tickets/{number}/{act}", given) for number in (row.id, 999_999, 2**63)
        ]
        assert [answer.status_code for answer in answers] == [404, 404, 404]
        assert len({answer.content for answer in answers}) == 1
    assert browser.post(f"/tickets/{row.id}/burn").status_code == 404
    assert kinds(row) == ["opened"]


def test_an_address_of_a_form_alone_leads_to_the_ticket(
    signed_in: SignedIn, ana: Technician, row: Ticket
) -> None:
    """Where somebody lands who signed in again after the session ended."""
    answer = signed_in(ana).get(f"/tickets/{row.id}/reply")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/tickets/{row.id}")


def test_a_form_of_another_site_does_nothing(ana: Technician, row: Ticket) -> None:
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(ana)
    answer = browser.post(f"/tickets/{row.id}/note", {"body": "planted"})
    assert answer.status_code == 403
    assert kinds(row) == ["opened"]


def test_a_refresh_brings_no_form_and_nothing_until_something_changed(
    signed_in: SignedIn, ana: Technician, row: Ticket
) -> None:
    desk_rows.technician(TESS, name="Tess Okafor")
    browser = signed_in(ana)
    page = browser.get(f"/tickets/{row.id}").content.decode()
    known = dict(re.findall(r'name="(state|newest)" value="([^"]*)"', page))
    ask = {"headers": {"HX-Request": "true"}}
    same = browser.get(f"/tickets/{row.id}", known, **ask)  # type: ignore[arg-type]
    assert same.status_code == 204
    amend(ALL, row.id, Actor(TESS), acts.note("Looked at it."), now=TUESDAY)
    changed = browser.get(f"/tickets/{row.id}", known, **ask)  # type: ignore[arg-type]
    assert changed.status_code == 200
    assert "<form" not in changed.content.decode()
    assert "Tess Okafor noted just now. What you typed is untouched." in text(changed)
    assert 'id="clocks"' in changed.content.decode()
