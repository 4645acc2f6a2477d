"""What is told of main memory, and what is left out."""

import pytest

from agent.check_api import CheckError, TargetFilter
from agent.checks.memory import CHECK, values
from agent.host import memory, procfs
from agent.host.memory import Memory

MEMINFO = b"""MemTotal:       16000000 kB
MemFree:          500000 kB
MemAvailable:    4000000 kB
Cached:          3000000 kB
SwapTotal:       2000000 kB
SwapFree:        1500000 kB
CommitLimit:    10000000 kB
Committed_AS:   15000000 kB
HugePages_Total:       0
"""
PRESSURE = b"some avg10=1.00 avg60=2.50 avg300=0.10 total=1\nfull avg10=0.00 avg60=0.00 total=0\n"


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The kernel's files, to be changed by a test."""
    files = {
        "/proc/meminfo": MEMINFO,
        "/proc/pressure/memory": PRESSURE,
        "/proc/sys/vm/overcommit_memory": b"0\n",
    }

    def read(path: str) -> bytes:
        if path not in files:
            raise FileNotFoundError(2, "No such file or directory", path)
        return files[path]

    monkeypatch.setattr(procfs, "read", read)
    return files


def test_all_is_told_that_linux_knows(kernel: dict[str, bytes]) -> None:
    del kernel
    assert values(memory.read()) == {
        "used_percent": 75.0,
        "available_bytes": 4_000_000 * 1024,
        "swap_used_percent": 25.0,
        "stall_percent": 2.5,
    }


def test_what_is_promised_counts_only_where_the_limit_binds(kernel: dict[str, bytes]) -> None:
    """A healthy Linux desktop promises 150 % of a limit that nothing enforces."""
    assert "commit_percent" not in values(memory.read())
    kernel["/proc/sys/vm/overcommit_memory"] = b"2\n"
    assert values(memory.read())["commit_percent"] == 150.0


def test_without_swap_or_pressure_nothing_is_made_up(kernel: dict[str, bytes]) -> None:
    del kernel["/proc/pressure/memory"]
    kernel["/proc/meminfo"] = MEMINFO.replace(b"2000000", b"0").replace(b"1500000", b"0")
    assert values(memory.read()).keys() == {"used_percent", "available_bytes"}


def test_a_kernel_that_does_not_reckon_what_is_available(kernel: dict[str, bytes]) -> None:
    kernel["/proc/meminfo"] = MEMINFO.replace(b"MemAvailable", b"MemForgotten")
    assert memory.read().available_bytes == 3_500_000 * 1024


def test_an_unreadable_kernel_is_a_reason(kernel: dict[str, bytes]) -> None:
    del kernel["/proc/meminfo"]
    with pytest.raises(CheckError, match="memory cannot be read: No such file"):
        list(CHECK.probe(TargetFilter()))


def test_windows_tells_its_commit_charge() -> None:
    state = Memory(16, 4, committed_bytes=30, commit_limit_bytes=40)
    assert values(state) == {
        "used_percent": 75.0,
        "available_bytes": 4,
        "commit_percent": 75.0,
    }
