"""The rarer forms of a ticket's page, and the pages of maintenance and of the audit log."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from agent.protocol.words import Evaluation
from server_stub.audit.record import record
from server_stub.clients.scope import ALL
from server_stub.desk.models import Role, Technician
from server_stub.errors import InvalidError
from server_stub.quiet.models import MaintenanceWindow
from server_stub.tickets import acts
from server_stub.tickets.actions import amend
from server_stub.tickets.acts import Step
from server_stub.tickets.amendment import Actor
from server_stub.tickets.models import LinkKind, Ticket
from tests.browser.conftest import Desk
from tests.browser.test_stories import tab_to
from tests.browser.watched import Watch, axe_violations, overflow_px
from tests.server_stub.tickets.desk import opened
from tests.support import desk_rows, hostile
from tests.support.fleet_rows import a_held_back, a_member, a_window

pytestmark = pytest.mark.needs("chromium")

KIM = Actor("kim@desk.example")


@pytest.fixture
def row(desk: Desk) -> Ticket:
    """A ticket by the managed provider's procedure, which asks for reasons and has a matrix."""
    return opened("managed-provider", at=desk.now - timedelta(minutes=5))


def does(row: Ticket, desk: Desk, *steps: Step) -> None:
    """Let a colleague do something to a ticket."""
    amend(ALL, row.id, KIM, *steps, now=desk.now)


def unfold(page: Page) -> None:
    """Open everything that is folded."""
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")


def test_a_ticket_is_handed_to_another_level_by_keyboard_alone(
    signed_in_page: Callable[..., Page], desk: Desk, row: Ticket, watch: Watch
) -> None:
    watch.expected = ["status of 422", "status of 409"]
    page = signed_in_page()
    keys = page.keyboard
    page.goto(f"{desk.url}/tickets/{row.id}")
    tab_to(page, "#more-levels > summary")
    keys.press("Enter")
    tab_to(page, "#escalate-message")
    keys.type("Ana looks at it.")
    tab_to(page, "#form-escalate button")
    keys.press("Enter")
    wrong = page.locator("#escalate-expectation")
    expect(wrong).to_be_focused()
    expect(page.locator("#escalate-expectation-error")).to_contain_text("Say what the client may")
    expect(page.locator("#escalate-message")).to_have_value("Ana looks at it.")
    assert axe_violations(page) == []
    keys.type("Within the hour.")
    keys.press("Tab")
    keys.type("Complex")
    does(row, desk, acts.set_title("Somebody was quicker"))
    tab_to(page, "#form-escalate button")
    keys.press("Enter")
    expect(page.locator("#collision")).to_contain_text("renamed the ticket")
    expect(page.get_by_role("button", name="Do it all the same")).to_be_focused()
    keys.press("Enter")
    expect(page.locator("#said")).to_have_text("Another level has it; the client is told.")
    expect(page.get_by_role("region", name="About")).to_contain_text("Advanced support")
    assert page.evaluate("Object.keys(localStorage)") == []


def test_a_condition_that_holds_is_accepted_after_asking_what_if(
    signed_in_page: Callable[..., Page], desk: Desk, row: Ticket
) -> None:
    Ticket.objects.filter(id=row.id).update(alert_key="pc:x", evaluation=Evaluation.CRITICAL)
    does(row, desk, acts.resolve("It should be better."), acts.log_work(desk.now, 5, "Looked"))
    does(row, desk, acts.add_participant(acts.Person("Rui", "rui@harbour.example")))
    Technician.objects.update(role=Role.DISPATCHER)
    page = signed_in_page(scheme="dark")
    page.goto(f"{desk.url}/tickets/{row.id}")
    unfold(page)
    assert axe_violations(page) == []
    page.set_viewport_size({"width": 320, "height": 800})
    assert overflow_px(page) == 0
    page.get_by_label("Note for colleagues").fill("Half a sentence")
    page.locator("#if-priority").select_option("urgent")
    page.get_by_role("button", name="What would it do?").click()
    expect(page.locator("#supposed")).to_contain_text("Nothing was changed.")
    expect(page.get_by_label("Note for colleagues")).to_have_value("Half a sentence")
    assert page.url == f"{desk.url}/tickets/{row.id}"
    form = page.locator("#form-settle")
    form.get_by_label("it is accepted until a date").check()
    until = desk.now + timedelta(days=30)
    form.locator("#settle-until").fill(f"{until:%Y-%m-%dT%H:%M}")
    form.get_by_label("Why").fill("the disk is on order")
    form.get_by_role("button", name="Do so").click()
    expect(page.locator("#marks")).to_contain_text("closed")
    expect(page.get_by_role("region", name="About")).to_contain_text("Accepted")


