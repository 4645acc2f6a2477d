"""A file system stops answering while the agent looks at it, among other things."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.ground import Ground
from tests.faults.station import Station, rule
from tests.support.hanging_mount import HangingMounts, hanging_mounts
from tests.support.polling import until
from tests.support.seeds import long_run

HANG_S = 60.0 if long_run() else 6.0
STOP_S = 5.0
DISK_RULE = """
  - name: disk
    why: a test
    check: disk.space
    every: 1s
    startup_grace: 0s
    targets: {{include: ["{path}"]}}
    critical: {{when: free_percent < 5, for: 0s, clear_for: 0s, priority: high}}
    ticket: {{title: "{{target}} is full"}}
"""

pytestmark = [pytest.mark.needs("umount"), pytest.mark.needs_root]


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[HangingMounts]:
    with hanging_mounts(tmp_path) as made:
        yield made


@pytest.fixture
def watching(sqlite_ground: Ground, tmp_path: Path, mounts: HangingMounts) -> Iterator[Station]:
    """A device that watches the file system and three services, in this order."""
    with Station(sqlite_ground, tmp_path / "station", 3) as station:
        services = rule(station.services.ports).partition("rules:\n")
        disk = DISK_RULE.format(path=mounts.paths[0])
        station.write_rules(services[0] + services[1] + disk + services[2])
        yield station
        mounts.answer()


def evaluation(station: Station) -> str:
    """Return how the disk is judged just now."""
    checks = station.status().get("checks", ())
    return next((c["evaluation"] for c in checks if c["rule"] == "disk"), "")


def test_while_it_hangs_all_else_is_checked_in_time_and_it_is_unknown(
    watching: Station, mounts: HangingMounts
) -> None:
    first, second, third = watching.services.ports
    watching.start()
    until(lambda: evaluation(watching) == "ok", what="the first look")

    mounts.hang()
    end = time.monotonic() + HANG_S
    until(lambda: evaluation(watching) == "unknown", what="the verdict on what hangs")
    watching.services.stop(first)
    watching.until_open(first)
    watching.services.start(first)
    watching.until_resolved(first)
    while time.monotonic() < end:
        seen = watching.services.visits[first]
        until(lambda: watching.services.visits[first] > seen + 1, 10, "two more looks")  # noqa: B023
        assert evaluation(watching) == "unknown"

    assert watching.stop() < STOP_S
    assert watching.agent.process.returncode == 0
    watching.start()
    watching.services.stop(second)
    watching.until_open(second)
    until(lambda: evaluation(watching) in ("", "unknown"), what="the verdict of the successor")

    mounts.answer()
    until(lambda: evaluation(watching) == "ok", what="the recovery")
    watching.services.stop(third)
    watching.until_open(third)
    assert {ticket.target for ticket in watching.ground.tickets(watching.device)} == {
        f"127.0.0.1:{port}" for port in (first, second, third)
    }
    watching.assert_no_traceback()
