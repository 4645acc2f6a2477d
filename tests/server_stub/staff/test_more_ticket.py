"""Forms about the ticket itself: what is offered, what it does, what comes back."""

import re

import pytest
from django.test import Client as Browser

from agent.protocol.words import Evaluation, Priority
from server_stub.sla.policy import DEFAULT
from server_stub.tickets import acts
from server_stub.tickets.models import Ticket
from tests.server_stub.staff.pages import text
from tests.server_stub.staff.sending import an_alert, choices, done, offered, page, send
from tests.server_stub.tickets.desk import act, opened, told
from tests.support.rows import a_client, a_policy_version

pytestmark = [
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
    pytest.mark.usefixtures("later"),
]
"""What the acts do is tried on both databases where they are made, and so is every page."""


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
    a_policy_version("ours", text=own)
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
