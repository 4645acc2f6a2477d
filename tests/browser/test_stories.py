"""What a technician does, by mouse and by keyboard alone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk
from tests.support import desk_rows

pytestmark = pytest.mark.needs("chromium")

TITLE = "Low disk space on C: – 3.2 GiB free"


def test_from_signing_in_to_the_device_and_out_again_by_mouse(
    open_page: Callable[..., Page], desk: Desk
) -> None:
    page = open_page()
    page.goto(f"{desk.url}/tickets/{desk.demo.disk.id}")
    expect(page).to_have_title("Sign in · watchdesk")
    page.get_by_label("Email address").fill("ana.sousa@desk.example")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password").fill(desk_rows.PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text(TITLE)
    clocks = page.get_by_role("region", name="Clocks")
    expect(clocks).to_contain_text("Response:")
    clocks.get_by_text("How this was reckoned").first.click()
    expect(clocks.get_by_text("Promised:").first).to_be_visible()
    expect(page.get_by_role("region", name="Timeline")).to_contain_text(
        "The monitor changed the priority"
    )
    page.get_by_role("region", name="About").get_by_role("link", name="FRONTDESK-03").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("FRONTDESK-03")
    expect(page.get_by_role("table", name="Checks")).to_contain_text("no answer within 10 s")
    page.get_by_role("link", name=TITLE).click()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Queue").click()

    page.get_by_label("Client", exact=True).select_option("Harbour Dental")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#queue tbody tr")).to_have_count(2)
    page.get_by_role("link", name="Show all").click()
    expect(page.locator("#queue tbody tr")).to_have_count(8)

    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{desk.url}/sign-in")
    page.go_back()
    expect(page).to_have_title("Sign in · watchdesk")


def test_the_same_by_keyboard_alone(open_page: Callable[..., Page], desk: Desk) -> None:
    page = open_page()
    page.goto(f"{desk.url}/")
    keys = page.keyboard
    keys.type("ana.sousa@desk.example")  # the first field has the focus
    keys.press("Tab")
    keys.type(desk_rows.PASSWORD)
    keys.press("Enter")
    page.get_by_role("heading", name="Queue").wait_for()

    keys.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    expect(page.locator(":focus")).to_be_in_viewport()
    keys.press("Enter")
    tab_to(page, f"#ticket-{desk.demo.disk.id}")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(TITLE)

    tab_to(page, "#clocks summary")
    keys.press("Enter")
    expect(page.get_by_text("Promised:").first).to_be_visible()
    tab_to(page, f"a[href='/devices/{desk.demo.front_desk.id}']")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("FRONTDESK-03")

    tab_to(page, ".who button")
    keys.press("Enter")
    expect(page).to_have_url(f"{desk.url}/sign-in")


def test_what_has_the_focus_is_always_seen_to_have_it(signed_in_page: Callable[..., Page]) -> None:
    for scheme in ("light", "dark"):
        page = signed_in_page(scheme=scheme)
        stops = page.locator(
            "a[href]:visible, button:visible, select:visible, input:visible"
        ).count()
        for _ in range(stops):
            page.keyboard.press("Tab")
            seen = page.evaluate(
                "() => { const style = getComputedStyle(document.activeElement);"
                " return [style.outlineStyle, parseFloat(style.outlineWidth)]; }"
            )
            assert seen == ["solid", 3]
            expect(page.locator(":focus")).to_be_in_viewport()


def test_times_are_those_of_the_browsers_own_zone(
    signed_in_page: Callable[..., Page], desk: Desk
) -> None:
    page = signed_in_page(timezone_id="Asia/Tokyo")
    expect(page.get_by_text("Times are in Asia/Tokyo")).to_be_visible()
    due = page.locator(f"tr:has(#ticket-{desk.demo.disk.id}) td.when time").last
    title = due.get_attribute("title")
    assert title
    assert title.endswith(" UTC")
    assert due.inner_text().split()[-1][:2] != title.split()[1][:2]


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus, as a person without a mouse does."""
    for _ in range(80):
        if page.evaluate("chosen => document.activeElement.matches(chosen)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached by Tab")
