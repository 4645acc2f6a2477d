"""Room on real volumes: those found by themselves, those named, those that hang."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.check_api import Measured, TargetFilter, Unreadable
from agent.checks.disk_space import CHECK
from agent.host import abandonable, volumes
from agent.host.room import Volume
from tests.support import volumes as real_volumes
from tests.support.hanging_mount import hanging_mounts
from tests.support.polling import until


def probe(*include: str, **more: object) -> dict[str, Measured | Unreadable]:
    targets = TargetFilter(include, **more)  # type: ignore[arg-type]
    return {found.target: found for found in CHECK.probe(targets)}


def values(found: Measured | Unreadable) -> dict[str, float]:
    assert isinstance(found, Measured), found
    return {name: float(value) for name, value in found.values.items()}


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer with two real volumes and a share."""
    root, data = (Volume(path, "/", "ext4", plain=True) for path in ("/", "/data"))
    share = Volume("/mnt/nas", "/", "nfs4", plain=True)
    monkeypatch.setattr(volumes, "read", lambda: ([root, data], [root, data, share]))


@pytest.mark.usefixtures("known")
class TestWhichVolumes:
    def test_real_ones_by_themselves(self) -> None:
        assert probe().keys() == {"/", "/data"}

    def test_less_those_excluded(self) -> None:
        assert probe(exclude=("/d*",)).keys() == {"/"}

    def test_others_when_they_are_named(self) -> None:
        assert probe("/", "/mnt/*").keys() == {"/", "/mnt/nas"}
        assert probe("/mnt/nas").keys() == {"/mnt/nas"}

    def test_one_that_is_named_and_not_there_is_told(self) -> None:
        found = probe("/", "/backup", "/no*")
        assert found["/backup"] == Unreadable("/backup", "no volume is mounted there")
        assert found.keys() == {"/", "/backup"}

    def test_unless_the_rule_says_that_it_may_be_absent(self) -> None:
        assert probe("/", "/backup", absent_ignored=True).keys() == {"/"}

    def test_one_that_is_named_and_excluded_is_not_missed(self) -> None:
        assert probe("/", "/backup", exclude=("/b*",)).keys() == {"/"}


@pytest.mark.needs("mkfs.ext4", "mount")
@pytest.mark.needs_root
def test_a_real_volume_is_found_by_itself_and_measured_as_df_does(tmp_path: Path) -> None:
    volume = real_volumes.ext4(tmp_path)
    target = str(volume.mount_point)
    try:
        empty = values(probe()[target])
        volume.fill(leave_percent=10)
        full = values(probe()[target])
    finally:
        volume.unmount()
    assert empty["free_percent"] > 95
    assert full["free_percent"] == pytest.approx(10, abs=1)
    assert full["used_percent"] + full["free_percent"] == pytest.approx(100)
    assert full["total_bytes"] == empty["total_bytes"]
    assert full["free_bytes"] < empty["free_bytes"]
    assert target not in probe(), "unmounted, it is no volume any more"


@pytest.mark.needs("mkfs.ext4", "mount")
@pytest.mark.needs_root
def test_what_only_root_may_still_write_is_not_free(tmp_path: Path) -> None:
    volume = real_volumes.ext4(tmp_path)
    try:
        volume.fill(leave_percent=0)
        full = values(probe(str(volume.mount_point))[str(volume.mount_point)])
    finally:
        volume.unmount()
    assert full["free_bytes"] < 1024 * 1024
    assert full["used_percent"] > 98


@pytest.mark.needs("mount")
@pytest.mark.needs_root
def test_tmpfs_is_told_only_when_it_is_named(tmp_path: Path) -> None:
    volume = real_volumes.tmpfs(tmp_path)
    target = str(volume.mount_point)
    try:
        assert target not in probe()
        volume.fill(leave_percent=50)
        named = values(probe(target)[target])
    finally:
        volume.unmount()
    assert named["total_bytes"] == 32 * 1024 * 1024
    assert named["free_percent"] == pytest.approx(50, abs=1)


@pytest.fixture
def nothing_lost() -> Iterator[None]:
    yield
    until(lambda: not abandonable.lost(), what="the lost child's return")


@pytest.mark.needs("umount")
@pytest.mark.needs_root
@pytest.mark.usefixtures("nothing_lost")
def test_a_hung_volume_is_unknown_and_the_others_are_on_time(tmp_path: Path) -> None:
    with hanging_mounts(tmp_path) as mounts:
        hanging = str(mounts.paths[0])
        targets = TargetFilter(("/", hanging))
        until(lambda: isinstance(probe(hanging)[hanging], Measured))
        assert values(probe(hanging)[hanging])["free_percent"] == pytest.approx(25)
        mounts.hang()
        began_s = time.monotonic()
        found = CHECK.probe(targets)
        first = next(found)
        assert isinstance(first, Measured), "what cannot hang is told before anything else is asked"
        assert first.target == "/"
        last = next(found)
        assert last == Unreadable(hanging, "no answer within 3 s")
        assert time.monotonic() - began_s < CHECK.deadline_s

        def given_up() -> bool:  # on a busy machine the first child may not have come that far
            again = probe("/", hanging)
            assert isinstance(again["/"], Measured)
            found = again[hanging]
            return isinstance(found, Unreadable) and "still no answer" in found.reason

        until(given_up)
        assert len(abandonable.lost()) == 1, "a second child would hang as well"

        mounts.answer()
        until(lambda: not abandonable.lost(), what="the lost child's return")
        assert values(probe(hanging)[hanging])["free_bytes"] == 1_024_000_000
