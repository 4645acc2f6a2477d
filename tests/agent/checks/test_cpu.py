"""How busy the processors are, between looks."""

import pytest

from agent.check_api import CheckError, Measured, TargetFilter
from agent.checks.cpu import CHECK, Busy
from agent.host import processors, procfs
from agent.host.processors import ProcessorTime


def test_the_first_look_covers_the_time_since_boot() -> None:
    assert Busy().percent(ProcessorTime(1000.0, 900.0), 2) == pytest.approx(10)


def test_later_looks_cover_the_time_between() -> None:
    busy = Busy()
    busy.percent(ProcessorTime(1000.0, 900.0), 2)
    assert busy.percent(ProcessorTime(1020.0, 905.0), 2) == pytest.approx(75)
    assert busy.percent(ProcessorTime(1040.0, 925.0), 2) == pytest.approx(0)


def test_looks_at_once_see_the_same() -> None:
    """Two rules of one turn; a share of no time at all is noise."""
    busy = Busy()
    busy.percent(ProcessorTime(1000.0, 900.0), 2)
    first = busy.percent(ProcessorTime(1020.0, 905.0), 2)
    assert busy.percent(ProcessorTime(1020.01, 905.0), 2) == first
    assert busy.percent(ProcessorTime(1020.01, 905.0), 2) == first


def test_a_share_stays_a_share() -> None:
    """Idle time may step back by a tick; times begin anew in a moved container."""
    busy = Busy()
    busy.percent(ProcessorTime(1000.0, 900.0), 2)
    assert busy.percent(ProcessorTime(1010.0, 899.0), 2) == 100
    assert busy.percent(ProcessorTime(1020.0, 920.0), 2) == 0
    assert 0 <= busy.percent(ProcessorTime(10.0, 5.0), 2) <= 100
    assert Busy().percent(ProcessorTime(0.0, 0.0), 2) == 0


def test_waiting_for_a_disk_is_idle_and_stolen_time_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    stat = b"cpu  100 50 150 4000 500 10 20 170 999 999\ncpu0 1 1 1 1\n"
    monkeypatch.setattr(procfs, "read", lambda _path: stat)
    monkeypatch.setattr(processors, "_TICKS_PER_S", 100)
    assert processors.spent() == ProcessorTime(50.0, 45.0)


def test_a_system_without_load_average_leaves_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "load", lambda: None)
    [found] = CHECK.probe(TargetFilter())
    assert isinstance(found, Measured)
    assert found.values.keys() == {"busy_percent"}


def test_load_is_told_for_each_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "load", lambda: 6.0)
    monkeypatch.setattr(processors, "count", lambda: 4)
    [found] = CHECK.probe(TargetFilter())
    assert isinstance(found, Measured)
    assert found.values["load_per_cpu"] == 1.5


def test_an_unreadable_kernel_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_path: str) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(procfs, "read", denied)
    with pytest.raises(CheckError, match="processor times cannot be read: Permission denied"):
        list(CHECK.probe(TargetFilter()))
