"""From a click on the icon to a ticket with a picture, by keyboard, in a real browser."""

import io
import json
from typing import Any

import pytest
from PIL import Image

from tests.support.desktop import TOOLS, WALLPAPER, Desktop
from tests.support.fake_agent import FakeAgent
from tests.support.polling import until
from tray.icon import _GREEN, _GREY

pytestmark = pytest.mark.needs(*TOOLS, "chromium")
PATIENCE_S = 60.0
WINDOW = (10, 60, 740, 700)
"""A part of the screen that the form's window covers."""


def draft(desktop: Desktop) -> dict[str, Any]:
    """Return what the form has kept so far."""
    for file in desktop.home.glob("state/watchdesk/drafts/*/draft.json"):
        tree: dict[str, Any] = json.loads(file.read_text())
        return tree
    return {"title": "", "text": "", "attachments": []}


def test_a_person_reports_a_problem_with_a_picture_while_the_agent_is_down(
    desktop: Desktop, agent: FakeAgent
) -> None:
    desktop.start_panel()
    desktop.tray("--state", str(agent.path.parent))
    until(lambda: desktop.icon_at(_GREEN), PATIENCE_S, "the icon")
    desktop.choose("Report a problem…")
    until(lambda: desktop.windows("Report a problem"), PATIENCE_S, "the form's window")
    until(lambda: agent.asked("verdict"), PATIENCE_S, "the page's start")
    desktop.choose("Report a problem…")  # a second click raises the window that is open

    # title, what happened, how bad it is
    desktop.type("Till is stuck")
    desktop.keys("Tab")
    desktop.type("since this morning")
    desktop.keys("Tab", "Up")
    until(
        lambda: (
            (draft(desktop)["text"], draft(desktop).get("urgency"))
            == ("since this morning", "cannot_work")
        ),
        PATIENCE_S,
        "the draft",
    )

    # a picture without this window, with a box over a part of it
    desktop.keys("Tab", "space")
    until(lambda: desktop.shows(WINDOW, x35546b=20_000, xf6f7f9=20_000), PATIENCE_S, "the preview")
    desktop.picture("preview")
    desktop.keys("space")
    until(lambda: desktop.shows(WINDOW, x000000=2_000, xf6f7f9=20_000), PATIENCE_S, "the black box")
    desktop.keys("shift+Right", "Tab", "Tab", "Tab")
    desktop.picture("box")
    desktop.keys("Return")
    until(lambda: draft(desktop)["attachments"], PATIENCE_S, "the picture's safekeeping")
    assert desktop.windows("Report a problem")

    # sent while nobody listens: it waits, and the person is told so
    agent.stop()
    until(lambda: desktop.icon_at(_GREY), PATIENCE_S, "the icon without an agent")
    desktop.keys("ctrl+Return")
    waiting = until(
        lambda: list(desktop.home.glob("state/watchdesk/drafts/*/report.json")), PATIENCE_S, "Send"
    )
    until(lambda: "Waiting here: Till is stuck" in desktop.menu(), PATIENCE_S, "the menu's word")
    desktop.picture("sent")

    # the agent is back, the desk gives a number
    agent.number = 1042
    agent.start()
    until(lambda: "Your ticket is 1042" in desktop.notices(), PATIENCE_S, "the number")
    until(lambda: not waiting[0].exists(), PATIENCE_S, "the end of waiting")
    until(lambda: "1042 Till is stuck: received" in desktop.menu(), PATIENCE_S, "the ticket")

    (report,) = agent.reports.values()
    assert (report["title"], report["urgency"]) == ("Till is stuck", "cannot_work")
    (attachment,) = report["attachments"]
    picture = Image.open(io.BytesIO(bytes(agent.files[attachment["id"]])))
    assert picture.size == (1024, 768)
    assert picture.getpixel((200, 200)) == WALLPAPER, "the form's own window is in the picture"
    assert picture.getpixel((512, 384)) == (0, 0, 0), "what was hidden can be seen"

    desktop.keys("Escape")
    until(lambda: not desktop.windows("watchdesk"), PATIENCE_S, "the window's end")
    assert not list(desktop.home.glob("run/watchdesk/form-*.html"))
