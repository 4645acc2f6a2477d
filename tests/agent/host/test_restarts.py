"""Restarts that were not meant, by wtmp; restarts that are due, by packages and kernels."""

import os
import struct
from pathlib import Path

import pytest

from agent.host import procfs, restarts
from agent.host.restarts import Record, asked_by, count, is_asked_for, records, was_meant

DAY_S = 86_400
LOGIN, LOGOUT = 7, 8
NOW_S = 1_763_633_700


def record(kind: int, at_s: int, user: bytes, *, size: int = 384) -> bytes:
    """One record as glibc writes it: on most processors, or with the wider times of ARM."""
    head = struct.pack("=hxxi32s4s32s256shh", kind, 0, b"~", b"~~", user, b"6.1.0", 0, 0)
    if size == 384:
        return head + struct.pack("=iii16s20s", 0, at_s, 0, b"", b"")
    return head + struct.pack("=qqq16s20sxxxx", 0, at_s, 0, b"", b"")


def boot(at_s: int, size: int = 384) -> bytes:
    return record(2, at_s, b"reboot", size=size)


def shutdown(at_s: int, size: int = 384) -> bytes:
    return record(1, at_s, b"shutdown", size=size)


def runlevel(at_s: int, size: int = 384) -> bytes:
    return record(1, at_s, b"runlevel", size=size)


def login(at_s: int, size: int = 384) -> bytes:
    return record(LOGIN, at_s, b"shutdown", size=size)


@pytest.mark.parametrize("size", [384, 400])
class TestWtmp:
    def test_starts_and_orderly_ends_are_found_among_the_rest(self, size: int) -> None:
        """A user may be called shutdown."""
        pieces = (boot, runlevel, login, shutdown, boot, runlevel)
        wtmp = b"".join(piece(NOW_S + n, size) for n, piece in enumerate(pieces))
        assert len(wtmp) == 6 * size
        assert records(wtmp) == [
            Record(is_boot=True, at_s=NOW_S),
            Record(is_boot=False, at_s=NOW_S + 3),
            Record(is_boot=True, at_s=NOW_S + 4),
        ]

    def test_a_file_that_is_something_else_tells_nothing(self, size: int) -> None:
        assert records(b"\xff" * size * 3) == []
        assert records(boot(NOW_S, size)[:-1]) == []
        assert records(b"") == []


START, END = (Record(is_boot=kind, at_s=NOW_S - DAY_S) for kind in (True, False))
THIS = Record(is_boot=True, at_s=NOW_S + 7)


class TestWhetherItWasMeant:
    def test_after_an_orderly_end(self) -> None:
        assert was_meant([START, END, THIS], NOW_S) is True

    def test_after_a_power_cut_or_a_crash(self) -> None:
        assert was_meant([START, END, START, THIS], NOW_S) is False

    def test_the_first_start_is_meant(self) -> None:
        assert was_meant([THIS], NOW_S) is True

    def test_a_shutdown_that_has_begun_changes_nothing(self) -> None:
        assert was_meant([START, END, THIS, END], NOW_S) is True

    def test_where_this_boot_is_not_told_nothing_is(self) -> None:
        assert was_meant([], NOW_S) is None
        assert was_meant([START, END, START], NOW_S) is None, "kept until an upgrade"


class TestCounting:
    def test_each_restart_that_was_not_meant_counts_once(self) -> None:
        memory: dict[str, str] = {}
        seen = [
            count(memory, boot_id, iter([meant]).__next__)
            for boot_id, meant in (
                ("a", False),
                ("a", False),
                ("b", True),
                ("c", False),
                ("c", False),
                ("d", False),
                ("e", True),
            )
        ]
        assert seen == [0, 0, 0, 1, 1, 2, 2]

    def test_a_restart_is_judged_when_it_can_be(self) -> None:
        """The agent may look before the boot is written down."""
        memory: dict[str, str] = {}
        assert count(memory, "a", lambda: None) is None, "nothing is told yet"
        assert count(memory, "a", lambda: True) == 0
        assert count(memory, "b", lambda: None) == 0
        assert count(memory, "b", lambda: False) == 1

    def test_the_log_is_read_once_for_each_boot(self) -> None:
        memory: dict[str, str] = {}
        count(memory, "a", lambda: True)
        assert count(memory, "a", lambda: pytest.fail("read again")) == 0


