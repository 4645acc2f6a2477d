"""The small form on a computer where no browser starts."""

import importlib.util
import json

import pytest

from tests.support.desktop import TOOLS, Desktop
from tests.support.fake_agent import FakeAgent
from tests.support.needs import lacking
from tests.support.polling import until

pytestmark = pytest.mark.needs(*TOOLS)


def test_a_report_by_keyboard_where_no_browser_starts(desktop: Desktop, agent: FakeAgent) -> None:
    """A draft is kept on Esc and taken up again; sending twice in a row is once."""
    if importlib.util.find_spec("tkinter") is None:
        lacking("tkinter for this Python")
    (desktop.home / "empty").mkdir()
    empty = {"PATH": str(desktop.home / "empty")}

    first = desktop.tray("--state", str(agent.path.parent), "form", **empty)
    until(lambda: "Report a problem" in desktop.active(), what="the small form")
    desktop.keys("ctrl+Return")
    desktop.type("No browser starts")
    desktop.keys("Tab")
    desktop.type("It is gone")
    desktop.keys("Tab", "space", "Escape")
    assert first.wait(60) == 0
    [draft] = desktop.home.glob("state/watchdesk/drafts/*/draft.json")
    assert json.loads(draft.read_text())["title"] == "No browser starts"

    second = desktop.tray("--state", str(agent.path.parent), "form", **empty)
    until(lambda: "Report a problem" in desktop.active(), what="the small form again")
    desktop.keys("ctrl+Return", "ctrl+Return", "Escape")  # as impatient people do
    assert second.wait(60) == 0

    [report] = agent.reports.values()
    assert (report["title"], report["text"]) == ("No browser starts", "It is gone")
    assert report["urgency"] == "cannot_work"
    assert not list(desktop.home.glob("state/watchdesk/drafts/*/*.json"))
