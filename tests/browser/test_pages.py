"""Every page for everybody: in light and dark, narrow and wide, with hostile words in it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from server_stub.desk.models import Role, Technician
from tests.browser.conftest import Desk
from tests.browser.watched import Watch, axe_violations, overflow_px
from tests.support import hostile
from tests.support.fleet_rows import a_held_back, a_member, a_window

pytestmark = pytest.mark.needs("chromium")


def test_axe_finds_nothing_on_any_page_and_none_scrolls_sideways(
    signed_in_page: Callable[..., Page],
    open_page: Callable[..., Page],
    desk: Desk,
    watch: Watch,
) -> None:
    """In light and dark; 320 px is also what 400 % zoom makes of a laptop's 1280."""
    watch.expected = ["status of 404", "status of 400"]
    stranger = open_page()
    stranger.goto(f"{desk.url}/sign-in")
    _judge(stranger, "sign-in")
    stranger.get_by_label("Email address").fill("a@desk.example")
    stranger.get_by_label("Password").fill("wrong")
    stranger.keyboard.press("Enter")
    stranger.get_by_role("alert").wait_for()
    _judge(stranger, "refused")
    page = signed_in_page()
    for name in _visit(page, desk):
        _judge(page, name)


def _judge(page: Page, name: str) -> None:
    schemes: tuple[Literal["dark", "light"], ...] = ("dark", "light")
    for scheme in schemes:
        # Colours that are on their way from one scheme to the other have the contrast of neither.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert axe_violations(page) == [], (name, scheme)
    for width in (320, 640, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert overflow_px(page) == 0, (name, width)


def test_hostile_texts_of_a_device_do_nothing_in_a_browser(
    signed_in_page: Callable[..., Page], desk: Desk
) -> None:
    """All 220 in every field at once; whatever ran would have set ``window.hacked``."""
    rows = hostile.write(hostile.TEXTS, desk.now)
    page = signed_in_page(width=640)
    paths = ["/", *(f"/tickets/{rows.ticket.id}", f"/devices/{rows.device.id}")]
    older = page.locator("#page-next")
    while older.count():
        address = older.get_attribute("href")
        assert address
        paths.append(address)
        page.goto(desk.url + address)
    assert len(paths) == 7  # 228 tickets are five pages of the queue
    for path in paths:
        page.goto(desk.url + path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.hacked") is None
        assert page.evaluate("document.baseURI") == page.url
        expect(page.get_by_role("main")).to_be_visible()
        assert overflow_px(page) == 0, path


def _visit(page: Page, desk: Desk) -> Iterator[str]:
    window = a_window(desk.demo.harbour[0], ends_at=desk.now + timedelta(hours=1))
    a_held_back(desk.demo.front_desk, window=window)
    a_member(desk.demo.front_desk, desk.demo.disk, desk.demo.harbour[1])
    Technician.objects.update(role=Role.ADMIN)
    for path in (
        "/",
        "/?status=waiting&priority=urgent",
        "/?priority=unheard-of",
        "/?q=disk",
        "/?q=nosuchword",
        "/?q=%25",
        f"/tickets/{desk.demo.disk.id}/what-if?priority=low",
        "/maintenance",
        "/audit",
        "/devices",
        "/devices?q=nosuchname&client=0",
        f"/devices/{desk.demo.front_desk.id}",
        "/account/password",
        "/sign-out",
        "/tickets/999999",
    ):
        page.goto(desk.url + path)
        page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        yield path
