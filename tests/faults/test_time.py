"""Clocks that jump, processes that stand still, and two agents at once."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.ground import Ground
from tests.faults.station import Station, rule, target
from tests.support.agent_process import agent_command
from tests.support.needs import lacking
from tests.support.polling import until
from tests.support.seeds import long_run
from tests.support.server_process import PROJECT, server_environment

JUMPS = ("-1h", "+10d", "-3650d", "+3650d")
STANDSTILL_S = 60.0 if long_run() else 5.0
LOG = """
  - name: log
    check: log
    every: 1s
    targets: {{include: ["{path}"], match: [fails]}}
    warning: {{when: lines_1h > 100, for: 1s, clear: lines_1h < 50}}
"""
SLACK = 4
"""Looks more than seconds have passed that are no burst yet."""


@pytest.fixture
def several(sqlite_ground: Ground, tmp_path: Path) -> Iterator[Station]:
    """A device with six services: the last is watched by a rule that waits an hour."""
    with Station(sqlite_ground, tmp_path / "station", 6) as station:
        *watched, patient = station.services.ports
        hour = rule([patient], "patient", "1h").partition("rules:\n")[2]
        log = LOG.format(path=station.folder / "program.log")
        (station.folder / "program.log").touch()
        station.write_rules(rule(watched) + hour + log)
        yield station


def log_says(station: Station) -> str:
    """Return what is measured of the log just now."""
    checks = station.status().get("checks", ())
    return next((one["summary"] for one in checks if one["rule"] == "log"), "")


class Looks:
    """Counts how often the agent looks at a service, against the time that passes."""

    def __init__(self, station: Station, port: int) -> None:
        self._visits = station.services.visits
        self._port = port
        self._before = self._visits[port]
        self._began = time.monotonic()

    def number(self) -> int:
        return self._visits[self._port] - self._before

    def assert_steady(self) -> None:
        """Fail when it does not go on looking, or looks more often than every second."""
        until(lambda: self.number() >= 2, what="two more looks")
        assert self.number() <= time.monotonic() - self._began + SLACK


@pytest.fixture
def wall_clock(tmp_path: Path) -> "WallClock":
    """A wall clock that a process started with its environment goes by."""
    return WallClock(tmp_path / "wall-clock")


class WallClock:
    """Jumps when told to; the monotonic clocks do not, as on a real computer."""

    def __init__(self, file: Path) -> None:
        libraries = sorted(Path("/usr/lib").glob("**/faketime/libfaketimeMT.so.1"))
        if not libraries:
            lacking("libfaketime (apt-get install faketime)")
        self._file = file
        self.jump("+0")
        self.environment = {
            "LD_PRELOAD": str(libraries[0]),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def jump(self, offset: str) -> None:
        """Show another time from now on: the true one and ``offset``."""
        draft = self._file.with_suffix(".new")
        draft.write_text(offset + "\n")
        draft.replace(self._file)


def test_a_wall_clock_that_jumps_makes_no_burst_no_stall_and_no_false_ticket(
    several: Station, wall_clock: WallClock
) -> None:
    *changing, steady, patient = several.services.ports
    several.services.stop(patient)
    several.start(module="tests.faults.faked_agent", environment=wall_clock.environment)
    several.until_at_rest()
    until(lambda: several.services.visits[steady] > 2, what="looks")
    until(lambda: log_says(several), 60, "the log")
    true_time = several.status()["since"]

    for number, (jump, port) in enumerate(zip(JUMPS, changing, strict=True), 1):
        several.services.stop(port)
        several.until_open(port)
        several.until_at_rest()
        looks, requests = Looks(several, steady), several.relay.requests
        wall_clock.jump(jump)
        looks.assert_steady()
        several.services.start(port)
        several.until_resolved(port)
        several.until_at_rest()
        looks.assert_steady()
        assert several.relay.requests - requests <= 1 + SLACK, jump
        with (several.folder / "program.log").open("a") as log:
            log.write("it fails\n")
        each_line_once = f"lines_total {number}, lines_1h {number}, lines_24h {number}"
        until(lambda: log_says(several) == each_line_once, 60, each_line_once)  # noqa: B023
        assert several.history(port) == ["opened", "resolved"]
        assert 0 <= (several.status()["delivery"]["next_try_s"] or 0) <= 900

    assert several.status()["since"] == true_time
    tickets = {ticket.target for ticket in several.ground.tickets(several.device)}
    assert tickets == {target(port) for port in changing}, "patient waits an hour by its own clock"
    several.assert_no_traceback()


def test_the_faked_clock_is_what_the_agent_sees(several: Station, wall_clock: WallClock) -> None:
    """Else the test above would prove nothing."""
    wall_clock.jump("+3650d")
    several.start(module="tests.faults.faked_agent", environment=wall_clock.environment)

    seen = int(several.status()["since"][:4])

    assert seen >= time.gmtime().tm_year + 9


def test_an_agent_that_stood_still_goes_on_where_things_are(several: Station) -> None:
    """As in a debugger, or in a computer that swaps: what came and went meanwhile is nothing."""
    passing, lasting, steady, *_, patient = several.services.ports
    several.start()
    several.until_at_rest()
    several.services.stop(patient)
    until(lambda: several.services.visits[steady] > 2, what="looks")

    several.agent.process.send_signal(signal.SIGSTOP)
    several.services.stop(passing)
    several.services.stop(lasting)
    time.sleep(STANDSTILL_S)
    several.services.start(passing)
    several.services.start(patient)
    looks, requests = Looks(several, steady), several.relay.requests
    several.agent.process.send_signal(signal.SIGCONT)

    several.until_open(lasting)
    several.until_at_rest()
    looks.assert_steady()
    assert several.relay.requests - requests <= 1 + SLACK
    tickets = [ticket.target for ticket in several.ground.tickets(several.device)]
    assert tickets == [target(lasting)]
    several.assert_no_traceback()


def test_a_server_that_stood_still_gets_every_message_once(ground: Ground, tmp_path: Path) -> None:
    with Station(ground, tmp_path / "station", 2) as station:
        one, other = station.services.ports
        station.start()
        station.until_at_rest()
        os.kill(ground.worker, signal.SIGSTOP)
        try:
            station.services.stop(one)
            until(lambda: station.waiting() > 0, what="a message that waits")
            time.sleep(STANDSTILL_S)
            station.services.stop(other)
            until(lambda: station.waiting() > 1, what="another one")
        finally:
            os.kill(ground.worker, signal.SIGCONT)

        station.until_open(one)
        station.until_open(other)
        station.until_at_rest()
        assert station.history(one) == station.history(other) == ["opened"]


def test_of_many_agents_started_at_once_one_runs_and_the_others_say_why_not(
    station: Station,
) -> None:
    run = agent_command("run", "--state", str(station.state), "--rules", str(station.rules))
    agents = [
        subprocess.Popen(
            run, cwd=PROJECT, env=server_environment(), stderr=subprocess.PIPE, text=True
        )
        for _ in range(20 if long_run() else 4)
    ]

    try:
        until(lambda: sum(one.poll() is None for one in agents) == 1, 120, "one that is left")
        until(station.is_at_rest, what="an agent at work")
    finally:
        for one in agents:
            one.terminate()
    told = [one.communicate()[1] for one in agents]

    assert sorted(one.returncode for one in agents) == [0, *[1] * (len(agents) - 1)]
    refused = [text for one, text in zip(agents, told, strict=True) if one.returncode]
    assert all("one computer runs one agent" in text for text in refused)
    assert not any("Traceback" in text for text in told)


def test_the_second_of_two_agents_says_who_is_the_first_and_leaves(station: Station) -> None:
    first = station.start()

    second = subprocess.run(
        agent_command("run", "--state", str(station.state), "--rules", str(station.rules)),
        cwd=PROJECT,
        env=server_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert second.returncode == 1
    assert f"in use by process {first.process.pid}" in second.stderr
    assert "Traceback" not in second.stderr
    looks = Looks(station, station.services.ports[0])
    looks.assert_steady()
    assert station.status()["outbox"]
