"""The form's page in Chromium, driven from inside: accessible, by keyboard, in either language."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.watched import Watch, axe_violations, overflow_px
from tests.support.fake_agent import DISK, NOW, FakeAgent
from tests.support.polling import until
from tray import language
from tray.agent_link import Link
from tray.drafts import Drafts
from tray.forms.own_window import Window
from tray.forms.service import Form
from tray.forms.web import WebForm
from tray.screenshot import Picture

pytestmark = pytest.mark.needs("chromium")
expect.set_options(timeout=30_000)


class Unseen(Window):
    """A window that is on no screen."""

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Need no time."""
        yield


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, started once."""
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_form(
    chromium: Browser, agent: FakeAgent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Page]]:
    """Open the form's page: ``open_form(width=400, scheme="dark", view="tickets")``."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    language.speak()
    watch, served, contexts = Watch(), [], []

    def screen() -> Picture:
        return Picture(Image.new("RGB", (1280, 800), (120, 130, 140)))

    def open_one(width: int = 760, scheme: str = "light", view: str = "") -> Page:
        form = Form(Link(agent.path), Drafts(), lambda: NOW, Unseen(), screen)
        served.append(WebForm(form, view))
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        contexts.append(context)
        page = context.new_page()
        watch.over(page)
        page.goto(served[-1].address)
        return page

    yield open_one
    for context in contexts:
        context.close()
    for web in served:
        web.close()
    language.speak()
    assert watch.problems() == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 760), ("dark", 320)])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    open_form: Callable[..., Page], agent: FakeAgent, scheme: str, width: int
) -> None:
    """With every part open; 320 px is also what 400 % zoom makes of a laptop's 1280."""
    agent.alerts = [DISK]
    agent.ticket(7, "No mail", asks="confirm", entries=[
        {"id": "e", "at": NOW.isoformat(), "kind": "reply", "by": "Ana", "text": "x" * 300}
    ])  # fmt: skip
    agent.ticket(6, "No sound", status="closed", asks="rate")
    page = open_form(width=width, scheme=scheme)
    page.get_by_role("button", name="This is my problem too").wait_for()
    page.get_by_label("What is wrong").fill("printer prints blank pages")
    page.get_by_role("heading", name="This may help").wait_for()
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    page.get_by_label("What is it about?").select_option("printer")
    page.get_by_role("button", name="Add a picture of my screen").click()
    page.get_by_role("button", name="Add a box").click()

    assert axe_violations(page) == []
    assert overflow_px(page) == 0
    for view in ("My tickets", "This computer", "Help"):
        page.get_by_role("link", name=view).click()
        page.get_by_role("heading", name=view, level=1).wait_for()
        if view == "This computer":
            page.get_by_role("button", name="Check this computer now").click()
            page.get_by_text("C: · 3 GiB free").wait_for()
        assert axe_violations(page) == [], view
        assert overflow_px(page) == 0, view


def test_every_field_has_a_name_that_is_read_out(open_form: Callable[..., Page]) -> None:
    page = open_form()
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    for name in (
        "What is wrong, in a few words", "What happened?", "I cannot work", "It slows me down",
        "It can wait", "What is it about?", "The error message, word for word",
        "What did you do just before?", "What have you tried already?", "Your name",
        "Telephone", "E-mail address", "by telephone", "Serial number",
    ):  # fmt: skip
        expect(page.get_by_label(name).first).to_be_visible()


def test_a_report_by_keyboard_alone(open_form: Callable[..., Page], agent: FakeAgent) -> None:
    agent.number = 1042
    agent.alerts = [DISK]
    page = open_form()
    page.get_by_role("button", name="This is my problem too").wait_for()
    expect(page.get_by_label("What is wrong")).to_be_focused()
    press = page.keyboard.press

    press("Control+Enter")
    expect(page.get_by_text("Say in a few words what is wrong.")).to_be_visible()
    expect(page.get_by_label("What is wrong")).to_be_focused()
    page.keyboard.type("Ünïcode 🖨️ <b>“x”</b>")
    press("Tab")
    page.keyboard.type("line one\nline two")
    press("Tab")
    press("ArrowDown")
    page.locator("summary", has_text="System details").focus()
    press("Enter")
    page.get_by_label("Serial number").focus()
    press("Space")
    expect(page.get_by_text("(2 of 3)")).to_be_visible()
    press("Control+Enter")
    expect(page.get_by_text("It is ticket 1042.")).to_be_visible()

    (report,) = agent.reports.values()
    assert report["title"] == "Ünïcode 🖨️ <b>“x”</b>"
    assert report["text"] == "line one\nline two"
    assert (report["urgency"], report["without"]) == ("can_wait", ["computer.serial"])


