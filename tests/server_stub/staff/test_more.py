"""The rarer forms of a ticket's page: what is offered, what it does, what comes back."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser

from agent.protocol.words import Evaluation, Priority
from server_stub.clients.agreements import Terms, agree
from server_stub.desk.models import Role
from server_stub.fleet.models import Member, Outage
from server_stub.sla.models import PolicyVersion
from server_stub.sla.policy import DEFAULT
from server_stub.tickets import acts
from server_stub.tickets.models import Link, Participant, Ticket
from tests.server_stub.staff.pages import SignedIn, text
from tests.server_stub.tickets.desk import act, opened, told
from tests.support import desk_rows
from tests.support.rows import NOW, a_client, a_technician

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What the acts do is tried on both databases where they are made, and so is every page."""

LATER = NOW + timedelta(hours=1)
KIM = "kim@desk.example"


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Hold the pages' clock an hour after the tickets were opened."""
    monkeypatch.setattr("server_stub.staff.access.utc_now", lambda: LATER)
    return LATER


@pytest.fixture
def browser(signed_in: SignedIn) -> Browser:
    """A dispatcher's browser."""
    return signed_in(a_technician(KIM, role=Role.DISPATCHER))


def page(browser: Browser, row: Ticket) -> str:
    """Return a ticket's page."""
    answer = browser.get(f"/tickets/{row.id}")
    assert answer.status_code == 200
    return answer.content.decode()


def send(browser: Browser, row: Ticket, name: str, /, **given: Any) -> Any:
    """Open the page and send one of the forms that it offers."""
    shown = page(browser, row)
    form = re.search(rf'<form id="form-{name}".*?</form>', shown, re.DOTALL)
    assert form, f"{name} is not offered"
    hidden = dict(re.findall(r'name="(seen|newest)" value="([^"]*)"', form[0]))
    for field in given:
        assert f'name="{field}"' in form[0], f"{name} does not ask for {field}"
    return browser.post(f"/tickets/{row.id}/{name}", hidden | given)


def done(browser: Browser, row: Ticket, name: str, /, **given: Any) -> Ticket:
    """Send a form that is right; return the ticket as it is then."""
    answer = send(browser, row, name, **given)
    assert answer.status_code == 302, text(answer)
    return Ticket.objects.get(id=row.id)


def offered(shown: str) -> set[str]:
    """Return the names of the forms on a page."""
    return set(re.findall(r'<form id="form-([\w-]+)"', shown))


def choices(shown: str, field: str) -> list[str]:
    """Return what may be chosen in a field."""
    found = re.search(rf'<select name="\w+" id="{field}".*?</select>', shown, re.DOTALL)
    return re.findall(r'<option value="([^"]*)"', found[0]) if found else []


def an_alert(**fields: Any) -> Ticket:
    """Return a ticket whose condition the monitor finds still."""
    row = opened("managed-provider", **fields)
    found = {"alert_key": f"pc:{row.id}", "evaluation": Evaluation.CRITICAL, "source": "monitor"}
    Ticket.objects.filter(id=row.id).update(**found)
    return Ticket.objects.get(id=row.id)


def test_only_the_stages_that_may_follow_are_offered_and_taken(browser: Browser) -> None:
    row = done(browser, opened("managed-provider"), "stage", stage="delayed")
    assert row.stage == "delayed"
    shown = page(browser, row)
    assert choices(shown, "stage-stage") == ["open", "waiting", "resolved"]
    assert "Delayed by others" in shown
    refused = browser.post(f"/tickets/{row.id}/stage", {"stage": "new", "seen": row.revision})
    assert refused.status_code == 422


