"""launchd's daemons, by what launchctl prints: its documented words, in the order it has them.

Nothing of it was ever run on a real macOS.
"""

from pathlib import Path

import pytest

from agent.errors import CheckDeniedError, CheckError
from agent.host import launchd
from agent.host.launchd import Row, Units, disabled, rows, service

LISTED = """\
PID\tStatus\tLabel
-\t0\tcom.apple.apsd
312\t0\tcom.example.web
-\t78\tcom.example.broken
-\t-11\tcom.example.crashed
-\t0\tcom.example.nightly
"""
OFF = """\
\tdisabled services = {
\t\t"com.example.off" => disabled
\t\t"com.example.old" => true
\t\t"com.example.web" => enabled
\t\t"com.example.older" => false
\t}
"""
KEPT = "keepalive | runatload | inferred program"


def printed(state: str, *lines: str, runs: int = 1, properties: str = KEPT) -> str:
    """What ``launchctl print`` tells: lines of the daemon's own, and of blocks below it."""
    own = "".join(f"\t{line}\n" for line in (*lines,))
    return (
        "system/com.example.web = {\n"
        f"\tactive count = 1\n\tpath = /Library/LaunchDaemons/x.plist\n\ttype = LaunchDaemon\n"
        f"\tstate = {state}\n\n\tprogram = /usr/local/bin/web\n\targuments = {{\n"
        "\t\t/usr/local/bin/web\n\t\tstate = stopped\n\t}\n\n"
        f"\tdomain = system\n\tminimum runtime = 10\n\truns = {runs}\n{own}\n"
        "\tresource coalition = {\n\t\tID = 1114\n\t\tstate = active\n\t}\n\n"
        f"\tspawn type = daemon (3)\n\n\tproperties = {properties}\n}}\n"
    )


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (printed("running", "pid = 312", "last exit code = (never exited)"), "running"),
        (printed("running", "pid = 312", "last exit code = 1"), "running"),
        (printed("xpcproxy", "last terminating signal = Hangup: 1"), "starting"),
        (printed("spawn scheduled", "last exit code = 0"), "starting"),
        (printed("spawn scheduled", "last exit code = (never exited)"), "starting"),
        (printed("spawn scheduled", "last exit code = 1", runs=5282), "failed"),
        (printed("not running", "last exit code = 0", properties="runatload"), "stopped"),
        (printed("not running", "last exit code = (never exited)", properties=""), "stopped"),
        (printed("not running", "last terminating signal = Terminated: 15"), "stopped"),
        (printed("not running", "last terminating signal = Killed: 9"), "stopped"),
        (printed("not running", "last exit code = 78: EX_CONFIG"), "failed"),
        (printed("exited", "last terminating signal = Segmentation fault: 11"), "failed"),
        (printed("waiting", "last exit code = 0", properties="inferred program"), "stopped"),
    ],
)
def test_how_a_daemon_is(text: str, state: str) -> None:
    assert service(text).state == state


def test_lines_may_be_indented_by_blanks() -> None:
    """As some releases print them."""
    text = printed("running", runs=3).replace("\t\t", "        ").replace("\t", "    ")
    assert service(text) == service(printed("running", runs=3))


def test_how_it_starts_and_whether_it_is_meant_to_run_always() -> None:
    kept, once, on_demand = (
        service(printed("running", properties=one, runs=4))
        for one in (KEPT, "runatload | inferred program", "inferred program")
    )
    assert (kept.automatic, kept.start, kept.triggered, kept.restarts) == (
        *(True, "automatic", False),
        3,
    )
    assert (once.automatic, once.start, once.triggered, once.restarts) == (
        *(True, "automatic", True),
        None,
    )
    assert (on_demand.automatic, on_demand.start, on_demand.restarts) == (False, "manual", None)


def test_a_print_of_another_kind_is_no_verdict() -> None:
    with pytest.raises(CheckError, match="this macOS is not known"):
        service("system/com.example.web = {\n\tactive count = 1\n}\n")


def test_the_list_and_what_is_disabled_are_read() -> None:
    listed = rows(LISTED)
    assert listed["com.example.web"] == Row(312, "0")
    assert listed["com.example.crashed"] == Row(None, "-11")
    assert "Label" not in listed
    assert disabled(OFF) == ["com.example.off", "com.example.old"]


@pytest.fixture
def mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to put in what a launchctl answers, by its last argument; ``asked`` lists what was.

    It ends with 113 for a daemon that it does not have.
    """
    tool = tmp_path / "launchctl"
    tool.write_text(
        f'#!/bin/sh\ncd {tmp_path}\necho "$*" >> asked\nfor one; do :; done\n'
        'file=$(basename "$one")\ntest -e "$file" && exec cat "$file"\n'
        'echo "Could not find service" >&2; exit 113\n'
    )
    tool.chmod(0o755)
    monkeypatch.setattr(launchd, "_LAUNCHCTL", str(tool))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    (tmp_path / "list").write_text(LISTED)
    (tmp_path / "system").write_text(OFF)
    (tmp_path / "com.apple.apsd").write_text(printed("running"))
    (tmp_path / "com.example.web").write_text(printed("running", runs=2))
    (tmp_path / "com.example.broken").write_text(printed("spawn scheduled", "last exit code = 78"))
    (tmp_path / "com.example.crashed").write_text(
        printed("exited", "last terminating signal = Abort trap: 6", properties="")
    )
    (tmp_path / "com.example.nightly").write_text(
        printed("not running", "last exit code = 0", properties="runatload")
    )
    return tmp_path


def test_named_daemons_with_what_is_missing_and_what_is_disabled(mac: Path) -> None:
    names = ["com.example.web", "com.example.broken", "com.example.off", "com.example.gone"]
    found = Units().states(names, automatic=False)
    assert [one.state for one in found.values()] == ["running", "failed", "stopped", "missing"]
    assert found["com.example.off"].start == "disabled"


def test_without_a_name_all_that_are_kept_alive_but_apples(mac: Path) -> None:
    units = Units()
    assert units.found((), automatic=False) == ["com.example.broken", "com.example.web"]
    assert units.found(("com.example.*",), automatic=False) == [
        "com.example.broken",
        "com.example.crashed",
        "com.example.nightly",
        "com.example.web",
    ]
    assert units.found(("com.example.*",), automatic=True) == [
        "com.example.broken",
        "com.example.nightly",
        "com.example.web",
    ]


def test_one_that_runs_on_is_not_asked_about_again(mac: Path) -> None:
    units = Units()
    for _ in range(3):
        units.states(["com.example.web"], automatic=False)
    asked = (mac / "asked").read_text().splitlines()
    assert asked == ["list", "print system/com.example.web", "list", "list"]
    (mac / "list").write_text(LISTED.replace("312", "313"))
    (mac / "com.example.web").write_text(printed("running", runs=3))
    found = units.states(["com.example.web"], automatic=False)
    assert found["com.example.web"].restarts == 2, "it was started anew meanwhile"


def test_others_than_root_are_told_so(mac: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 501)
    with pytest.raises(CheckDeniedError, match="only root"):
        Units().states(["com.example.web"], automatic=False)
