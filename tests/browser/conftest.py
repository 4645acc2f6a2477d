"""Chromium, a real server on SQLite with a small desk's rows, and somebody who watches."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.watched import Watch
from tests.support import desk_demo, desk_rows
from tests.support.databases import ServerDatabase
from tests.support.desk_demo import DeskDemo
from tests.support.server_process import ServerProcess

_CHROMIUM = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# The queue refreshes itself every five seconds.
expect.set_options(timeout=30_000)


@dataclass(frozen=True)
class Desk:
    """A running server, its address, and what its rows are."""

    server: ServerProcess
    demo: DeskDemo
    now: datetime

    @property
    def url(self) -> str:
        """Return its address without a slash at the end."""
        return self.server.url


@pytest.fixture(autouse=True)
def _orm_beside_playwright(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test write rows while Playwright's event loop is this thread's."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, started once for all stories."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(_CHROMIUM)
        )
        yield browser
        browser.close()


@pytest.fixture
def desk(sqlite: ServerDatabase, server_process: Callable[..., ServerProcess]) -> Desk:
    """The real ``serve`` with the rows of an ordinary morning, which is now."""
    now = datetime.now(UTC)
    desk_rows.technician()
    demo = desk_demo.morning(now)
    return Desk(server_process(sqlite), demo, now)


@pytest.fixture
def watch() -> Watch:
    """What goes wrong in the browser, in any page of this test."""
    return Watch()


@pytest.fixture
def open_page(chromium: Browser, watch: Watch, desk: Desk) -> Iterator[Callable[..., Page]]:
    """Open pages: ``open_page(width=400, scheme="dark")``, each with cookies of its own.

    They are closed before the server of ``desk`` stops.

    Nothing may go wrong in them: no script error, no breach of the security policy, no request
    to another host. ``watch.expected`` names what a test brings about on purpose.
    """
    assert desk.server.process.poll() is None
    contexts = []

    def open_one(*, width: int = 1280, scheme: str = "light", **more: object) -> Page:
        options = {"timezone_id": "Europe/London", "locale": "en-GB"} | more
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
            **options,  # type: ignore[arg-type] # Playwright's own options
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        watch.over(page)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert watch.problems() == []


@pytest.fixture
def signed_in_page(open_page: Callable[..., Page], desk: Desk) -> Callable[..., Page]:
    """Open pages in which a technician has signed in and sees the queue."""

    def open_signed_in(**options: object) -> Page:
        page = open_page(**options)
        page.goto(f"{desk.url}/")
        page.get_by_label("Email address").fill("ana.sousa@desk.example")
        page.get_by_label("Password").fill(desk_rows.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Queue").wait_for()
        return page

    return open_signed_in