def test_a_priority_is_graded_by_the_matrix_with_a_reason(browser: Browser) -> None:
    row = opened("managed-provider")
    assert choices(page(browser, row), "grade-impact") == ["", "everyone", "many", "some"]
    graded = {"urgency": "now", "impact": "many", "complexity": "known"}
    row = done(browser, row, "grade", **graded, reason="the practice stands still")
    assert row.priority == Priority.URGENT
    assert told(row, "priority")[0] | {"body": ""} == graded | {
        "from": "normal",
        "to": "urgent",
        "reason": "the practice stands still",
        "body": "",
    }


def test_what_the_policy_demands_a_reason_of_gets_one_of_its_list(browser: Browser) -> None:
    row = opened("managed-provider")
    refused = send(browser, row, "priority", priority="high", reason_key="", reason="Keep me")
    assert refused.status_code == 422
    assert 'id="priority-reason_key-error"' in refused.content.decode()
    assert 'value="Keep me"' in refused.content.decode()
    row = done(browser, row, "priority", priority="high", reason_key="misjudged", reason="")
    assert (row.priority, told(row, "priority")[0]["reason_key"]) == ("high", "misjudged")


def test_a_type_that_needs_approval_is_asked_for_and_decided(browser: Browser) -> None:
    row = opened("three-line-helpdesk")
    assert '<option value="project">Project (needs an approval)</option>' in page(browser, row)
    row = done(browser, row, "type", type="project", reason="")
    assert row.approval == "asked"
    assert "another one waits for approval" in text(browser.get(f"/tickets/{row.id}"))
    refused = send(browser, row, "approval", granted="no", reason="")
    assert "Say why" in text(refused)
    row = done(browser, row, "approval", granted="yes", reason="")
    assert (row.type, row.approval) == ("project", "granted")


def test_a_date_is_promised_only_where_the_policy_leaves_it_to_a_role(browser: Browser) -> None:
    assert "date" not in offered(page(browser, opened("software-vendor")))
    row = opened("software-vendor", type="service_task")
    assert choices(page(browser, row), "date-clock") == ["resolution"]
    refused = send(browser, row, "date", clock="resolution", due_at="2026-03-01T09:00")
    assert 'id="date-due_at-error"' in refused.content.decode()
    done(browser, row, "date", clock="resolution", due_at="2026-03-09T16:00", reason="agreed")
    shown = text(browser.get(f"/tickets/{row.id}"))
    assert "promised a date 10:00 resolution: Mon 9 Mar 2026 16:00 UTC agreed" in shown


def test_an_escalation_tells_the_client_and_says_why(browser: Browser) -> None:
    row = opened("managed-provider")
    shown = page(browser, row)
    assert choices(shown, "escalate-level") == ["2"]  # a specialist takes what advanced had
    given = {"level": "2", "reason_key": "complex", "reason": ""}
    refused = send(browser, row, "escalate", **given, message="", expectation="Within the hour.")
    assert 'id="escalate-message-error"' in refused.content.decode()
    assert 'value="Within the hour."' in refused.content.decode()
    row = done(browser, row, "escalate", **given, message="Ana looks at it.", expectation="Soon.")
    assert row.level == 2
    assert told(row, "reply")[0]["body"] == "Ana looks at it.\n\nSoon."
    assert "Advanced support" in text(browser.get(f"/tickets/{row.id}"))


def test_a_level_that_takes_direct_contact_only_is_told_of_it(browser: Browser) -> None:
    row = opened("three-line-helpdesk")
    given = {"level": "3", "message": "Ana looks at it.", "expectation": "Soon."}
    given |= {"reason_key": "no_known_fix"}
    refused = send(browser, row, "escalate", **given)
    assert "3rd line takes tickets from 2nd line or direct contact only" in text(refused)
    assert "Ana looks at it.</textarea>" in refused.content.decode()
    key = choices(refused.content.decode(), "escalate-reason_key")[-1]
    row = done(browser, row, "escalate", **given | {"direct": "yes", "reason_key": key})
    assert row.level == 3


