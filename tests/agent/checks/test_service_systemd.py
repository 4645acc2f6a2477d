"""The service check against a real systemd, in a container."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.nspawn import Container, booted
from tests.support.polling import until

pytestmark = [pytest.mark.needs("systemd-nspawn", "nsenter", "pgrep"), pytest.mark.needs_root]

PROBER = """
import json, sys
from agent.check_api import Measured, TargetFilter
from agent.checks.service import CHECK
from agent.errors import CheckError
from agent.host import systemd
asked = []
real = systemd._systemctl
systemd._systemctl = lambda *words: asked.append(words[0]) or real(*words)
for line in sys.stdin:
    wanted = json.loads(line)
    asked.clear()
    targets = TargetFilter(
        tuple(wanted.get("include", ())), tuple(wanted.get("exclude", ())),
        wanted.get("absent_ignored", False), wanted.get("options", {}))
    try:
        found = {r.target: dict(r.values) if isinstance(r, Measured) else r.reason
                 for r in CHECK.probe(targets)}
    except CheckError as error:
        found = {"error": error.reason}
    print(json.dumps([found, len(asked)]), flush=True)
"""
SLEEP = "[Service]\nExecStart=/bin/sleep 1000\n"
ENABLED = SLEEP + "[Install]\nWantedBy=multi-user.target\n"


class Prober:
    """The check inside the container, in one process, so that it remembers."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.asked = 0

    def __call__(self, *include: str, **wanted: Any) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"include": include} | wanted) + "\n")
        self._process.stdin.flush()
        found, self.asked = json.loads(self._process.stdout.readline())
        assert isinstance(found, dict)
        return found

    def becomes(self, target: str, state: str) -> Callable[[], bool]:
        return lambda: bool(self(target)[target]["state"] == state)


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    with booted(tmp_path_factory.mktemp("systemd")) as made:
        made.unit("wd-runs.service", ENABLED)
        made.unit("wd-stops.service", SLEEP)
        made.unit("wd-masked.service", SLEEP)
        made.unit("wd-fails.service", "[Service]\nExecStart=/bin/sh -c 'exit 1'\n")
        made.unit(
            "wd-returns.service",
            "[Unit]\nStartLimitIntervalSec=0\n"
            "[Service]\nRestart=always\nRestartSec=0\nExecStart=/bin/sleep 1000\n",
        )
        made.unit("wd-job.service", "[Service]\nType=oneshot\nExecStart=/bin/true\n")
        made.unit("wd-broken.service", "[Service]\nExecStart=not/a/path\n")
        made.unit("wd-made@.service", SLEEP)
        yield made


@pytest.fixture
def probe(container: Container) -> Iterator[Prober]:
    with container.python(PROBER) as process:
        yield Prober(process)
        assert process.stdin
        process.stdin.close()


def test_each_state_of_a_real_unit_is_told(container: Container, probe: Prober) -> None:
    container.run("systemctl", "start", "wd-runs", "wd-made@1")
    container.run("systemctl", "start", "wd-fails", check=False)
    container.run("ln", "-sf", "/dev/null", "/run/systemd/system/wd-masked.service")
    container.run("systemctl", "daemon-reload")
    until(probe.becomes("wd-fails", "failed"))
    found = probe(
        *("wd-runs", "wd-stops", "wd-fails", "wd-masked", "wd-broken", "wd-made@1", "wd-gone"),
        *("wd-runs.service", "sysinit.target", "systemd-journald.socket"),
    )
    assert {name: values["state"] for name, values in found.items()} == {
        "wd-runs": "running",
        "wd-stops": "stopped",
        "wd-fails": "failed",
        "wd-masked": "stopped",
        "wd-broken": "failed",
        "wd-made@1": "running",
        "wd-gone": "missing",
        "wd-runs.service": "running",
        "sysinit.target": "running",
        "systemd-journald.socket": "running",
    }
    assert found["wd-runs"]["restarts"] == 0
    assert "restarts" not in found["sysinit.target"]


