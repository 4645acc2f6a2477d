"""Plugins: real ones, and ones that do what plugins should not."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import device
from agent.check_api import Measured, TargetFilter, Unreadable
from agent.checks import plugin
from agent.checks.plugin import CHECK
from agent.device import Command, Device
from agent.evaluate import evaluate
from agent.protocol.words import Evaluation
from agent.rules.loader import load
from tests.support import needs

REAL = Path("/usr/lib/nagios/plugins")


@pytest.fixture(autouse=True)
def nothing_is_kept() -> Iterator[None]:
    yield
    device.settle(Device())


@pytest.fixture
def real() -> Path:
    """The folder of the Monitoring Plugins."""
    if not (REAL / "check_dummy").exists():
        needs.lacking("the package monitoring-plugins-basic")
    return REAL


def ran(
    *run: str, timeout_s: float = 50.0, targets: TargetFilter | None = None
) -> Measured | Unreadable:
    device.settle(Device({"it": Command("it", run, timeout_s)}, path=Path("/etc/device.yaml")))
    [found] = CHECK.probe(targets or TargetFilter(("it",)))
    assert found.target == "it"
    return found


def values(*run: str) -> dict[str, float | int | str]:
    found = ran(*run)
    assert isinstance(found, Measured), found
    return {name: value for name, value in found.values.items() if name != "taken_s"}


def reason(*run: str, timeout_s: float = 50.0) -> str:
    found = ran(*run, timeout_s=timeout_s)
    assert isinstance(found, Unreadable), found
    return found.reason


def shell(text: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", text)


class TestRealPlugins:
    @pytest.mark.parametrize("code", range(4))
    def test_the_exit_status_is_the_verdict(self, real: Path, code: int) -> None:
        assert values(f"{real}/check_dummy", str(code)) == {"status": plugin.STATUSES[code]}

    def test_the_text_is_not(self, real: Path) -> None:
        """``negate`` prints CRITICAL and ends with 0."""
        assert values(f"{real}/negate", f"{real}/check_dummy", "2") == {"status": "ok"}

    def test_load_and_disk_and_processes_and_files(self, real: Path) -> None:
        load = values(f"{real}/check_load", "-w", "900,900,900", "-c", "999,999,999")
        assert load.keys() == {"status", "perf_load1", "perf_load5", "perf_load15"}
        assert load["status"] == "ok"
        procs = values(f"{real}/check_procs", "-w", "1:100000")
        assert procs["status"] == "ok"
        assert float(procs["perf_procs"]) > 0
        disk = values(f"{real}/check_disk", "-w", "0%", "-c", "0%", "-p", "/")
        assert float(disk["perf__"]) > 1_000_000
        age = values(f"{real}/check_file_age", "-w", "1", "-c", "2", "-f", "/etc/passwd")
        assert age["status"] == "critical"
        assert float(age["perf_age"]) > 2
        assert float(age["perf_size"]) > 10

    @pytest.mark.parametrize(
        ("when", "evaluation"),
        [
            ("perf_pl > 50% or perf_rta > 10s", Evaluation.OK),
            ("perf_rta >= 0s and perf_pl == 0", Evaluation.CRITICAL),
            ("status != ok", Evaluation.OK),
        ],
    )
    def test_performance_data_is_judged_by_rules(
        self, real: Path, tmp_path: Path, when: str, evaluation: Evaluation
    ) -> None:
        rules = tmp_path / "rules.yaml"
        rules.write_text(
            "version: 1\nrules:\n  - name: line\n    check: plugin\n    targets: {include: [it]}\n"
            f'    critical: {{when: "{when}"}}\n'
        )
        [rule] = load(rules, {"plugin": CHECK}).rules
        hosts = ("-H", "127.0.0.1", "-w", "1000,50%", "-c", "2000,90%", "-p", "1")
        found = ran(f"{real}/check_ping", *hosts, targets=rule.targets)
        assert evaluate(rule, CHECK, found).evaluation is evaluation

    def test_a_refused_connection_is_critical_whatever_is_said(self, real: Path) -> None:
        assert values(f"{real}/check_tcp", "-H", "127.0.0.1", "-p", "1") == {"status": "critical"}


def test_performance_data_of_all_lines_is_told() -> None:
    said = "printf 'WARN: a | x=1ms;2\\nmore\\nlast | y=2KiB\\nz=3%%\\n'; exit 1"
    assert values(*shell(said)) == {
        "status": "warning",
        "perf_x": 0.001,
        "perf_y": 2048.0,
        "perf_z": 3.0,
    }


def test_its_first_line_is_told_about_it() -> None:
    found = ran(*shell("printf 'WARN: two are down | x=1\nmore\n'; exit 1"))
    assert isinstance(found, Measured)
    assert found.about == "WARN: two are down"


def test_how_long_it_ran_is_told() -> None:
    found = ran("/bin/true")
    assert isinstance(found, Measured)
    assert float(found.values["taken_s"]) > 0


def test_a_plugin_that_speaks_on_standard_error_alone_is_heard() -> None:
    assert values(*shell("echo 'WARN | a=1' >&2; exit 1")) == {"status": "warning", "perf_a": 1}


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (shell("exit 4"), "it ended with 4, and a plugin ends with 0 to 3"),
        (shell("echo OK: all is well; exit 255"), "it ended with 255, and a plugin ends with "),
        (shell("exit 127"), "it ended with 127: a program that it runs is not there"),
        (shell("kill -KILL $$"), "it was ended by signal 9"),
        (("/no/such/plugin",), "/no/such/plugin cannot be started: there is no such program"),
    ],
)
def test_what_is_no_verdict_is_told_as_unreadable(run: tuple[str, ...], expected: str) -> None:
    assert reason(*run).startswith(expected)


def test_what_it_said_is_told_with_it_and_cut() -> None:
    told = reason(*shell("printf 'no config%0500d\\nmore'; exit 78"))
    assert "; it said: no config000" in told
    assert len(told) < 300


def test_a_plugin_that_takes_too_long_is_unreadable() -> None:
    assert reason("/bin/sleep", "60", timeout_s=1) == "/bin/sleep did not end within 1 s"


def test_a_megabyte_without_text_is_read() -> None:
    assert values(*shell("head -c 1000000 /dev/zero; printf '\\377'; exit 2")) == {
        "status": "critical"
    }


def test_a_plugin_that_leaves_a_child_with_its_output_open_is_read() -> None:
    found = ran(*shell('sleep 60 & echo "OK | pid=$!"; exit 0'))
    assert isinstance(found, Measured)
    os.kill(int(found.values["perf_pid"]), 9)
    assert found.values["status"] == "ok"


def test_a_command_that_the_device_does_not_have_is_told() -> None:
    device.settle(Device({"here": Command("here", ("/bin/true",), 9)}, path=Path("/etc/d.yaml")))
    [there, gone] = CHECK.probe(TargetFilter(("here", "gone")))
    assert there == Unreadable("gone", "/etc/d.yaml has no command of this name") or (
        gone == Unreadable("gone", "/etc/d.yaml has no command of this name")
    )
    assert not list(CHECK.probe(TargetFilter(("gone",), absent_ignored=True)))


def test_commands_are_chosen_by_pattern_and_left_out() -> None:
    names = ["disk-a", "disk-b", "heal"]
    device.settle(Device({name: Command(name, ("/bin/true",), 9) for name in names}))
    chosen = [one.target for one in CHECK.probe(TargetFilter(("disk-*",), ("disk-b",)))]
    assert chosen == ["disk-a"]
    assert list(CHECK.probe(TargetFilter())) == [], "none runs because it is there"


def test_many_commands_share_one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "TOGETHER_S", 1.0)
    slow = {f"slow-{n}": Command(f"slow-{n}", ("/bin/sleep", f"6{n}"), 30) for n in range(6)}
    device.settle(Device(slow))
    found = list(CHECK.probe(TargetFilter(("*",))))
    assert [one.target for one in found] == list(slow)
    reasons = [one.reason for one in found if isinstance(one, Unreadable)]
    assert len(reasons) == 6
    assert reasons[-1] == "the rule's other commands took all its 1 s"


@pytest.mark.needs_root
def test_a_program_that_others_can_write_is_not_run(tmp_path: Path) -> None:
    """Else whoever writes to it has the agent's rights."""
    path = tmp_path / "plugin"
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o757)
    assert reason(str(path)) == f"it is not run: {path} can be written by others; chmod go-w {path}"
    path.chmod(0o755)
    assert values(str(path)) == {"status": "ok"}
