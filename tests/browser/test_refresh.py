"""The queue keeps itself up to date and leaves alone what a person is doing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agent.protocol.words import Status
from server_stub.tickets.models import Ticket
from tests.browser.conftest import Desk
from tests.browser.watched import Watch
from tests.support import desk_rows
from tests.support.polling import until
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.needs("chromium")


def test_new_tickets_appear_and_are_told_and_the_focus_stays(
    signed_in_page: Callable[..., Page], desk: Desk
) -> None:
    page = signed_in_page(width=400)
    link = page.locator(f"#ticket-{desk.demo.disk.id}")
    link.focus()
    start = page.evaluate("window.scrollY")
    page.mouse.wheel(0, 100)
    until(lambda: page.evaluate("window.scrollY") == start + 100, what="scrolling")
    place = "element => Math.round(element.getBoundingClientRect().top)"
    before = link.evaluate(place)
    for title in ("Fan of ng-hv-02 has stopped", "Mail does not arrive"):
        desk_rows.ticket(desk.demo.harbour, title, now=desk.now)
    news = page.locator("#news")
    expect(news).to_have_attribute("aria-live", "polite")
    expect(news).to_contain_text("2 new tickets at ")
    expect(page.get_by_role("link", name="Mail does not arrive")).to_be_visible()
    expect(page.locator("#queue-count")).to_contain_text("10 unresolved tickets")
    expect(link).to_be_focused()
    assert abs(link.evaluate(place) - before) <= 1, "what is read stays where it is on the screen"


def test_the_focus_of_a_ticket_that_leaves_goes_to_its_neighbour(
    signed_in_page: Callable[..., Page], desk: Desk
) -> None:
    page = signed_in_page()
    links = page.locator("#queue tbody a[id]")
    leaving = page.locator(f"#ticket-{desk.demo.disk.id}")
    leaving.focus()
    following = links.nth(_position(page, f"ticket-{desk.demo.disk.id}") + 2).get_attribute("id")
    Ticket.objects.filter(id=desk.demo.disk.id).update(status=Status.RESOLVED, resolved_at=desk.now)
    expect(leaving).to_have_count(0)
    expect(page.locator(f"#{following}")).to_be_focused()


def test_what_a_person_has_selected_is_not_taken_away(
    signed_in_page: Callable[..., Page], desk: Desk
) -> None:
    page = signed_in_page()
    link = page.locator(f"#ticket-{desk.demo.disk.id}")
    link.evaluate("element => getSelection().selectAllChildren(element)")
    desk_rows.ticket(desk.demo.harbour, "Meanwhile", now=desk.now)
    refreshed = page.get_by_role("link", name="Meanwhile")
    page.evaluate("document.addEventListener('htmx:beforeRequest', () => { window.due = true; })")
    # Not wait_for_function: the pages' policy forbids the eval that it polls with.
    until(lambda: page.evaluate("window.due"), what="a refresh that was put off")
    assert page.evaluate("getSelection().toString()") == desk.demo.disk.title
    expect(refreshed).to_have_count(0)
    page.evaluate("getSelection().removeAllRanges()")
    expect(refreshed).to_be_visible()


def test_a_server_that_is_away_is_told_the_list_is_kept_and_it_goes_on_by_itself(
    signed_in_page: Callable[..., Page],
    desk: Desk,
    watch: Watch,
    server_process: Callable[..., ServerProcess],
) -> None:
    watch.expected = ["net::ERR_", "console error: htmx:"]
    page = signed_in_page()
    desk.server.stop()
    away = page.get_by_text("No answer from the server since")
    expect(away).to_be_visible()
    expect(page.locator("#queue tbody tr")).to_have_count(8)
    desk_rows.ticket(desk.demo.harbour, "While you were away", now=desk.now)
    server_process(desk.server.database, "--listen", desk.url.removeprefix("http://"))
    expect(page.get_by_role("link", name="While you were away")).to_be_visible()
    expect(away).to_be_hidden()


def test_a_session_that_ended_is_told_and_leads_back_to_the_same_list(
    signed_in_page: Callable[..., Page], desk: Desk, watch: Watch
) -> None:
    watch.expected = ["401", "htmx:responseError"]
    page = signed_in_page()
    page.goto(f"{desk.url}/?status=new")
    page.context.clear_cookies(name="watchdesk")
    page.get_by_role("link", name="Sign in again").click()
    page.get_by_label("Email address").fill("ana.sousa@desk.example")
    page.get_by_label("Password").fill(desk_rows.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{desk.url}/?status=new")


def _position(page: Page, identifier: str) -> int:
    order: list[str] = page.locator("#queue tbody a[id]").evaluate_all("all => all.map(a => a.id)")
    return order.index(identifier)
