"""An agent that sees nothing new leaves the disk alone: it may sleep, and flash wears."""

from pathlib import Path

import pytest

from tests.faults.station import Station
from tests.support.polling import until
from tests.support.strace import Strace

LOOKS = 5


@pytest.mark.needs("strace")
def test_an_agent_at_rest_looks_again_and_again_and_writes_nothing(
    station: Station, tmp_path: Path
) -> None:
    [port] = station.services.ports
    agent = station.start()
    station.until_at_rest()
    until(lambda: b"/facts HTTP" in station.relay.sent, what="the facts")
    station.until_at_rest()
    until(lambda: not station.is_sending(), what="the end of the sender")
    seen = tmp_path / "strace"
    stored = [station.state, *station.state.glob("agent.*")]
    calls = "pwrite64,write,fdatasync,fsync,ftruncate,openat,unlink,rename"

    with Strace(agent.process.pid, calls, "", "", stored, seen):
        before = station.services.visits[port]
        until(lambda: station.services.visits[port] >= before + LOOKS, 60, "more looks")
        quiet = seen.read_text()
        station.services.stop(port)
        station.until_open(port)
        station.until_at_rest()

    assert not quiet
    assert "fdatasync" in seen.read_text(), "else it would not have been seen"
