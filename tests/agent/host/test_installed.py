"""What was installed lately, by the logs of the package systems."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.host.installed import Installed, since
from agent.host.updates_windows import Package, named

DPKG = """\
2026-11-18 06:00:00 upgrade old:amd64 1 2
2026-11-20 06:12:01 startup packages configure
2026-11-20 06:12:01 upgrade libc6:amd64 2.36-9 2.36-10
2026-11-20 06:12:02 status half-configured libc6:amd64 2.36-9
2026-11-20 06:13:00 install tzdata:all <none> 2025a-0
2026-11-20 06:14:00 remove nano:amd64 7.2-1 <none>
2026-13-40 06:14:00 install broken:all <none> 1
"""
DNF = """\
2026-11-20T06:12:01+0100 SUBDEBUG Upgrade: openssl-libs-1:3.0.7-25.el9.x86_64
2026-11-20T06:12:03+0100 SUBDEBUG Upgraded: openssl-libs-1:3.0.7-24.el9.x86_64
2026-11-20T06:12:04+0100 SUBDEBUG Installed: kernel-5.14.0-2.el9.x86_64
"""


def local(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("file", "log", "expected"),
    [
        (
            "dpkg.log",
            DPKG,
            [
                Installed("tzdata", local("2026-11-20 06:13:00")),
                Installed("libc6", local("2026-11-20 06:12:01")),
            ],
        ),
        (
            "dnf.rpm.log",
            DNF,
            [
                Installed("kernel-5.14.0-2.el9.x86_64", local("2026-11-20 06:12:04+01:00")),
                Installed("openssl-libs-1:3.0.7-25.el9.x86_64", local("2026-11-20 06:12:01+01:00")),
            ],
        ),
        ("dpkg.log", "", []),
    ],
)
def test_what_came_since_a_moment_is_told_the_latest_first(
    tmp_path: Path, file: str, log: str, expected: list[Installed]
) -> None:
    path = tmp_path / "var/log" / file
    path.parent.mkdir(parents=True)
    path.write_text(log)
    assert since(local("2026-11-19 00:00:00"), tmp_path) == expected


def test_a_rotated_log_counts_and_a_computer_without_one_tells_nothing(tmp_path: Path) -> None:
    assert since(0, tmp_path) == []
    (tmp_path / "var/log").mkdir(parents=True)
    (tmp_path / "var/log/dpkg.log.1").write_text(DPKG)
    (tmp_path / "var/log/dpkg.log").write_text("2026-11-21 01:00:00 upgrade libc6:amd64 3 4\n")
    assert since(local("2026-11-20 06:12:30"), tmp_path) == [
        Installed("libc6", local("2026-11-21 01:00:00")),
        Installed("tzdata", local("2026-11-20 06:13:00")),
    ]


def test_windows_updates_are_told_by_their_short_names() -> None:
    when = datetime(2026, 11, 20, tzinfo=UTC)
    ticks = int((when - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000
    packages = [
        Package("Package_for_KB5031234~31bf3856ad364e35~amd64~~10.0.1.1", 0x70, ticks),
        Package("Package_for_KB5031235~31bf3856ad364e35~amd64~~10.0.1.1", 0x60, ticks),
        Package("Package_for_RollupFix~31bf3856ad364e35~amd64~~19041.1", 0x70, 0),
        Package("Microsoft-Windows-Foundation-Package~31bf~amd64~~1", 0x70, ticks),
    ]
    assert named(packages) == [("KB5031234", when)]
