"""Programs that others wrote: whatever they do, the agent goes on."""

import os
import signal
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.errors import CheckError, CheckTimeoutError
from agent.host import abandonable, program
from tests.support.polling import until

PYTHON = sys.executable
LONG_S = 60.0
SHORT_S = 1.0
"""Long enough to start an interpreter, on a busy machine too, where that matters."""


@pytest.fixture(autouse=True)
def nothing_stays_behind() -> Iterator[None]:
    yield
    assert not abandonable.lost()


def shell(text: str, *, deadline_s: float = LONG_S, longest: int = 65_536) -> program.Ended:
    return program.run(["/bin/sh", "-c", text], deadline_s, longest=longest)


def lives(pid: int) -> bool:
    """Tell whether a process runs; one that is dead and not buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_both_outputs_and_the_exit_status_are_told() -> None:
    assert shell("echo one; echo two >&2; exit 3") == program.Ended(
        3, b"one\n", b"two\n", cut=False
    )


def test_a_program_that_says_nothing_is_no_failure() -> None:
    assert shell("exit 0") == program.Ended(0, b"", b"", cut=False)


def test_the_signal_that_ended_it_is_told() -> None:
    assert shell("kill -SEGV $$").code == -signal.SIGSEGV


def test_a_megabyte_on_each_output_is_read_off_and_cut() -> None:
    """A program whose pipe is full would otherwise wait for us until its deadline."""
    big = "head -c 1000000 /dev/zero"
    ended = shell(f"{big}; {big} >&2; exit 4", longest=1000)
    assert ended.code == 4
    assert ended.out == ended.err == b"\0" * 1000
    assert ended.cut


def test_output_of_just_the_longest_is_whole() -> None:
    assert shell("printf 12345", longest=5) == program.Ended(0, b"12345", b"", cut=False)
    assert shell("printf 123456", longest=5) == program.Ended(0, b"12345", b"", cut=True)


def test_output_that_is_no_text_comes_as_it_is() -> None:
    assert shell(r"printf '\377\000\351'").out == b"\xff\x00\xe9"


def test_a_program_it_leaves_behind_with_the_output_open_does_not_hold_us() -> None:
    ended = shell("sleep 300 & echo $!; exit 1")
    left = int(ended.out)
    try:
        assert ended.code == 1
        assert lives(left)
    finally:
        os.kill(left, signal.SIGKILL)


def test_a_chatterer_it_leaves_behind_does_not_hold_us() -> None:
    ended = shell("yes & echo $! >&2; exit 5", longest=10)
    os.kill(int(ended.err), signal.SIGKILL)
    assert ended.code == 5


def test_at_the_deadline_it_and_what_it_started_are_killed(tmp_path: Path) -> None:
    told = tmp_path / "pids"
    script = f"trap '' TERM INT HUP; sleep 300 & echo $$ $! > {told}; wait; sleep 300"
    with pytest.raises(CheckTimeoutError, match="/bin/sh did not end within 1 s"):
        shell(script, deadline_s=SHORT_S)
    pids = [int(pid) for pid in told.read_text().split()]
    assert len(pids) == 2
    until(lambda: not any(lives(pid) for pid in pids), what="the end of both")


def test_one_that_closed_its_outputs_has_the_same_deadline() -> None:
    with pytest.raises(CheckTimeoutError):
        shell("exec >&- 2>&-; sleep 300", deadline_s=SHORT_S)


def test_one_that_talks_without_end_has_the_same_deadline() -> None:
    with pytest.raises(CheckTimeoutError):
        shell("yes", deadline_s=SHORT_S)


def test_it_gets_nothing_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WATCHDESK_TOKEN", "wdd_secret")
    code = (
        "import os, sys; print(sorted(os.environ), sorted(os.listdir('/proc/self/fd')), "
        "os.getcwd(), os.getsid(0) == os.getpid(), repr(sys.stdin.read()))"
    )
    with (tmp_path / "agent.lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)  # noqa: FBT003
        said = program.run([PYTHON, "-I", "-S", "-c", code], LONG_S).out.decode()
    assert said == "['LC_ALL', 'PATH'] ['0', '1', '2', '3'] / True ''\n"  # 3 is the folder listed


def test_arguments_are_passed_as_they_are() -> None:
    said = program.run(["/bin/echo", "$HOME", "a b", "*", "; true"], LONG_S).out
    assert said == b"$HOME a b * ; true\n"


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["/no/such/program"], "/no/such/program cannot be started: there is no such program"),
        (["/etc/passwd"], "/etc/passwd cannot be started: Permission denied"),
        (["/etc"], "/etc cannot be started: Permission denied"),
        (["sh"], "sh is no absolute path"),
        (["/bin/echo", "a\0b"], "/bin/echo cannot be started: embedded null byte"),
    ],
)
def test_what_cannot_be_started_is_said(argv: list[str], reason: str) -> None:
    with pytest.raises(CheckError) as caught:
        program.run(argv, LONG_S)
    assert caught.value.reason == reason


def test_a_file_that_is_no_program_is_said(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("no interpreter is named here\n")
    path.chmod(0o700)
    with pytest.raises(CheckError, match="cannot be started: Exec format error"):
        program.run([str(path)], LONG_S)


def test_a_missing_interpreter_is_not_taken_for_a_missing_program(tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_text("#!/no/such/interpreter\n")
    path.chmod(0o700)
    with pytest.raises(CheckError, match="cannot be started: No such file or directory"):
        program.run([str(path)], LONG_S)


def test_one_that_the_kernel_does_not_let_die_is_counted_and_not_started_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stands for a process in the kernel's uninterruptible sleep: our kill does nothing."""
    monkeypatch.setattr(program, "_kill", lambda _child: None)
    with pytest.raises(CheckTimeoutError):
        shell("exec sleep 300", deadline_s=0.1)
    [gone] = abandonable.lost().values()
    try:
        with pytest.raises(CheckTimeoutError, match="still no answer"):
            shell("exec sleep 300")
        assert shell("exit 0").code == 0, "another program is none of its concern"
        monkeypatch.setattr(abandonable, "MOST_LOST", 1)
        with pytest.raises(CheckError, match="not asked: 1 earlier"):
            shell("exit 0")
    finally:
        gone.process.kill()
        gone.process.wait()


