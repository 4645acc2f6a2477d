"""Forms about who and what is around a ticket; who is offered any; what if; an outage."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client as Browser

from server_stub.clients.agreements import Terms, agree
from server_stub.desk.models import Role
from server_stub.fleet.models import Member, Outage
from server_stub.tickets import acts
from server_stub.tickets.models import Link, Participant, Ticket
from tests.server_stub.staff.pages import SignedIn, text
from tests.server_stub.staff.sending import KIM, LATER, an_alert, choices, done, offered, page, send
from tests.server_stub.tickets.desk import act, opened, told
from tests.support import desk_rows
from tests.support.rows import NOW, a_client, a_technician

pytestmark = [
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
    pytest.mark.usefixtures("later"),
]
"""What the acts do is tried on both databases where they are made, and so is every page."""


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


def test_the_ticket_of_an_outage_shows_its_devices(browser: Browser, later: datetime) -> None:
    row = opened("managed-provider")
    assert "Devices of this outage" not in text(browser.get(f"/tickets/{row.id}"))
    site = row.site
    assert site
    outage = Outage.objects.create(client=row.client, site=site, ticket=row, started_at=later)
    for name, back in (("bay-1", False), ("bay-2", True)):
        device = desk_rows.device((row.client, site), name, now=later)
        Member.objects.create(
            outage=outage,
            device=device,
            joined_at=NOW,
            missing_since=NOW,
            released_at=later if back else None,
            heard=back,
        )
    shown = text(browser.get(f"/tickets/{row.id}"))
    assert "Devices of this outage 1 missing, 1 not any more" in shown
    assert "bay-1 workstation 09:00 missing" in shown
    assert "bay-2 workstation 09:00 heard again just now" in shown