def test_maintenance_is_planned_and_ended_by_keyboard_and_the_log_tells_it(
    signed_in_page: Callable[..., Page], desk: Desk, watch: Watch
) -> None:
    watch.expected = ["status of 422"]
    Technician.objects.update(role=Role.ADMIN)
    page = signed_in_page()
    keys = page.keyboard
    page.goto(f"{desk.url}/maintenance")
    tab_to(page, "#plan-where")
    keys.type("Harbour Dental")
    keys.press("Tab")
    keys.type("new switch")
    tab_to(page, "#plan button")
    keys.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was planned.")
    expect(page.locator("#plan-reason")).to_have_value("new switch")
    assert axe_violations(page) == []
    page.locator("#plan-ends").fill(f"{desk.now + timedelta(days=1):%Y-%m-%dT%H:%M}")
    tab_to(page, "#plan button")
    keys.press("Enter")
    windows = page.get_by_role("region", name="Windows")
    expect(windows).to_contain_text("new switch")
    tab_to(page, "form[action$='/end'] button")
    keys.press("Enter")
    expect(windows).to_contain_text("ended by ana.sousa@desk.example")
    assert MaintenanceWindow.objects.get().ended_at is not None
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Audit").click()
    tab_to(page, "#who")
    keys.type("ana.sousa@desk.example")
    keys.press("Enter")
    expect(page.get_by_role("region", name="Entries")).to_contain_text("maintenance end")


def test_hostile_texts_do_nothing_on_any_of_these_pages(
    signed_in_page: Callable[..., Page], desk: Desk, row: Ticket, watch: Watch
) -> None:
    """In every field that people or devices can set; the pages show the newest fifty rows."""
    watch.expected = ["status of 422"]
    Technician.objects.update(role=Role.ADMIN)
    harbour, site = desk.demo.harbour
    device = desk_rows.device((harbour, site), hostile.TEXTS[3][:60], now=desk.now)
    for text in hostile.TEXTS[::5]:
        try:
            others = acts.set_title(text[:300]), acts.set_team(text[:40]), acts.work_around(text)
            person = acts.add_participant(acts.Person(text[:200], f"a{hash(text)}@b.example"))
            work = acts.log_work(desk.now, 1, text)
        except InvalidError:  # a control character in a line: told to whoever typed it
            continue
        does(row, desk, *others, work, acts.delay(acts.Reason("", text)), person)
        window = a_window(harbour, reason=text, created_by=text[:200])
        a_held_back(device, title=text, fingerprint=text, window=window, who=text)
        record(text[:200], "page", text[:80], text[:300], client_id=harbour.id, told=text)
    for text in hostile.TEXTS[::23]:
        twin = opened("managed-provider", at=desk.now, client=row.client)
        Ticket.objects.filter(id=twin.id).update(title=text)
        does(row, desk, acts.link(twin.id, LinkKind.RELATED))
    a_member(device, row, site)
    page = signed_in_page(width=640)
    paths = [f"/tickets/{row.id}", f"/tickets/{row.id}/what-if?priority=urgent&type=%3Cb%3E"]
    paths += ["/maintenance", f"/maintenance?device={device.id}", f"/devices/{device.id}", "/audit"]
    for path in paths:
        page.goto(desk.url + path)
        unfold(page)
        page.wait_for_load_state()
        assert page.evaluate("window.hacked") is None, path
        assert page.evaluate("document.baseURI") == page.url
        assert overflow_px(page) == 0, path