def test_what_is_known_already_is_joined_instead_of_reported_anew(
    open_form: Callable[..., Page], agent: FakeAgent
) -> None:
    agent.alerts = [DISK]
    page = open_form()

    page.get_by_role("button", name="This is my problem too").click()
    expect(page.get_by_text("Your report will join it")).to_be_visible()
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("Saved. It will be sent.").wait_for()

    (report,) = until(agent.reports.values, what="the report")
    assert (report["same_as"], report["title"]) == ("disk-c", "Disk C: is nearly full")


def test_a_note_that_helps_ends_the_report(
    open_form: Callable[..., Page], agent: FakeAgent
) -> None:
    page = open_form()
    page.get_by_label("What is wrong").fill("printer prints blank pages")
    page.get_by_text("The printer prints blank pages").click()
    page.get_by_role("button", name="This solved my problem").click()
    expect(page.get_by_text("Nothing was sent but that this note helped.")).to_be_visible()

    assert [one["note"] for one in agent.said] == ["note-printer"]
    assert agent.reports == {}


def test_tickets_are_answered_confirmed_and_rated(
    open_form: Callable[..., Page], agent: FakeAgent
) -> None:
    agent.ticket(7, "No mail", asks="confirm")
    agent.ticket(6, "No sound", asks="rate", status="closed")
    page = open_form(view="tickets/7")

    page.get_by_role("button", name="Yes, it is fixed").click()
    page.get_by_text("Thank you.").wait_for()
    page.get_by_role("button", name="4 of 5 stars").click()
    card = page.locator("#ticket-7")
    card.get_by_label("Write to the desk").fill("It is back\nagain")
    card.get_by_role("button", name="Send this").click()
    page.locator("#notice").get_by_text("Saved. It will be sent.").wait_for()
    expect(card.get_by_label("Write to the desk")).to_have_value("")
    card.get_by_label("Write to the desk").fill("Nobody calls")
    card.get_by_role("button", name="Ask for an escalation").click()
    expect(card.get_by_label("Write to the desk")).to_have_value("")

    said = [{name: one[name] for name in one if name != "id"} for one in agent.said]
    assert said == [
        {"ticket": 7, "fixed": True, "text": ""},
        {"ticket": 6, "stars": 4, "text": ""},
        {"ticket": 7, "text": "It is back\nagain"},
        {"ticket": 7, "text": "Nobody calls", "escalate": True},
    ]


def test_help_tells_the_urgent_number_once(
    open_form: Callable[..., Page], agent: FakeAgent
) -> None:
    """The desk is closed at the fake's hour: its opening hours end in that number."""
    page = open_form(view="help")
    told = page.locator("#help-list")
    expect(told.get_by_text("closed until")).to_be_visible()
    assert told.get_by_text("+44 20 7946 0999").count() == 1


def test_what_was_written_survives_a_closed_window(
    open_form: Callable[..., Page], agent: FakeAgent
) -> None:
    first = open_form()
    first.get_by_label("What is wrong").fill("No mail")
    first.close(run_before_unload=True)
    until(lambda: Drafts().unsent(), what="the draft's safekeeping")

    second = open_form()
    expect(second.get_by_label("What is wrong")).to_have_value("No mail")
    second.get_by_role("button", name="Discard").click()
    expect(second.get_by_label("What is wrong")).to_have_value("")


def test_files_are_attached_and_taken_off(
    open_form: Callable[..., Page], agent: FakeAgent, tmp_path: Path
) -> None:
    (tmp_path / "log.txt").write_bytes(b"line\n" * 20_000)
    (tmp_path / "huge.bin").write_bytes(bytes(5 * 1024 * 1024 + 1))
    page = open_form()
    page.locator("#file").set_input_files([tmp_path / "log.txt", tmp_path / "huge.bin"])
    expect(page.get_by_text("log.txt (100 KB)")).to_be_visible()
    expect(page.get_by_text("huge.bin is larger than 5 MB.")).to_be_visible()

    page.get_by_role("button", name="Take off log.txt").click()
    expect(page.get_by_text("log.txt (100 KB)")).to_have_count(0)


def test_the_page_speaks_french(
    open_form: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    language.speak()
    page = open_form()

    expect(page.get_by_role("heading", name="Signaler un problème")).to_be_visible()
    expect(page).to_have_title(re.compile("Signaler un problème · watchdesk"))
    assert page.locator("html").get_attribute("lang") == "fr"
    assert axe_violations(page) == []
