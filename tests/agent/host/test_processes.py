"""Real processes, counted by name."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.errors import CheckDeniedError
from agent.host import processes, procfs
from agent.host.processes import Names
from tests.support.polling import until

Start = Callable[[str], subprocess.Popen[bytes]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a process of a name of our own."""
    with contextlib.ExitStack() as running:

        def started(name: str) -> subprocess.Popen[bytes]:
            program = tmp_path / name
            if not program.exists():
                shutil.copy("/bin/sleep", program)
            process = running.enter_context(subprocess.Popen([program, "600"]))
            running.callback(process.kill)
            # Popen returns while the kernel is still setting the program up: its words come last.
            until(lambda: procfs.read(f"/proc/{process.pid}/cmdline").startswith(bytes(program)))
            return process

        yield started


def count(names: Names, pattern: str) -> int:
    return names.count([pattern])[pattern]


def scan_again(names: Names) -> None:
    names._scanned_s = float("-inf")


def test_processes_are_counted_by_name(start: Start) -> None:
    for name in ("wdc-one", "wdc-one", "wdc-two"):
        start(name)
    found = Names().count(["wdc-one", "wdc-two", "wdc-*", "wdc-three"])
    assert found == {"wdc-one": 2, "wdc-two": 1, "wdc-*": 3, "wdc-three": 0}


def test_a_process_that_ends_is_missed_at_once(start: Start) -> None:
    process, names = start("wd-ends"), Names()
    assert count(names, "wd-ends") == 1
    process.kill()
    process.wait()
    assert count(names, "wd-ends") == 0


def test_a_dead_process_that_nobody_buried_does_not_run(start: Start) -> None:
    process, names = start("wd-zombie"), Names()
    assert count(names, "wd-zombie") == 1
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert Path(f"/proc/{process.pid}").exists()
    assert count(names, "wd-zombie") == 0
    assert count(Names(), "wd-zombie") == 0


def test_a_stopped_process_still_runs(start: Start) -> None:
    process = start("wd-stopped")
    process.send_signal(signal.SIGSTOP)
    assert count(Names(), "wd-stopped") == 1


def test_a_long_name_is_known_in_full(start: Start) -> None:
    """The kernel keeps 15 characters of it."""
    start("wd-a-rather-long-name")
    names = Names()
    assert count(names, "wd-a-rather-long-name") == 1
    assert count(names, "wd-a-rather-lon") == 1
    assert count(names, "wd-a-rather-long-game") == 0


def test_odd_names_are_read(start: Start) -> None:
    start("wd) R (odd")
    names = Names()
    assert count(names, "wd) R (odd") == 1
    assert count(names, "wd) R (odd") == 1


def test_while_all_live_nothing_is_searched(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    first, names = start("wd-lives"), Names()
    assert count(names, "wd-lives") == 1
    second = start("wd-lives")
    with monkeypatch.context() as patch:
        patch.setattr(processes, "_all", lambda: pytest.fail("searched"))
        assert count(names, "wd-lives") == 1, "a new one is counted within a minute"
    scan_again(names)
    assert count(names, "wd-lives") == 2
    for process in (first, second):
        process.kill()
        process.wait()


def test_what_runs_nowhere_is_searched_each_turn_but_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Several rules of one turn share a search."""
    names, searches = Names(), []
    everything = processes._all

    def searched() -> Iterator[tuple[int, str, tuple[str, ...]]]:
        searches.append(1)
        return everything()

    monkeypatch.setattr(processes, "_all", searched)
    assert count(names, "wd-nowhere") == 0
    assert count(names, "wd-nowhere") == 0
    assert len(searches) == 1
    monkeypatch.setattr(processes, "_SAME_TURN_S", -1.0)
    assert count(names, "wd-nowhere") == 0
    assert len(searches) == 2


@pytest.mark.needs("unshare", "setpriv")
@pytest.mark.needs_root
def test_hidden_processes_are_not_missing() -> None:
    """A service account on a system with hidepid sees nobody else's processes."""
    look = (
        "from agent.host.processes import Names\n"
        "try: print(Names().count(['sleep']))\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    script = (
        "mount -t proc -o hidepid=2 proc /proc && "
        'setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; exit $?'
    )
    readable = shutil.which("python3", path="/usr/bin") or sys.executable
    unshared = ["unshare", "--mount", "--pid", "--fork", "/bin/sh", "-c"]
    done = subprocess.run(
        [*unshared, script, "sh", readable, "-c", look],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout.startswith(CheckDeniedError.__name__), done.stderr
    assert "hidden" in done.stdout
