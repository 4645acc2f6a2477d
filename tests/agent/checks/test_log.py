"""Lines of logs: files through a real child, the journal of a real systemd."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.check_api import Increase, Measured, TargetFilter, Unreadable
from agent.checks.log import CHECK
from agent.host import abandonable, program
from tests.support.nspawn import Container, booted
from tests.support.polling import until


def look(
    memory: dict[str, str], *include: str, absent_ignored: bool = False, **options: Any
) -> dict[str, Any]:
    targets = TargetFilter(include, absent_ignored=absent_ignored, options=options)
    return {
        one.target: one.values["lines_total"] if isinstance(one, Measured) else one.reason
        for one in CHECK.probe(targets, memory)
    }


def test_the_count_goes_on_from_look_to_look(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("error of yesterday\n")
    memory: dict[str, str] = {}
    log = str(path)
    assert look(memory, log, match=("error",)) == {log: 0}
    with path.open("a") as file:
        file.write("error 1\nfine\nerror 2\n")
    assert look(memory, log, match=("error",)) == {log: 2}
    path.rename(tmp_path / "app.log.1")
    path.write_text("error 3\n")
    assert look(memory, log, match=("error",)) == {log: 3}
    assert look(memory, log, match=("error",)) == {log: 3}
    stored = json.loads(json.dumps(memory))
    assert look(stored, log, match=("error",)) == {log: 3}, "also after the agent was restarted"


def test_the_last_line_that_matched_is_told_without_secrets_until_another_does(
    tmp_path: Path,
) -> None:
    path = tmp_path / "app.log"
    path.write_text("")
    memory: dict[str, str] = {}
    targets = TargetFilter((str(path),), options={"match": ("error",)})

    def about(*lines: str) -> str:
        with path.open("a") as file:
            file.writelines(f"{line}\n" for line in lines)
        [one] = CHECK.probe(targets, memory)
        assert isinstance(one, Measured)
        return one.about

    assert about() == ""
    assert about("error 1", "error 2: password=Tiger2024  refused", "fine") == (
        "error 2: password=[redacted] refused"
    )
    assert about("fine") == about() == "error 2: password=[redacted] refused"
    assert "Tiger2024" not in str(memory)
    assert about("error 3") == "error 3"


def test_an_unchanged_log_needs_no_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "app.log"
    path.write_text("a\n")
    memory: dict[str, str] = {}
    assert look(memory, str(path)) == {str(path): 0}
    before = dict(memory)

    def nothing(_probe: str, questions: list[str], _deadline_s: float) -> Iterator[Any]:
        assert questions == []
        return iter(())

    monkeypatch.setattr(abandonable, "ask", nothing)
    assert look(memory, str(path)) == {str(path): 0}
    assert memory == before, "nothing to store"


def test_a_log_that_comes_later_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    log = str(path)
    memory: dict[str, str] = {}
    assert look(memory, log) == {log: "there is no such file"}
    assert look(memory, log, absent_ignored=True) == {log: 0}
    path.write_text("a\nb\n")
    assert look(memory, log) == {log: 2}


def test_what_cannot_be_read_is_unknown_and_forgets_nothing(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("a\n")
    memory: dict[str, str] = {}
    log = str(path)
    look(memory, log)
    before = dict(memory)
    with path.open("a") as file:
        file.write("b\n")
    wrong = look(memory, log, "relative.log", "journal:", match=("(",))
    assert str(wrong[log]).startswith("( is no regular expression: ")
    assert wrong["relative.log"] == (
        "this is no file's whole path, journal:UNIT or eventlog:CHANNEL"
    )
    assert memory == before
    assert look(memory, log) == {log: 1}


def test_a_target_no_longer_named_is_forgotten(tmp_path: Path) -> None:
    memory = {str(tmp_path / "old.log"): "5 1 2 3 4 5 6"}
    assert look(memory) == {}
    assert memory == {}


def test_a_pattern_that_takes_for_ever_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process it would stand still with all its threads."""
    path = tmp_path / "app.log"
    path.touch()
    memory: dict[str, str] = {}
    look(memory, str(path))
    monkeypatch.setattr("agent.checks.log._DEADLINE_S", 1.0)
    path.write_text("a" * 60 + "!\n")
    found = look(memory, str(path), match=("(a+)+$",))
    assert found == {str(path): "no answer within 1 s"}
    until(lambda: not abandonable.lost(), what="the child's end")


def test_a_channel_of_another_system_or_without_a_name_is_unknown() -> None:
    targets = TargetFilter(("eventlog:System", "eventlog:"))
    found = {one.target: one for one in CHECK.probe(targets, {})}
    assert found["eventlog:"] == Unreadable(
        "eventlog:", "this names no channel; write eventlog:Application"
    )
    if sys.platform != "win32":
        assert isinstance(found["eventlog:System"], Unreadable)


def test_a_computer_without_a_journal_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "find", lambda _name: None)
    [found] = CHECK.probe(TargetFilter(("journal",)), {})
    assert found == Unreadable("journal", "this computer has no journal (journalctl)")


def test_lines_of_an_hour_and_a_day_follow_from_the_count() -> None:
    derived = {metric.name: metric.derived for metric in CHECK.metrics if metric.derived}
    assert derived == {
        "lines_1h": Increase("lines_total", 3_600.0),
        "lines_24h": Increase("lines_total", 86_400.0),
    }


_CODE = """
import json, sys
from agent.check_api import Measured, TargetFilter
from agent.checks.log import CHECK
memory = {}
for line in sys.stdin:
    asked = json.loads(line)
    targets = TargetFilter(tuple(asked["include"]), options={"match": tuple(asked["match"])})
    print(json.dumps({r.target: r.values["lines_total"] if isinstance(r, Measured) else r.reason
                      for r in CHECK.probe(targets, memory)}), flush=True)
"""


@pytest.fixture
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    with booted(tmp_path_factory.mktemp("journal")) as made:
        yield made


def asked(process: subprocess.Popen[str], *include: str, match: tuple[str, ...] = ()) -> Any:
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps({"include": include, "match": match}) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


@pytest.mark.needs("systemd-nspawn", "nsenter", "pgrep", "journalctl")
@pytest.mark.needs_root
def test_the_journal_of_a_real_systemd_is_counted(container: Container) -> None:
    container.unit(
        "wd-speaks.service",
        # It stays a while: the journal asks of which unit a process is after it has spoken.
        "[Service]\nType=oneshot\nExecStart=/bin/sh -c "
        "'echo error one; echo fine; echo error two; sleep 1'\n",
    )
    ours = ("journal:wd-speaks.service", "journal")
    with container.python(_CODE) as process:
        assert asked(process, *ours, match=("^error",)) == dict.fromkeys(ours, 0)
        for count in (2, 4):
            container.run("systemctl", "start", "wd-speaks")
            container.run("journalctl", "--sync")
            expected = dict.fromkeys(ours, count)
            assert asked(process, *ours, match=("^error",)) == expected
        container.run("/bin/sh", "-c", "echo error of another | systemd-cat -t other")
        container.run("journalctl", "--sync")
        for _ in range(2):
            assert asked(process, *ours, match=("^error",)) == {ours[0]: 4, ours[1]: 5}
        assert process.stdin
        process.stdin.close()
