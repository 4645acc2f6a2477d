"""Restarts, counted by a real systemd in a container."""

from collections.abc import Iterator
from functools import partial

import pytest

from agent.check_api import Increase
from agent.checks.service_restarts import CHECK
from tests.agent.checks.probing import Probe, probing
from tests.support.nspawn import Container, booted
from tests.support.polling import until

pytestmark = [pytest.mark.needs("systemd-nspawn", "nsenter", "pgrep"), pytest.mark.needs_root]

LOOP = "[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=0\nExecStart={}\n"


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    with booted(tmp_path_factory.mktemp("restarts")) as made:
        made.unit("wd-returns.service", LOOP.format("/bin/sleep 1000"))
        made.unit("wd-loops.service", LOOP.format("/bin/sleep 0.1"))
        made.unit("wd-runs.service", "[Service]\nExecStart=/bin/sleep 1000\n")
        made.run("systemctl", "start", "wd-returns", "wd-runs")
        yield made


@pytest.fixture
def probe(container: Container) -> Iterator[Probe]:
    with probing(container, "agent.checks.service_restarts") as made:
        yield made


def test_each_restart_by_systemd_counts(container: Container, probe: Probe) -> None:
    assert probe("wd-returns", "wd-runs") == {
        "wd-returns": {"restarts_total": 0},
        "wd-runs": {"restarts_total": 0},
    }
    for count in (1, 2):
        until(partial(_is_active, container), what="a process to kill")
        container.run("systemctl", "kill", "--kill-whom=main", "--signal=SEGV", "wd-returns")
        counted = {"wd-returns": {"restarts_total": count}}
        until(partial(_tells, probe, counted), what=f"restart {count}")
    assert probe("wd-ret*")["wd-returns"] == {"restarts_total": 2}


def test_a_restart_loop_counts_on(container: Container, probe: Probe) -> None:
    container.run("systemctl", "start", "wd-loops")
    until(lambda: _restarts(container) > 2, what="three restarts")
    assert probe("wd-loops")["wd-loops"]["restarts_total"] > 2
    container.run("systemctl", "stop", "wd-loops")


def test_what_is_not_there_or_counts_nothing(probe: Probe) -> None:
    assert probe("wd-gone", "sysinit.target", "a/b") == {
        "a/b": "this cannot be a service's name",
        "wd-gone": "this computer has no such service",
    }
    assert probe("wd-gone", absent_ignored=True) == {}
    assert all("restarts_total" in values for values in probe().values())


def test_restarts_of_an_hour_follow_from_the_count() -> None:
    metric = CHECK.metric("restarts_1h")
    assert metric
    assert metric.derived == Increase("restarts_total", 3600.0)


def _is_active(container: Container) -> bool:
    return container.run("systemctl", "is-active", "wd-returns", check=False) == "active"


def _tells(probe: Probe, counted: dict[str, dict[str, int]]) -> bool:
    return probe(*counted) == counted


def _restarts(container: Container) -> int:
    return int(container.run("systemctl", "show", "-PNRestarts", "wd-loops"))
