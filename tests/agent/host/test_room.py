"""How much room there is, and what happens when a volume does not answer."""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from agent.errors import CheckError, CheckTimeoutError
from agent.host import abandonable, probe_child, room
from agent.host.room import Room, Volume, rooms
from tests.support import volumes


def plain(path: Path | str) -> Volume:
    return Volume(str(path), str(path), "ext4", plain=True)


def risky(path: str, *pooled: str) -> Volume:
    return Volume(path, path, "zfs", plain=False, pooled=pooled)


def test_the_share_is_what_df_says() -> None:
    """Blocks kept for root are neither used nor free for users."""
    assert Room(1000, 450, 450).used_percent == 50
    assert Room(1000, 950, 0).used_percent == 100
    assert Room(0, 0, 0).used_percent == 0


@pytest.mark.needs("mkfs.ext4")
@pytest.mark.needs_root
def test_roots_reserve_is_not_free_for_users(tmp_path: Path) -> None:
    volume = volumes.ext4(tmp_path, 64)
    try:
        volume.fill(leave_percent=25)
        [(_, found)] = rooms([plain(volume.mount_point)])
        system = os.statvfs(volume.mount_point)
    finally:
        volume.unmount()
    assert isinstance(found, Room)
    assert system.f_bfree > system.f_bavail, "ext4 keeps a reserve unless told otherwise"
    assert found.free_bytes == system.f_bavail * system.f_frsize
    assert found.used_percent == pytest.approx(75, abs=1)


def test_a_path_that_has_gone_says_so(tmp_path: Path) -> None:
    [(_, found)] = rooms([plain(tmp_path / "gone")])
    assert isinstance(found, CheckError)
    assert "No such file" in found.reason


def test_what_has_no_size_is_no_place_for_files() -> None:
    [(_, found)] = rooms([plain("/proc")])
    assert isinstance(found, CheckError)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Children are not started; what they were to be asked is kept, each answer is the same."""
    paths: list[str] = []

    def ask(
        probe: str, arguments: Sequence[str], _deadline_s: float
    ) -> Iterator[tuple[str, str | CheckError]]:
        assert probe == "room"
        paths.extend(arguments)
        for path in arguments:
            slow = "slow" in path
            yield path, CheckTimeoutError("no answer") if slow else "1000 600 400"

    monkeypatch.setattr(abandonable, "ask", ask)
    return paths


def test_plain_volumes_come_first_and_the_others_are_asked_in_a_child(asked: list[str]) -> None:
    found = list(rooms([risky("/slow"), risky("/nas"), plain("/")]))
    assert [volume.path for volume, _ in found] == ["/", "/slow", "/nas"]
    assert asked == ["/slow", "/nas"]
    assert isinstance(found[1][1], CheckTimeoutError)
    assert found[2][1] == Room(1000, 600, 400)


def test_a_pool_is_as_full_as_all_that_share_it(asked: list[str]) -> None:
    found = dict(rooms([risky("/tank", "/tank/a", "/tank/slow"), risky("/next")]))
    assert asked == ["/tank", "/tank/a", "/tank/slow", "/next"]
    assert list(found.values()) == [Room(1600, 1200, 400), Room(1000, 600, 400)]


def test_a_plain_volume_that_once_took_long_is_asked_in_a_child(
    asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_overran", set())
    moments = iter([0.0, 5.0])
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: next(moments))
        patch.setattr(probe_child, "room", lambda _path: "1000 500 500")
        assert list(rooms([plain("/dying")])) == [(plain("/dying"), Room(1000, 500, 500))]
    assert asked == []
    assert list(rooms([plain("/dying")])) == [(plain("/dying"), Room(1000, 600, 400))]
    assert asked == ["/dying"]
