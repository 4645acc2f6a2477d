"""Real monitoring plugins, as an administrator has them: named in device.yaml, judged by rules.

What such plugins print is of many kinds: two items of performance data or none, ranges as
thresholds, blanks round the bar, two lines, a text that contradicts the exit status.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from agent import device
from agent.device import Device
from agent.once import look_once
from tests.support import needs
from tests.support.postgresql import PostgresServer

PLUGINS: Final = Path("/usr/lib/nagios/plugins")


class Case(NamedTuple):
    """A plugin's command line, a condition that is true of what it tells, and its verdict."""

    name: str
    run: str
    when: str
    status: str


CASES: Final = (
    Case("disk", "check_disk -w 0% -c 0% -p /", "perf__ > 1 MiB", "ok"),
    Case("load", "check_load -w 900,900,900 -c 999,999,999", "perf_load15 >= 0", "ok"),
    Case("procs", "check_procs -w 1:100000", "perf_procs > 1 and perf_procs < 100000", "ok"),
    Case("swap", "check_swap -w 1% -c 0%", "perf_swap >= 0 MiB", ""),  # critical without any swap
    Case("users", "check_users -w 1000 -c 2000", "perf_users < 1000", "ok"),
    Case(
        "file_age",
        "check_file_age -w 1 -c 2 -f /etc/debian_version",
        "perf_age > 1m and perf_size > 1 B",
        "critical",
    ),
    Case("dummy", "check_dummy 1 text", "status == warning", "warning"),
    Case("negate", "negate {plugins}/check_dummy 2", "not status == critical", "ok"),
    Case("cluster", "check_cluster -s -d 0,0,2 -w 0 -c 2", "taken_s < 60s", "warning"),
    Case("tcp", "check_tcp -H 127.0.0.1 -p 1", "status == critical", "critical"),
    Case("http", "check_http -H 127.0.0.1 -p 1", "status != ok", "critical"),
    Case("ssh", "check_ssh -p 1 127.0.0.1", "status == critical", "critical"),
    Case("time", "check_time -H 127.0.0.1 -p 1", "status == unknown", "unknown"),
    Case("icmp", "check_icmp -H 127.0.0.1", "perf_rta < 1s and perf_pl < 1%", "ok"),
    Case("ping", "check_ping -H 127.0.0.1 -w 900,90% -c 999,99% -p 1", "perf_pl == 0", "ok"),
    Case(
        "pgsql",
        "check_pgsql -H {database} -l postgres -d postgres -w 30 -c 60",
        "perf_time >= 0s and perf_time < 60s",
        "ok",
    ),
    Case("no_pgsql", "check_pgsql -H 127.0.0.1 -P 1", "status == critical", "critical"),
    Case("log", "check_log -F /etc/passwd -O {folder}/seen -q :nobody:", "status == ok", "ok"),
)

pytestmark = pytest.mark.needs_root  # check_icmp


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, str]]]:
    """What one look of all rules found, by plugin."""
    if not (PLUGINS / "check_dummy").exists() or not (PLUGINS / "check_pgsql").exists():
        needs.lacking("the packages monitoring-plugins-basic and -standard")
    folder = tmp_path_factory.mktemp("plugins")
    database = PostgresServer()
    commands, rules = [], []
    for case in CASES:
        places = {"plugins": PLUGINS, "folder": folder, "database": database.folder}
        words = case.run.format(**places).split()
        run = ", ".join(f'"{word}"' for word in (f"{PLUGINS}/{words[0]}", *words[1:]))
        commands.append(f"  {case.name}: {{run: [{run}]}}\n")
        rules.append(
            f"  - name: {case.name}\n    check: plugin\n    targets: {{include: [{case.name}]}}\n"
            f"    critical: {{when: {case.when}, for: 1m}}\n"
        )
    for name, lines in (("device.yaml", ["commands:\n", *commands]), ("rules.yaml", rules)):
        beginning = "rules:\n" if name == "rules.yaml" else ""
        (folder / name).write_text(f"version: 1\n{beginning}{''.join(lines)}")
        (folder / name).chmod(0o600)
    found, unsupported = look_once(folder / "rules.yaml")
    database.stop()
    assert not unsupported
    yield {one["rule"]: one for one in found}
    device.settle(Device())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_a_real_plugin_tells_is_judged_by_a_rule(
    looked: dict[str, dict[str, str]], case: Case
) -> None:
    found = looked[case.name]

    assert f"status {case.status}" in found["summary"]
    assert found["evaluation"] == "critical", found["summary"]
