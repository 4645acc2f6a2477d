"""What the kernel counts of programs it killed."""

import pytest

from agent.check_api import (
    CheckDeniedError,
    CheckError,
    Measured,
    TargetFilter,
    UnsupportedCheckError,
)
from agent.checks.oom import CHECK
from agent.host import kernel_log, procfs


def test_the_kernels_count_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    vmstat = b"nr_free_pages 12345\noom_kill 3\noom_kill_other 9\nnuma_hit 1\n"
    monkeypatch.setattr(procfs, "read", lambda _path: vmstat)
    record = "Memory cgroup out of memory: Killed process 71 (soffice.bin) total-vm:9kB"
    monkeypatch.setattr(kernel_log, "SHARED", Log(record))
    about = "last killed: soffice.bin"
    assert list(CHECK.probe(TargetFilter())) == [Measured("memory", {"kills_total": 3}, about)]


@pytest.mark.parametrize("said", ["", "Out of memory: Kill", CheckDeniedError("may not be read")])
def test_without_the_kernels_log_no_program_is_named(
    monkeypatch: pytest.MonkeyPatch, said: str | CheckError
) -> None:
    monkeypatch.setattr(procfs, "read", lambda _path: b"oom_kill 3\n")
    monkeypatch.setattr(kernel_log, "SHARED", Log(said))
    assert list(CHECK.probe(TargetFilter())) == [Measured("memory", {"kills_total": 3})]


class Log:
    """A kernel's log that holds one record of a kill, or cannot be read."""

    def __init__(self, said: str | CheckError) -> None:
        self.said = said

    def latest(self, kind: str) -> str:
        assert kind == "out-of-memory"
        if isinstance(self.said, CheckError):
            raise self.said
        return self.said


@pytest.mark.parametrize("vmstat", [b"", b"nr_free_pages 12345\n", b"oom_kill x\n"])
def test_an_old_kernel_does_not_count(monkeypatch: pytest.MonkeyPatch, vmstat: bytes) -> None:
    monkeypatch.setattr(procfs, "read", lambda _path: vmstat)
    with pytest.raises(UnsupportedCheckError, match="does not count"):
        list(CHECK.probe(TargetFilter()))
