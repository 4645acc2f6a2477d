"""The daemon's property list. Nothing of it was ever run on a real macOS."""

import plistlib
from pathlib import Path

from agent.delivery.waiting import Waiting
from agent.install.macos import DAEMON, LABEL, daemon
from agent.install.order import Order


def test_the_daemon_runs_the_agent_and_is_started_anew_when_it_fails() -> None:
    state = Path("/Library/Application Support/watchdesk")
    order = Order(state, None, Waiting("https://desk.example", "wde_" + "x" * 40))
    content = daemon(order.command())
    tree = plistlib.loads(content)
    assert f"{tree['Label']}.plist" == DAEMON.name == f"{LABEL}.plist"
    words = tree["ProgramArguments"]
    assert Path(words[0]).is_absolute()
    assert "-I" in words
    assert words[-3:] == ["run", "--state", str(state)], "a word with a blank stays one"
    assert tree["RunAtLoad"] is True
    assert tree["KeepAlive"] == {"SuccessfulExit": False}
    assert tree["Umask"] == 63, "launchd takes the number, not its octal digits"
    assert tree["EnvironmentVariables"].keys() == {"WATCHDESK_LOG"}
    assert b"wde_" not in content


def test_what_xml_would_take_for_its_own_is_kept() -> None:
    assert plistlib.loads(daemon(["/a", "<&>\"'"]))["ProgramArguments"][1] == "<&>\"'"
