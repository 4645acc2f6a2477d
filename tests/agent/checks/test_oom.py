"""What the kernel counts of programs it killed."""

import pytest

from agent.check_api import Measured, TargetFilter, UnsupportedCheckError
from agent.checks.oom import CHECK
from agent.host import procfs


def test_the_kernels_count_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    vmstat = b"nr_free_pages 12345\noom_kill 3\noom_kill_other 9\nnuma_hit 1\n"
    monkeypatch.setattr(procfs, "read", lambda _path: vmstat)
    assert list(CHECK.probe(TargetFilter())) == [Measured("memory", {"kills_total": 3})]


@pytest.mark.parametrize("vmstat", [b"", b"nr_free_pages 12345\n", b"oom_kill x\n"])
def test_an_old_kernel_does_not_count(monkeypatch: pytest.MonkeyPatch, vmstat: bytes) -> None:
    monkeypatch.setattr(procfs, "read", lambda _path: vmstat)
    with pytest.raises(UnsupportedCheckError, match="does not count"):
        list(CHECK.probe(TargetFilter()))