def test_three_levels_are_offered_where_a_policy_names_none(browser: Browser) -> None:
    row = opened("default")
    assert choices(page(browser, row), "escalate-level") == ["2"]
    given = {"level": "2", "message": "Ana looks at it.", "expectation": "Soon.", "reason": "hard"}
    assert done(browser, row, "escalate", **given).level == 2


def test_another_level_is_consulted(browser: Browser) -> None:
    row = done(browser, opened("managed-provider"), "consult", level="3", body="Try a new cable.")
    assert (row.level, told(row, "consultation")[0]["name"]) == (1, "Specialist")


def test_enough_attempts_in_vain_ask_for_a_decision(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = opened("managed-provider")
    assert "outcome" not in offered(page(browser, row))
    for day, way in enumerate(("phone", "email", "phone")):
        then = LATER + timedelta(days=day)
        monkeypatch.setattr("server_stub.staff.access.utc_now", lambda then=then: then)
        done(browser, row, "attempt", way=way, note="")
    assert "3 attempts were in vain so far; that is enough to decide." in text(
        browser.get(f"/tickets/{row.id}")
    )
    row = done(browser, row, "outcome", outcome="canceled", note="")
    assert (row.status, row.close_reason) == ("closed", "canceled")


def test_who_was_reached_is_no_attempt_in_vain(browser: Browser) -> None:
    row = opened("managed-provider")
    done(browser, row, "attempt", way="phone", reached="yes", note="They restart it.")
    assert told(row, "call")[0]["body"] == "They restart it."
    assert "in vain so far" not in text(browser.get(f"/tickets/{row.id}"))


def test_people_take_part_watch_and_leave(browser: Browser) -> None:
    row = opened("managed-provider")
    refused = send(browser, row, "participant", email="nobody", name="Rui")
    assert 'id="participant-email-error"' in refused.content.decode()
    done(browser, row, "participant", email="rui@harbour.example", name="Rui")
    done(browser, row, "watch", on="yes")
    shown = text(browser.get(f"/tickets/{row.id}"))
    assert f"Takes part Rui, {KIM} (watches)" in shown
    rui = Participant.objects.get(watches=False)
    assert browser.post(f"/tickets/{row.id}/leave", {"participant": rui.id}).status_code == 302
    done(browser, row, "watch", on="no")
    assert not Participant.objects.exists()


def test_a_duplicate_is_proposed_closed_and_taken_back(browser: Browser) -> None:
    first = opened("managed-provider")
    second = opened("managed-provider", client=first.client)
    shown = page(browser, second)
    assert f'name="original" value="{first.id}"' in shown
    second = done(browser, second, "duplicate", original=str(first.id), other="")
    assert (second.status, second.close_reason) == ("closed", "duplicate")
    assert f"#{second.id} The printer is out its duplicate, closed" in text(
        browser.get(f"/tickets/{first.id}")
    )
    given = {"other": first.id, "kind": "duplicate"}
    assert browser.post(f"/tickets/{second.id}/unlink", given).status_code == 302
    assert not Link.objects.exists()


def test_tickets_are_linked_by_number_and_a_foreign_one_is_a_missing_one(browser: Browser) -> None:
    row = opened("managed-provider")
    parent = opened("managed-provider", client=row.client)
    foreign = opened("managed-provider", client=a_client("Baker", policy="managed-provider"))
    answers = [
        send(browser, row, "link", kind="child", other=str(number))
        for number in (foreign.id, 999_999)
    ]
    for answer, number in zip(answers, (foreign.id, 999_999), strict=True):
        assert answer.status_code == 422
        told_beside = f"This client has no ticket {number} that you may see."
        assert told_beside in text(answer)
        assert 'id="link-other-error"' in answer.content.decode()
    done(browser, row, "link", kind="child", other=f"#{parent.id}")
    assert f"#{parent.id} The printer is out this is a part of, new" in text(
        browser.get(f"/tickets/{row.id}")
    )
    assert "a part of this" in text(browser.get(f"/tickets/{parent.id}"))


def test_work_is_logged_summed_and_charged_as_said(browser: Browser) -> None:
    row = opened("managed-provider")
    done(browser, row, "work", minutes="25", started_at="", chargeable="", note="Changed the drum")
    done(browser, row, "work", minutes="40", started_at="2026-03-02T09:05", chargeable="yes")
    shown = text(browser.get(f"/tickets/{row.id}"))
    assert "1 h 5 min so far." in shown
    assert "logged work 10:00 Changed the drum 25 min" in shown
    assert "25 min 09:35, kim@desk.example, not charged, Changed the drum" in shown
    assert told(row, "work")[1]["started_at"] == "2026-03-02T09:05:00+00:00"
    refused = send(browser, row, "work", minutes="-5", note="Keep me")
    assert 'id="work-minutes-error"' in refused.content.decode()
    assert "Keep me" in refused.content.decode()


def test_scope_charge_team_title_and_delay_are_one_form_each(browser: Browser) -> None:
    row = opened("managed-provider")
    done(browser, row, "scope", scope="integrated", reason="")
    done(browser, row, "charge", to="yes", reason="")
    done(browser, row, "team", team="Printers")
    done(browser, row, "title", title="The printer is out of toner")
    done(browser, row, "delay", reason_key="weather", reason="snow")
    row = done(browser, row, "work-around", body="Use the one in bay 4.")
    assert (row.scope, row.chargeable, row.team) == ("integrated", True, "Printers")
    shown = text(browser.get(f"/tickets/{row.id}"))
    assert "Until it is solved Use the one in bay 4." in shown
    assert "Charged yes" in shown
    assert row.title == "The printer is out of toner"


def test_a_ticket_is_put_under_an_agreement_and_matters_more(browser: Browser) -> None:
    row = opened("managed-provider")
    assert "agreement" not in offered(page(browser, row))
    agree(row.client, Terms("premium", NOW.date()))
    agree(row.client, Terms("gone", NOW.date() - timedelta(days=9), NOW.date() - timedelta(days=1)))
    shown = page(browser, row)
    assert choices(shown, "agreement-agreement") == [*choices(shown, "if-agreement")[1:], "none"]
    told = text(browser.get(f"/tickets/{row.id}/what-if?agreement=premium&importance=vip"))
    assert "Resolution: would be" in told
    refused = send(browser, row, "agreement", agreement="premium", reason=" ")
    assert 'id="agreement-reason-error"' in refused.content.decode()
    done(browser, row, "agreement", agreement="premium", reason="signed today")
    done(browser, row, "importance", importance="vip", reason="it is the owner's")
    about = text(browser.get(f"/tickets/{row.id}"))
    assert "Agreement premium Importance vip Type" in about


def test_closing_a_ticket_whose_condition_holds_asks_what_holds(browser: Browser) -> None:
    row = an_alert()
    act(row, acts.resolve("It should be better."))
    shown = page(browser, row)
    assert "status" not in offered(shown)
    refused = send(browser, row, "settle", how="until", until="", reason="old disk")
    assert 'id="settle-until-error"' in refused.content.decode()
    assert re.search(r'value="until" checked', refused.content.decode())
    assert 'value="old disk"' in refused.content.decode()
    row = done(browser, row, "settle", how="until", until="2026-04-01T09:00", reason="old disk")
    assert (row.status, row.close_reason) == ("closed", "accepted")
    assert "Accepted until Wed 1 Apr 09:00" in text(browser.get(f"/tickets/{row.id}"))
    row = done(browser, row, "end-acceptance", reason="it was changed")
    assert (row.status, row.accepted_until) == ("open", None)


@pytest.mark.parametrize(
    ("how", "status", "why"),
    [("fixed", "closed", "resolved"), ("good", "closed", "accepted"), ("open", "open", "")],
)
def test_what_holds_is_said_by_one_choice(
    browser: Browser, how: str, status: str, why: str
) -> None:
    row = an_alert()
    act(row, acts.resolve("It should be better."))
    row = done(browser, row, "settle", how=how, until="", reason="as agreed")
    assert (row.status, row.close_reason) == (status, why)


def test_what_nobody_can_look_at_is_closed_as_any_ticket_or_accepted(browser: Browser) -> None:
    row = an_alert()
    Ticket.objects.filter(id=row.id).update(evaluation=Evaluation.UNKNOWN)
    assert {"settle", "close"} <= offered(page(browser, row))
    Ticket.objects.filter(id=row.id).update(evaluation=Evaluation.CRITICAL)
    assert offered(page(browser, row)) & {"settle", "close"} == {"settle"}


def test_what_asks_for_a_reason_is_a_form_and_no_button(browser: Browser) -> None:
    """A policy of one's own: whoever lets a ticket wait says what for."""
    shipped = DEFAULT.with_name("managed-provider.yaml").read_text(encoding="utf-8")
    plain = "waiting: {all: paused, response: running}"
    asking = plain.replace("}", ", reason: yes}")
    own = shipped.replace(plain, asking).replace(
        "  closing:", "  waiting: {parts: Parts are ordered}\n  closing:"
    )
    assert asking in own
    PolicyVersion.objects.create(name="ours", hash="0" * 64, text=own)
    row = opened("managed-provider", client=a_client(policy="ours"))
    shown = page(browser, row)
    assert "Wait for the client" not in shown
    assert choices(shown, "reply-then") == ["", "resolved"]
    refused = send(browser, row, "stage", stage="waiting", reason_key="")
    assert 'id="stage-reason' in refused.content.decode()
    row = done(browser, row, "stage", stage="waiting", reason_key="parts")
    assert (row.status, told(row, "status")[-1]["reason"]) == ("waiting", "Parts are ordered")


@pytest.mark.parametrize(
    "policy",
    [
        "default",
        "express-desk",
        "managed-provider",
        "platform-support",
        "software-vendor",
        "three-line-helpdesk",
    ],
)
def test_no_button_is_offered_that_a_procedure_asks_a_reason_for(
    browser: Browser, policy: str
) -> None:
    row = opened(policy)
    for status in ("open", "waiting"):
        shown = page(browser, row)
        for then in choices(shown, "reply-then")[1:]:
            twin = opened(policy, client=row.client)
            hidden = {"seen": twin.revision, "body": "Is it better?", "then": then}
            assert browser.post(f"/tickets/{twin.id}/reply", hidden).status_code == 302, then
        button = re.search(r'name="status" value="(\w+)"', shown)
        if button:
            given = {"seen": row.revision, "status": button[1]}
            assert browser.post(f"/tickets/{row.id}/status", given).status_code == 302, status
            row.refresh_from_db()


def test_the_clients_word_closes_or_opens_it_again(browser: Browser) -> None:
    row = opened("software-vendor")
    assert "confirm" not in offered(page(browser, row))
    act(row, acts.resolve("Restarted it.", reason=acts.Reason()))
    row = done(browser, row, "confirm", fixed="no", body="It is out again.")
    assert row.status == "open"
    act(row, acts.resolve("Changed it."))
    assert done(browser, row, "confirm", fixed="yes", body="").status == "closed"


def test_a_ticket_is_closed_unsolved_with_why(browser: Browser) -> None:
    row = done(browser, opened("managed-provider"), "close", why="outside_scope", reason="")
    assert (row.status, row.close_reason) == ("closed", "outside_scope")
    left = {"reopen", "watch", "participant", "link", "work", "note"}
    assert offered(page(browser, row)) == left


def test_a_collision_keeps_what_was_typed_in_any_form(browser: Browser) -> None:
    row = opened("managed-provider")
    seen = re.search(r'name="seen" value="([^"]*)"', page(browser, row))
    assert seen
    act(row, acts.set_title("Somebody was quicker"))
    given = {"level": "3", "body": "Keep me", "seen": seen[1], "newest": "1"}
    answer = browser.post(f"/tickets/{row.id}/consult", given)
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert 'form="form-consult" autofocus' in shown
    assert re.search(r'<details class="act" id="more-levels" open>', shown)
    assert "Keep me</textarea>" in shown
    assert "your text is kept below" in shown


def test_a_form_that_does_not_fit_any_more_comes_back_with_what_was_typed(
    browser: Browser,
) -> None:
    """The ticket was closed meanwhile: nothing of it would be offered now."""
    row = opened("managed-provider")
    act(row, acts.close("canceled"))
    row.refresh_from_db()
    given = {"level": "3", "body": "Keep me", "seen": row.revision}
    answer = browser.post(f"/tickets/{row.id}/consult", given)
    assert answer.status_code == 422
    assert "is closed: reopen it first" in text(answer)
    assert "Keep me</textarea>" in answer.content.decode()


def test_who_may_only_read_is_offered_no_form(signed_in: SignedIn) -> None:
    row = an_alert()
    reader = signed_in(a_technician(role=Role.READ_ONLY))
    assert offered(page(reader, row)) == set()
    assert "Take it" not in text(reader.get(f"/tickets/{row.id}"))


def test_what_a_role_may_not_is_not_offered(signed_in: SignedIn) -> None:
    row = opened("software-vendor")
    Ticket.objects.filter(id=row.id).update(approval="asked")
    technician = signed_in(a_technician())
    assert {"approval", "date"}.isdisjoint(offered(page(technician, row)))


def test_what_if_tells_each_clock_and_changes_nothing(browser: Browser) -> None:
    row = opened("managed-provider")
    answer = browser.get(f"/tickets/{row.id}/what-if?priority=urgent")
    shown = text(answer)
    assert "Resolution: would be" in shown
    assert "Nothing was changed." in shown
    assert '<option value="urgent" selected>' in answer.content.decode()
    alone = browser.get(
        f"/tickets/{row.id}/what-if?priority=urgent", headers={"HX-Request": "true"}
    ).content.decode()
    assert alone.startswith("<ul")
    row.refresh_from_db()
    assert (row.priority, row.version) == ("normal", 0)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Choose what would be different."),
        ("priority=burning", "There is no such priority."),
        ("stage=%00burning", "There is no such stage"),
        ("type=%3Cb%3E", "There is no such type"),
    ],
)
def test_what_if_tells_what_cannot_be_asked(browser: Browser, query: str, said: str) -> None:
    row = opened("managed-provider")
    answer = browser.get(f"/tickets/{row.id}/what-if?{query}", headers={"HX-Request": "true"})
    assert (answer.status_code, said in text(answer)) == (200, True)
    assert browser.get(f"/tickets/{row.id}/what-if?{query}").status_code == 422


def test_the_ticket_of_an_outage_shows_its_devices(browser: Browser, now: datetime) -> None:
    row = opened("managed-provider")
    assert "Devices of this outage" not in text(browser.get(f"/tickets/{row.id}"))
    site = row.site
    assert site
    outage = Outage.objects.create(client=row.client, site=site, ticket=row, started_at=now)
    for name, back in (("bay-1", False), ("bay-2", True)):
        device = desk_rows.device((row.client, site), name, now=now)
        Member.objects.create(
            outage=outage,
            device=device,
            joined_at=NOW,
            missing_since=NOW,
            released_at=now if back else None,
            heard=back,
        )
    shown = text(browser.get(f"/tickets/{row.id}"))
    assert "Devices of this outage 1 missing, 1 not any more" in shown
    assert "bay-1 workstation 09:00 missing" in shown
    assert "bay-2 workstation 09:00 heard again just now" in shown
