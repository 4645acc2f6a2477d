"""What the kernel's account of waiting work tells, and when there is none."""

import pytest

from agent.check_api import Measured, TargetFilter, UnsupportedCheckError
from agent.checks.pressure import CHECK
from agent.host import procfs


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The kernel's files, to be changed by a test."""
    files = {
        f"/proc/pressure/{resource}": (
            b"some avg10=0.12 avg60=%s avg300=2.28 total=13398757131\n"
            b"full avg10=0.00 avg60=90.00 avg300=0.00 total=0\n" % share
        )
        for resource, share in (("cpu", b"1.50"), ("io", b"63.25"), ("memory", b"0.00"))
    }

    def read(path: str) -> bytes:
        if path not in files:
            raise FileNotFoundError(2, "No such file or directory", path)
        return files[path]

    monkeypatch.setattr(procfs, "read", read)
    return files


def test_the_share_of_the_last_minute_in_which_some_work_waited(kernel: dict[str, bytes]) -> None:
    assert list(CHECK.probe(TargetFilter())) == [
        Measured(
            "pressure",
            {"cpu_stall_percent": 1.5, "io_stall_percent": 63.25, "memory_stall_percent": 0.0},
        )
    ]


def test_an_account_that_is_not_kept_is_left_out(kernel: dict[str, bytes]) -> None:
    del kernel["/proc/pressure/cpu"]
    [found] = CHECK.probe(TargetFilter())
    assert isinstance(found, Measured)
    assert found.values.keys() == {"io_stall_percent", "memory_stall_percent"}


def test_a_kernel_without_any_is_unsupported(kernel: dict[str, bytes]) -> None:
    kernel.clear()
    with pytest.raises(UnsupportedCheckError, match="keeps no account"):
        list(CHECK.probe(TargetFilter()))