class TestFind:
    def test_a_program_of_the_system_is_found(self) -> None:
        found = program.find("sh")
        assert found
        assert found.is_absolute()
        assert program.run([str(found), "-c", "exit 7"], LONG_S).code == 7

    def test_what_is_not_there_is_not_found(self) -> None:
        assert program.find("no-such-program") is None

    @pytest.mark.needs_root
    @pytest.mark.parametrize(
        ("folder_mode", "mode", "owner", "is_found"),
        [
            (0o755, 0o755, 0, True),
            (0o755, 0o775, 0, True),  # its group is root
            (0o755, 0o644, 0, False),
            (0o755, 0o757, 0, False),
            (0o777, 0o755, 0, False),
            (0o1777, 0o755, 0, False),
            (0o755, 0o755, 1, False),
        ],
    )
    def test_only_what_none_but_root_can_replace(  # noqa: PLR0917 - a row of the table
        self,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        folder_mode: int,
        mode: int,
        owner: int,
        is_found: bool,  # noqa: FBT001 - the same
    ) -> None:
        path = tmp_path / "tool"
        path.write_text("#!/bin/sh\n")
        path.chmod(mode)
        os.chown(path, owner, 0)
        tmp_path.chmod(folder_mode)
        monkeypatch.setattr(program, "_folders", lambda: [str(tmp_path)])
        assert program.find("tool") == (path if is_found else None)
        assert stat.S_IMODE(tmp_path.stat().st_mode) == folder_mode

    @pytest.mark.needs_root
    def test_a_link_is_judged_by_what_it_leads_to(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """An Intel Mac's /usr/local/bin links into a folder that a user owns."""
        theirs = tmp_path / "theirs"
        theirs.mkdir()
        (theirs / "tool").write_text("#!/bin/sh\n")
        (theirs / "tool").chmod(0o755)
        (tmp_path / "tool").symlink_to(theirs / "tool")
        (tmp_path / "ring").symlink_to(tmp_path / "ring")
        monkeypatch.setattr(program, "_folders", lambda: [str(tmp_path)])
        assert program.find("tool")
        os.chown(theirs, 1, 0)
        assert program.find("tool") is None
        assert program.find("ring") is None


def test_what_still_runs_is_ended_with_the_agent(tmp_path: Path) -> None:
    """A look for updates takes seconds; orphaned, it would go on beside the agent's next start."""
    told = tmp_path / "pid"
    asking = threading.Thread(target=lambda: shell(f"sleep 60 & echo $! > {told}; wait"))
    asking.start()
    until(lambda: told.exists() and told.read_text().strip(), what="the start")

    program.end_all()

    asking.join(LONG_S)
    assert not asking.is_alive()
    until(lambda: not lives(int(told.read_text())), what="the end of what it started")
    assert abandonable.running() == []
