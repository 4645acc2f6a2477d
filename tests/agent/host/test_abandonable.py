"""Questions to children: answered, refused, and given up without waiting."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from agent.errors import CheckError, CheckTimeoutError
from agent.host import abandonable
from tests.support.hanging_mount import HangingMounts, hanging_mounts
from tests.support.polling import until

LONG_S = 1.0
"""Long enough for a child to start and to hang, on a busy machine too."""
LATE = f"no answer within {LONG_S:g} s"


@pytest.fixture(autouse=True)
def nothing_stays_behind() -> Iterator[None]:
    yield
    until(lambda: not abandonable.lost(), what="the lost children's return")


def script(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let children run this program instead of ours."""

    def command(_probe: str, arguments: Sequence[str]) -> list[str]:
        return [sys.executable, "-I", "-S", "-c", code, *arguments]

    monkeypatch.setattr(abandonable, "_command", command)


def reasons(answers: Iterator[tuple[str, str | CheckError]]) -> list[str]:
    return [answer.reason if isinstance(answer, CheckError) else answer for _, answer in answers]


def test_each_argument_is_answered_in_order(tmp_path: Path) -> None:
    strange = tmp_path / "two words\n and a line é"
    strange.mkdir()
    paths = ["/", str(tmp_path / "gone"), str(strange)]
    answers = list(abandonable.ask("room", paths, 10))
    assert [path for path, _ in answers] == paths
    root, gone, odd = (answer for _, answer in answers)
    assert isinstance(root, str)
    assert len(root.split()) == 5
    assert isinstance(gone, CheckError)
    assert gone.reason == "No such file or directory"
    assert isinstance(odd, str)


def test_addresses_of_a_name_are_told_and_of_a_nameless_one_refused() -> None:
    known, unknown = abandonable.ask("addresses", ["localhost", "no-such-host.invalid"], 10)
    assert isinstance(known[1], str)
    assert "127.0.0.1" in known[1].split()
    assert isinstance(unknown[1], CheckError)


def test_nothing_to_ask_starts_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", lambda *_a, **_k: pytest.fail("a child"))
    assert list(abandonable.ask("room", [], 1)) == []


def test_a_child_has_none_of_our_descriptors_and_nothing_of_our_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A hung child that held the lock of the state folder would keep the next agent out."""
    code = (
        "import os; print('+', sorted(os.listdir('/proc/self/fd')), dict(os.environ), os.getcwd())"
    )
    script(monkeypatch, code)
    monkeypatch.setenv("WATCHDESK_TOKEN", "wdd_secret")
    with (tmp_path / "agent.lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)  # noqa: FBT003
        [answer] = reasons(abandonable.ask("room", ["x"], 10))
    descriptors, _, rest = answer.partition("]")
    assert descriptors == "['0', '1', '2', '3'"  # 3 is the folder being listed
    assert "secret" not in rest
    assert rest.endswith("/")


def test_a_child_that_dies_costs_one_answer_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script(monkeypatch, "import sys\nif sys.argv[1] == 'bad': sys.exit(3)\nprint('+ fine')")
    bad, good = reasons(abandonable.ask("room", ["bad", "good"], 10))
    assert bad == "the child process ended without an answer (3)"
    assert good == "fine"


def test_a_program_that_cannot_be_started_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abandonable, "_command", lambda *_: ["/nonexistent/python"])
    [reason] = reasons(abandonable.ask("room", ["/"], 10))
    assert reason == "a child process cannot be started: No such file or directory"


def test_a_child_slow_to_leave_has_answered_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine its end comes later than its last answer's deadline."""
    script(monkeypatch, "import time; print('+ fine', flush=True); time.sleep(2.5)")
    assert reasons(abandonable.ask("room", ["/"], 2)) == ["fine"]
    assert not abandonable.lost()


def test_a_child_that_can_die_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    script(monkeypatch, "import time; time.sleep(100)")
    [reason] = reasons(abandonable.ask("room", ["/"], 0.2))
    assert reason == "no answer within 0.2 s"
    until(lambda: not abandonable.lost(), what="the killed child's end")


def test_who_stops_listening_leaves_no_child_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    script(monkeypatch, "import time; print('+ one', flush=True); time.sleep(100)")
    answers = abandonable.ask("room", ["a", "b"], 10)
    assert next(answers) == ("a", "one")
    answers.close()  # type: ignore[attr-defined]
    until(lambda: not abandonable.lost(), what="the killed child's end")


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[HangingMounts]:
    with hanging_mounts(tmp_path, count=6) as made:
        yield made
        made.answer()
        until(lambda: not abandonable.lost(), what="the lost children's return")


@pytest.mark.needs("umount")
@pytest.mark.needs_root
class TestWhenAFileSystemHangs:
    def test_its_question_is_given_up_and_not_put_again_until_the_child_is_back(
        self, mounts: HangingMounts
    ) -> None:
        hanging = str(mounts.paths[0])
        mounts.hang()
        late, fine = abandonable.ask("room", [hanging, "/"], LONG_S)
        assert isinstance(late[1], CheckTimeoutError)
        assert isinstance(fine[1], str)
        [lost] = abandonable.lost().values()
        assert lost.argument == hanging
        stat = Path(f"/proc/{lost.process.pid}/stat")
        until(lambda: ") D " in stat.read_text(), what="the kernel's holding of the killed child")

        [(_, again)] = abandonable.ask("room", [hanging], 10)
        assert isinstance(again, CheckTimeoutError)
        assert "still no answer" in again.reason
        assert abandonable.lost().keys() == {("room", hanging)}, "no second child hangs on it"

        mounts.answer()
        until(lambda: not abandonable.lost(), what="the lost child's return")
        [(_, back)] = abandonable.ask("room", [hanging], 10)
        assert back == "4096000000 3072000000 1024000000 9 9"

    def test_four_lost_children_are_enough(self, mounts: HangingMounts) -> None:
        mounts.hang()
        paths = [str(path) for path in mounts.paths]
        *given_up, fifth, sixth = reasons(abandonable.ask("room", paths, LONG_S))
        assert given_up == [LATE] * 4
        assert fifth == sixth == "not asked: 4 earlier questions are still unanswered"
        assert len(abandonable.lost()) == 4

    def test_the_program_can_end_while_a_child_is_lost(self, mounts: HangingMounts) -> None:
        """A stop that waits for the child would wait for the file system."""
        mounts.hang()
        code = (
            "import sys; from agent.host import abandonable\n"
            "print(list(abandonable.ask('room', sys.argv[1:], 1.5)), len(abandonable.lost()))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(mounts.paths[0])],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        assert "no answer within" in done.stdout
        assert done.stdout.strip().endswith("1")

    def test_two_threads_can_ask_at_once(self, mounts: HangingMounts) -> None:
        mounts.hang()
        found: list[str] = []

        def look(path: Path) -> None:
            found.extend(reasons(abandonable.ask("room", [str(path), "/"], LONG_S)))

        threads = [threading.Thread(target=look, args=(path,)) for path in mounts.paths[:2]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found.count(LATE) == 2
        assert len(found) == 4