class Computer:
    """Kernels installed on a computer that began to run a day ago."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "boot").mkdir()
        (folder / "lib/modules").mkdir(parents=True)

    def kernel(self, release: str) -> None:
        (self.folder / "boot" / f"vmlinuz-{release}").touch()
        os.utime(self.folder / "boot" / f"vmlinuz-{release}", (0, 0))
        (self.folder / "lib/modules" / release).mkdir()

    def asked(self, running: str, *, days_up: float = 1) -> bool | None:
        return is_asked_for(self.folder, running, _now_s() - days_up * DAY_S)


def _now_s() -> float:
    return Path("/proc/self").stat().st_ctime


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    return Computer(tmp_path)


class TestWhetherOneIsDue:
    @pytest.mark.parametrize("file", restarts.ASKED)
    def test_packages_ask_for_one(self, computer: Computer, file: str) -> None:
        computer.kernel("6.1.0-17-amd64")
        assert computer.asked("6.1.0-17-amd64") is False
        (computer.folder / file).parent.mkdir(exist_ok=True)
        (computer.folder / file).touch()
        assert computer.asked("6.1.0-17-amd64") is True

    def test_what_asks_is_named(self, computer: Computer) -> None:
        computer.kernel("6.1.0-17-amd64")
        computer.kernel("6.1.0-18-amd64")
        booted_s = _now_s() - DAY_S
        by = asked_by(computer.folder, "6.1.0-17-amd64", booted_s)
        assert by == "kernel 6.1.0-18-amd64"
        pkgs = computer.folder / "run/reboot-required.pkgs"
        pkgs.parent.mkdir(exist_ok=True)
        pkgs.write_text("libc6\ndbus\nlibc6\n")
        assert asked_by(computer.folder, "6.1.0-18-amd64", booted_s) == "dbus, libc6"

    @pytest.mark.parametrize(
        ("running", "newer"),
        [
            ("6.1.0-17-amd64", "6.1.0-18-amd64"),
            ("6.1.0-9-amd64", "6.1.0-10-amd64"),
            ("5.15.0-91-generic", "5.15.0-92-generic"),
            ("5.14.0-362.8.1.el9_3.x86_64", "5.14.0-362.13.1.el9_3.x86_64"),
            ("6.6.8-200.fc39.x86_64", "6.6.9-200.fc39.x86_64"),
            ("6.6.8-arch1-1", "6.6.9-arch1-1"),
        ],
    )
    def test_a_newer_kernel_was_installed_since_the_boot(
        self, computer: Computer, running: str, newer: str
    ) -> None:
        computer.kernel(running)
        computer.kernel(newer)
        assert computer.asked(running) is True
        assert computer.asked(newer) is False, "after the restart"
        assert computer.asked(running, days_up=-1) is False, "an older one was chosen at the boot"

    @pytest.mark.parametrize(
        "other", ["6.1.0-18-rt-amd64", "6.1.0-18-cloud-amd64", "6.1.0-16-amd64", "rescue-0123abc"]
    )
    def test_kernels_of_another_kind_or_older_ones_ask_for_nothing(
        self, computer: Computer, other: str
    ) -> None:
        computer.kernel("6.1.0-17-amd64")
        computer.kernel(other)
        assert computer.asked("6.1.0-17-amd64") is False

    def test_a_container_cannot_tell(self, computer: Computer) -> None:
        assert computer.asked("6.1.0-17-amd64") is None


def test_this_computers_own_files_are_understood() -> None:
    assert restarts.read_meant() in {True, False, None}
    assert restarts.read_asked_for() in {True, False, None}


def test_a_rotated_file_is_read_with_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(procfs, "boot_time", lambda: NOW_S)
    (tmp_path / "wtmp.1").write_bytes(boot(NOW_S - 3 * DAY_S) + login(NOW_S - 2 * DAY_S))
    (tmp_path / "wtmp").write_bytes(login(NOW_S - DAY_S) + boot(NOW_S))
    assert restarts.read_meant(str(tmp_path)) is False
    (tmp_path / "wtmp").write_bytes(shutdown(NOW_S - DAY_S) + boot(NOW_S))
    assert restarts.read_meant(str(tmp_path)) is True
    assert restarts.read_meant(str(tmp_path / "none")) is None


def test_of_a_long_file_only_the_end_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restarts, "_MOST_RECORDS", 384 * 10)
    monkeypatch.setattr(procfs, "boot_time", lambda: NOW_S)
    many = [login(NOW_S - DAY_S)] * 1_000
    (tmp_path / "wtmp").write_bytes(b"".join([*many, boot(NOW_S - DAY_S), boot(NOW_S)]))
    assert restarts.read_meant(str(tmp_path)) is False
