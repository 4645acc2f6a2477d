r"""The folder for Windows and its service, from offline install to purge, under Wine.

Wine's service manager is real but older than any Windows we run on: it does not take the delayed
start, few privileges and a new start after an error. Its files have access lists made of Unix
modes, its services a %PROGRAMDATA% of their own (hence --state), and it has one account.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server_stub.clients.actions import new_enrolment_token
from tests.end_to_end.conftest import Desk
from tests.support.databases import ServerDatabase
from tests.support.polling import until
from tests.support.server_process import PROJECT, ServerProcess
from tests.support.windows import PYTHON, Windows, windows_path

pytestmark = pytest.mark.long

RULES = """
version: 1
rules:
  - name: spooler
    check: service
    every: 1s
    startup_grace: 0s
    targets: {include: [no-such-service]}
    critical: {when: state != running, for: 1s, priority: high}
    ticket: {title: "{target} does not run"}
"""
STATE = r"C:\watchdesk state"
PROBE = windows_path(PROJECT / "tests" / "windows" / "install_probe.py")
KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\watchdesk-agent"


class Installed:
    """The unzipped folder, and what an administrator does with it."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        programs = windows.path(r"C:\Program Files")
        made = subprocess.run(
            [
                *(sys.executable, str(PROJECT / "packaging" / "windows_folder.py"), "--unpacked"),
                *("--python", str(PYTHON), "--to", str(programs)),
            ],
            env={"SOURCE_DATE_EPOCH": "1700000000", "PATH": "/usr/bin:/bin"},
            cwd="/",
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        self.folder = Path(made.stdout.strip())

    def run(self, *words: str, code: int = 0) -> str:
        """Run its Python with these arguments; fails unless it ends with ``code``."""
        ended, said = self.windows.start(str(self.folder / "python.exe"), *words).end()
        assert ended == code, said
        return said.replace("\r\n", "\n").strip()

    def agent(self, *words: str, code: int = 0) -> str:
        return self.run(PROBE, *words, "--state", STATE, code=code)

    def net(self, verb: str) -> float:
        began = time.monotonic()
        code, said = self.windows.start("net", verb, "watchdesk-agent").end()
        assert code == 0, said
        return time.monotonic() - began

    def key(self) -> str:
        return self.windows.start("reg", "query", KEY).end()[1]

    def told(self) -> str:
        """Return what ``status`` prints, while nothing answers too."""
        words = ("-m", "agent", "status", "--state", STATE)
        return self.windows.start(str(self.folder / "python.exe"), *words).end()[1]

    def status(self) -> dict[str, Any]:
        tree: dict[str, Any] = json.loads(self.agent("status", "--json"))
        return tree


def test_the_folder_becomes_a_service_that_enrols_later_and_goes_again(
    windows: Windows,
    sqlite: ServerDatabase,
    server_process: Callable[..., ServerProcess],
    tmp_path: Path,
) -> None:
    desk = Desk(sqlite, server_process, tmp_path)
    installed = Installed(windows)
    enrolled_by_hand_the_folder_is_private(installed)
    refuses_what_others_can_write(installed)
    refuses_what_others_may_have_planted(installed)
    installed_offline(installed, desk)
    device = enrols_by_itself(installed, desk)

    assert installed.net("stop") < 20, "10 s are promised, 2 measured; other tests run as well"
    assert "no agent runs" in installed.agent("status", code=1)
    installed.net("start")
    until(lambda: "the server last answered 2" in installed.told(), what="a heartbeat")
    assert installed.status()["device_id"] == device

    assert "is stopped and gone" in installed.agent("uninstall")
    assert "Unable to find" in installed.key()
    state = windows.path(STATE)
    assert (state / "identity.json").exists()
    assert "Traceback" not in (state / "agent.log").read_text()
    assert "There is no service" in installed.agent("uninstall", "--purge")
    assert not state.exists()


def enrolled_by_hand_the_folder_is_private(installed: Installed) -> None:
    """Else ``install`` would refuse what an administrator enrolled a moment before."""
    token = installed.windows.path(r"C:\token.txt")
    token.write_text(f"wde_{'a' * 40}")
    words = ("--server", "http://127.0.0.1:9", "--token-file", r"C:\token.txt")

    installed.run(PROBE, "enroll", *words, code=1)

    state = installed.windows.path(r"C:\ProgramData\watchdesk")
    assert (state / "identity.json").exists()
    assert state.stat().st_mode & 0o007 == 0, "Wine shows the administrators as its group"


def refuses_what_others_can_write(installed: Installed) -> None:
    said = installed.run("-m", "agent", "install", "--state", STATE, code=1)
    assert "it belongs to S-1-5-21-" in said, "Wine's user is no administrator"
    module = installed.folder / "packages" / "agent" / "cli.py"
    module.chmod(0o666)
    said = installed.agent("install", code=1)
    assert r"C:\Program Files\watchdesk\packages\agent\cli.py: WD may change it" in said
    module.chmod(0o644)
    assert "Unable to find" in installed.key(), "nothing was made"


def refuses_what_others_may_have_planted(installed: Installed) -> None:
    """Anybody may make folders in Windows' ProgramData, and files in what another made there.

    What is left behind is empty and others may still write into it, for the next step to replace.
    """
    state = installed.windows.path(STATE)
    state.mkdir(mode=0o777)
    state.chmod(0o777)
    planted = state / "device.yaml"
    planted.write_text("commands: {}")
    for _ in range(2):  # the first time must not make it look like ours the second time
        said = installed.agent("install", code=1)
        assert f"others may write into {STATE}, and it is not empty" in said
        assert planted.read_text() == "commands: {}", "an administrator is to see it"
    assert "Unable to find" in installed.key(), "nothing was made"
    planted.unlink()


def installed_offline(installed: Installed, desk: Desk) -> None:
    desk.stop_server()
    token = desk.state.with_name("token.txt")
    token.write_text(
        new_enrolment_token(
            desk.client, None, uses=1, valid=timedelta(hours=1), now=datetime.now(UTC)
        )
    )
    for _ in range(2):  # once more changes nothing
        said = installed.agent(
            *("install", "--server", desk.url, "--token-file", windows_path(token)),
            *("--rules", windows_path(desk.rules(RULES))),
        )
        assert f"It enrols at {desk.url} as soon as that answers" in said
        assert "The service watchdesk-agent runs" in said
    asked = "from agent.install import windows_files as f; from pathlib import Path; import sys"
    lists = installed.run("-c", f"{asked}; print(f.access_list(Path(sys.argv[1])))", STATE)
    assert ";;;WD)" not in lists, "others may not even look into it"
    key = installed.key()
    assert r'"C:\Program Files\watchdesk\python.exe" -I -B -m agent service' in key
    assert f'--state "{STATE}"' in key
    assert "wde_" not in key
    assert "LocalSystem" in key
    tray = installed.windows.start(
        "reg", "query", r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run"
    )
    assert r'"C:\Program Files\watchdesk\pythonw.exe" -I -B -m tray' in tray.end()[1]
    assert "not enrolled yet" in installed.status()["troubles"][0]


def enrols_by_itself(installed: Installed, desk: Desk) -> str:
    desk.start_server()
    until(desk.tickets, 150, "its ticket")
    assert desk.tickets()[0]["title"] == "no-such-service does not run"
    status = installed.status()
    assert status["troubles"] == []
    return str(status["device_id"])
