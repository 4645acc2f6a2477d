"""What a technician does to a ticket in a browser: nothing that was typed is ever lost."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agent.protocol.words import Priority
from server_stub.clients.scope import ALL
from server_stub.tickets import acts
from server_stub.tickets.actions import amend
from server_stub.tickets.acts import Step
from server_stub.tickets.amendment import Actor
from server_stub.tickets.models import Ticket
from tests.browser.conftest import Desk
from tests.browser.test_stories import tab_to
from tests.browser.watched import Watch, axe_violations, overflow_px
from tests.support import desk_rows, hostile
from tests.support.polling import until

pytestmark = pytest.mark.needs("chromium")

TESS = "tess.okafor@desk.example"


@pytest.fixture
def tess(desk: Desk) -> Callable[..., None]:
    """A colleague who does something to the ticket about the disk."""
    desk_rows.technician(TESS, name="Tess Okafor")

    def does(*steps: Step) -> None:
        amend(ALL, desk.demo.disk.id, Actor(TESS), *steps, now=desk.now)

    return does


@pytest.fixture
def page(signed_in_page: Callable[..., Page], desk: Desk) -> Page:
    """The ticket about the disk, opened from the queue."""
    page = signed_in_page()
    page.locator(f"#ticket-{desk.demo.disk.id}").click()
    page.get_by_role("heading", name="Timeline").wait_for()
    return page


def test_a_ticket_is_worked_from_taking_it_to_resolving_by_mouse(page: Page, watch: Watch) -> None:
    watch.expected = ["status of 422"]
    timeline = page.get_by_role("region", name="Timeline")
    said = page.locator("#said")
    page.get_by_role("button", name="Take it").click()
    expect(said).to_have_text("Who works on it is changed.")
    expect(page.locator("#marks")).to_contain_text("assigned to Ana Sousa")

    page.get_by_text("Change the priority").first.click()
    form, why = page.locator("#form-priority"), page.locator("#priority-reason")
    form.get_by_label("Priority").select_option("urgent")
    why.fill(" ")
    form.get_by_role("button").click()
    expect(page.locator("#priority-reason-error")).to_contain_text("Say why the priority changes")
    expect(why).to_be_focused()
    why.fill("the practice opens at eleven")
    form.get_by_role("button").click()
    expect(timeline).to_contain_text("the practice opens at eleven")

    page.get_by_label("Note for colleagues").fill("Rang the reception.")
    page.get_by_role("button", name="Add note").click()
    expect(timeline).to_contain_text("Ana Sousa noted")
    page.get_by_label("Reply to the client").fill("Is it better now?")
    page.get_by_label("and then").select_option("waiting")
    page.get_by_role("button", name="Reply", exact=True).click()
    expect(page.locator("#marks")).to_contain_text("waiting")

    page.locator("#act-resolve summary").click()
    page.get_by_label("How was it settled?").fill("Emptied the bin.")
    page.get_by_role("button", name="Resolve the ticket").click()
    expect(page.locator("#marks")).to_contain_text("resolved")
    page.locator("#act-reopen summary").click()
    page.get_by_label("Why is it not settled?").fill("Full again.")
    page.get_by_role("button", name="Reopen the ticket").click()
    expect(page.locator("#marks")).to_contain_text("open")
    assert page.evaluate("Object.keys(localStorage)") == []


def test_a_ticket_is_found_answered_and_resolved_by_keyboard_alone(
    signed_in_page: Callable[..., Page], desk: Desk
) -> None:
    page = signed_in_page()
    keys = page.keyboard
    tab_to(page, "#search")
    keys.type(f"#{desk.demo.disk.id}")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Low disk space")
    tab_to(page, "a[href='#reply-body']")
    keys.press("Enter")
    expect(page.locator("#reply-body")).to_be_focused()
    keys.type("Is it better now?")
    keys.press("Tab")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    keys.press("Tab")
    keys.press("Enter")
    expect(page.locator("#said")).to_have_text("Your reply is on the timeline.")
    expect(page.locator("#marks")).to_contain_text("resolved")


def test_what_others_do_meanwhile_appears_and_leaves_what_is_being_typed_alone(
    page: Page, tess: Callable[..., None]
) -> None:
    page.locator("#clocks summary").first.click()
    reply = page.get_by_label("Reply to the client")
    reply.press_sequentially("Half a sent")
    tess(acts.note("Looked at it."))
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("Tess Okafor noted")
    expect(page.locator("#live-news")).to_contain_text("What you typed is untouched.")
    expect(reply).to_be_focused()
    expect(reply).to_have_value("Half a sent")
    page.keyboard.type("ence")
    expect(reply).to_have_value("Half a sentence")
    expect(page.get_by_text("Promised:").first).to_be_visible()


def test_a_collision_is_told_and_the_text_can_be_sent_all_the_same(
    page: Page, tess: Callable[..., None], watch: Watch, desk: Desk
) -> None:
    watch.expected = ["status of 409"]
    page.get_by_label("Reply to the client").fill("Is it better now?")
    tess(acts.set_priority(Priority.URGENT, "the practice opens at eleven"))
    page.get_by_role("button", name="Reply", exact=True).click()
    collision = page.locator("#collision")
    expect(collision).to_contain_text("Tess Okafor changed the priority")
    expect(page.get_by_label("Reply to the client")).to_have_value("Is it better now?")
    assert axe_violations(page) == []
    again = page.get_by_role("button", name="Do it all the same")
    expect(again).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("Your reply is on the timeline.")
    assert desk.demo.disk.timeline.filter(kind="reply").count() == 1


def test_unsent_text_comes_back_after_the_tab_was_closed_and_can_be_discarded(
    page: Page, desk: Desk, watch: Watch
) -> None:
    address = page.url
    page.get_by_label("Reply to the client").fill("Dear <b>client</b>,")
    context = page.context
    page.close()
    page = context.new_page()
    watch.over(page)
    page.goto(f"{desk.url}/tickets/1042")
    expect(page.get_by_label("Reply to the client")).to_have_value("")
    page.goto(address)
    expect(page.get_by_label("Reply to the client")).to_have_value("Dear <b>client</b>,")
    told = page.locator("#reply-body-draft")
    expect(told).to_contain_text("Your unsent text of")
    assert axe_violations(page) == []
    told.get_by_role("button", name="Discard it").click()
    page.reload()
    expect(page.get_by_label("Reply to the client")).to_have_value("")
    expect(told).to_be_hidden()


def test_a_session_that_ends_while_somebody_types_costs_no_words(page: Page, desk: Desk) -> None:
    page.get_by_label("Note for colleagues").fill("Rang them twice.")
    page.context.clear_cookies(name="watchdesk")
    page.get_by_role("button", name="Add note").click()
    page.get_by_label("Email address").fill("ana.sousa@desk.example")
    page.get_by_label("Password").fill(desk_rows.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{desk.url}/tickets/{desk.demo.disk.id}")
    expect(page.get_by_label("Note for colleagues")).to_have_value("Rang them twice.")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator("#said")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Note for colleagues")).to_have_value("")


def test_all_of_it_works_without_script(signed_in_page: Callable[..., Page], desk: Desk) -> None:
    page = signed_in_page(java_script_enabled=False)
    page.goto(f"{desk.url}/?q=front")
    page.get_by_role("link", name="Low disk space").click()
    page.get_by_label("Reply to the client").fill("Is it better now?")
    page.get_by_role("button", name="Reply", exact=True).click()
    expect(page.locator("#said")).to_have_text("Your reply is on the timeline.")
    page.locator("#act-resolve summary").click()
    page.get_by_role("button", name="Resolve the ticket").click()
    expect(page.locator("#marks")).to_contain_text("resolved")


def test_hostile_texts_that_a_technician_types_or_searches_for_do_nothing(
    signed_in_page: Callable[..., Page], desk: Desk, watch: Watch
) -> None:
    watch.expected = ["status of 400", "status of 422"]
    page = signed_in_page()
    actor = Actor("ana.sousa@desk.example")
    usable = [text for text in hostile.TEXTS if "\x1b" not in text]
    for text in usable:
        amend(ALL, desk.demo.disk.id, actor, acts.reply(text), now=desk.now)
    page.goto(f"{desk.url}/tickets/{desk.demo.disk.id}")
    draft = "".join(hostile.TEXTS)
    page.get_by_label("Note for colleagues").fill(draft)
    page.reload()
    expect(page.get_by_label("Note for colleagues")).not_to_have_value("")
    page.get_by_label("Note for colleagues").fill("\x1b" + "".join(usable[:40]))
    page.get_by_role("button", name="Add note").click()
    until(lambda: page.title().startswith(("Not done", "#")), what="an answer")
    assert page.evaluate("window.hacked") is None
    assert overflow_px(page) == 0
    for text in hostile.TEXTS[::20]:
        for path in ("/", "/devices"):
            page.goto(f"{desk.url}{path}")
            page.locator("#search").fill(text)
            page.locator("#search").press("Enter")
            page.wait_for_load_state()
            assert page.evaluate("window.hacked") is None
    assert Ticket.objects.filter(id=desk.demo.disk.id).exists()


def test_devices_are_searched_and_lead_to_their_tickets(
    signed_in_page: Callable[..., Page], desk: Desk
) -> None:
    page = signed_in_page()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Devices").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Devices")
    page.get_by_label("Part of a name").fill("front")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#devices tbody tr")).to_have_count(1)
    page.get_by_role("link", name="FRONTDESK-03").click()
    page.get_by_role("link", name="Low disk space").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"#{desk.demo.disk.id}")