def test_a_service_that_is_killed_is_seen_at_the_next_look(
    container: Container, probe: Prober
) -> None:
    container.run("systemctl", "start", "wd-runs")
    assert probe("wd-runs")["wd-runs"]["state"] == "running"
    assert probe("wd-runs")["wd-runs"]["state"] == "running"
    assert probe.asked == 0, "its main process lives: systemd need not be asked"
    container.run("systemctl", "kill", "--signal=KILL", "wd-runs")
    until(lambda: container.run("systemctl", "is-active", "wd-runs", check=False) == "failed")
    assert probe("wd-runs")["wd-runs"]["state"] == "failed"
    assert probe.asked == 1
    container.run("systemctl", "start", "wd-runs")


def test_a_service_that_is_stopped_is_seen_at_the_next_look(
    container: Container, probe: Prober
) -> None:
    container.run("systemctl", "start", "wd-stops")
    assert probe("wd-stops")["wd-stops"]["state"] == "running"
    container.run("systemctl", "stop", "wd-stops")
    assert probe("wd-stops")["wd-stops"]["state"] == "stopped"


def test_a_service_that_systemd_restarts_counts_its_restarts(
    container: Container, probe: Prober
) -> None:
    container.run("systemctl", "restart", "wd-returns")
    returns = {"state": "running", "start": "manual", "restarts": 0}
    assert probe("wd-returns")["wd-returns"] == returns
    container.run("systemctl", "kill", "--signal=SEGV", "wd-returns")
    until(lambda: container.run("systemctl", "show", "-PNRestarts", "wd-returns") == "1")
    until(lambda: probe("wd-returns")["wd-returns"] == returns | {"restarts": 1})


def test_patterns_find_loaded_and_unloaded_units(container: Container, probe: Prober) -> None:
    container.run("systemctl", "start", "wd-runs")
    found = probe("wd-*", exclude=["wd-made*", "wd-b*"])
    assert {"wd-runs", "wd-stops", "wd-fails", "wd-job", "wd-returns"} <= found.keys()
    assert not any(name.startswith(("wd-made", "wd-b")) for name in found)


def test_with_start_automatic_only_those_that_start_by_themselves_are_told(
    container: Container, probe: Prober
) -> None:
    container.run("systemctl", "enable", "--runtime", "wd-runs")
    options = {"start": ["automatic"]}
    found = probe("wd-runs", "wd-stops", "wd-gone", options=options)
    assert found.keys() == {"wd-runs", "wd-gone"}
    assert probe("wd-*", options=options).keys() == {"wd-runs"}
    assert "wd-gone" not in probe("wd-runs", "wd-gone", absent_ignored=True)


def test_without_a_name_the_automatic_lasting_services_are_told(
    container: Container, probe: Prober
) -> None:
    """Jobs that ran and services started on demand are stopped by design."""
    container.run("systemctl", "enable", "--runtime", "wd-runs", "wd-job", check=False)
    found = probe()
    assert "wd-runs" in found
    assert not {"wd-job", "wd-stops", "systemd-journald", "e2scrub_reap"} & found.keys()


def test_how_many_do_not_run_is_told_as_one_target(container: Container, probe: Prober) -> None:
    """One ticket for all of them; what is started on demand may be left out."""
    container.run("systemctl", "start", "wd-runs")
    container.run("systemctl", "start", "wd-fails", check=False)
    names = ["wd-runs", "wd-stops", "wd-masked", "wd-gone", "systemd-tmpfiles-clean"]
    until(probe.becomes("wd-fails", "failed"))
    count = {"count": ["stopped"]}
    assert probe(*names, "wd-fails", options=count) == {"services": {"stopped_count": 4}}
    skip = count | {"skip": ["trigger-started"]}
    assert probe(*names, "wd-fails", options=skip) == {"services": {"stopped_count": 3}}
    assert probe("wd-runs", options=count) == {"services": {"stopped_count": 0}}
    assert probe(options=count)["services"]["stopped_count"] >= 0


def test_an_impossible_name_is_told_and_hides_no_other(probe: Prober) -> None:
    found = probe("wd-runs", "--version", "two\nlines", "wd-made@")
    assert found["wd-runs"]["state"] in {"running", "stopped"}
    assert found["two\nlines"] == "this cannot be a service's name"
    assert found["wd-made@"] == "this cannot be a service's name"


def test_an_unprivileged_agent_sees_the_same(container: Container, tmp_path: Path) -> None:
    del tmp_path
    container.run("systemctl", "start", "wd-runs")
    said = container.run(
        *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "-i"),
        *("systemctl", "show", "-PActiveState", "wd-runs"),
    )
    assert said == "active"
