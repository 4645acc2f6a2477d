"""The icon in a real panel, seen by its pixels and chosen from as a panel does."""

import signal

import pytest

from tests.support.desktop import PANELS, TOOLS, Desktop
from tests.support.fake_agent import DISK, FakeAgent
from tests.support.polling import until
from tray.picture import _AMBER, _BLUE, _GREEN, _GREY

pytestmark = pytest.mark.needs(*TOOLS)
PATIENCE_S = 60.0
in_every_panel = pytest.mark.parametrize(
    "panel", [pytest.param(name, marks=pytest.mark.needs(name)) for name in PANELS]
)


@in_every_panel
def test_the_icon_tells_how_the_computer_is(desktop: Desktop, agent: FakeAgent) -> None:
    """All well, something known, no agent, an answer; then it is quit."""
    desktop.start_panel()
    tray = desktop.tray("--state", str(agent.path.parent))
    place = until(lambda: desktop.icon_at(_GREEN), PATIENCE_S, "the green icon") or (0, 0)
    ticket = agent.ticket(7, "No mail")

    agent.alerts = [DISK]
    desktop.open_menu(place)
    until(lambda: desktop.icon_at(_AMBER), PATIENCE_S, "amber, asked for by opening the menu")
    desktop.keys("Escape")
    until(lambda: "7 No mail: being worked on" in desktop.menu(), PATIENCE_S, "the ticket")
    assert "This is my problem too…" in desktop.menu()

    ticket["entries"] = [{"id": "e", "at": None, "kind": "reply", "by": "Ana", "text": "Try now"}]
    agent.stop()
    until(lambda: desktop.icon_at(_GREY), PATIENCE_S, "grey without an agent")
    agent.start()
    until(lambda: desktop.icon_at(_BLUE), PATIENCE_S, "blue with an answer")
    until(lambda: "Ana wrote: Try now" in desktop.notices(), PATIENCE_S, "the notification")

    desktop.choose("Quit")
    assert tray.wait(30) == 0
    until(lambda: not desktop.icon_at(_BLUE), PATIENCE_S, "the icon's end")


@in_every_panel
def test_the_icon_comes_back_with_the_panel_and_waits_for_a_late_one(
    desktop: Desktop, agent: FakeAgent
) -> None:
    """Early logon: the tray is there before the panel. There is one of it for a session."""
    tray = desktop.tray("--state", str(agent.path.parent))
    until(lambda: agent.asked("known"), PATIENCE_S, "the tray's start")
    second = desktop.tray("--state", str(agent.path.parent))
    assert second.wait(30) == 0
    panel = desktop.start_panel()
    until(lambda: desktop.icon_at(_GREEN), PATIENCE_S, "the icon in a late panel")

    panel.send_signal(signal.SIGKILL)
    panel.wait()
    until(lambda: not desktop.icon_at(_GREEN), PATIENCE_S, "no panel, no icon")
    desktop.start_panel()

    until(lambda: desktop.icon_at(_GREEN), PATIENCE_S, "the icon in the new panel")
    assert len(desktop.items()) == 1
    assert tray.poll() is None


def test_a_policy_keeps_the_icon_for_when_there_is_something(
    desktop: Desktop, agent: FakeAgent
) -> None:
    agent.desk = {**(agent.desk or {}), "tray": "menu_only"}
    assert desktop.tray("--state", str(agent.path.parent)).wait(30) == 0

    agent.desk["tray"] = "on_problem"
    desktop.start_panel()
    desktop.tray("--state", str(agent.path.parent))
    until(desktop.items, PATIENCE_S, "the registration")
    assert desktop.icon_at(_GREEN) is None
    agent.stop()
    agent.alerts = [DISK]
    agent.start()
    until(lambda: desktop.icon_at(_AMBER), PATIENCE_S, "the icon when there is a problem")


def test_a_tray_without_a_session_bus_says_why_and_ends(desktop: Desktop, agent: FakeAgent) -> None:
    """An icon that nobody sees must not sit there as if all were well."""
    missing = f"unix:path={desktop.home}/no-bus"
    tray = desktop.tray(
        "--state", str(agent.path.parent), "--backend", "sni", DBUS_SESSION_BUS_ADDRESS=missing
    )

    assert tray.wait(30) == 2
    assert any(
        "session bus cannot be reached" in log.read_text() for log in desktop.home.glob("*.log")
    )
