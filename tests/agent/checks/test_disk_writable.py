"""Writing on real volumes: sound, full, remounted read-only, and after an ext4 error."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.check_api import Measured, TargetFilter, Unreadable, UnsupportedCheckError
from agent.checks import disk_writable
from agent.checks.disk_writable import CHECK
from tests.support import volumes
from tests.support.polling import until
from tests.support.volumes import Volume


def probe(target: str) -> Measured | Unreadable:
    """Look at one volume alone: another test may be about to unmount its own."""
    [found] = CHECK.probe(TargetFilter((target,)))
    return found


def values(volume: Volume) -> dict[str, object]:
    found = probe(str(volume.mount_point))
    assert isinstance(found, Measured), found
    return dict(found.values)


def is_found_by_itself(volume: Volume) -> bool:
    expected, _ = disk_writable._PLACES.read()
    return str(volume.mount_point) in {place.target for place in expected}


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Volume]:
    """A real ext4."""
    made = volumes.ext4(tmp_path, 16, mount_options=("errors=remount-ro",))
    yield made
    made.unmount()


pytestmark = [pytest.mark.needs("mkfs.ext4", "mount"), pytest.mark.needs_root]


def test_a_sound_volume_takes_writes_and_keeps_nothing_of_them(volume: Volume) -> None:
    assert values(volume) == {"probe": "ok", "errors_count": 0}
    assert is_found_by_itself(volume)
    kept = ["lost+found"]  # an agent of another test may be writing just now
    until(lambda: [path.name for path in volume.mount_point.iterdir()] == kept)


def test_a_full_one_has_not_failed(volume: Volume) -> None:
    volume.stuff()
    assert values(volume)["probe"] == "full"


def test_one_remounted_read_only_is_told_until_it_is_writable_again(volume: Volume) -> None:
    assert is_found_by_itself(volume)
    assert values(volume)["probe"] == "ok"
    volume.remount("ro")
    assert values(volume) == {"probe": "read_only", "errors_count": 0}
    assert is_found_by_itself(volume)
    volume.remount("rw")
    assert values(volume)["probe"] == "ok"


def test_after_an_ext4_error_it_has_failed_though_it_is_still_called_writable(
    volume: Volume,
) -> None:
    assert values(volume)["probe"] == "ok"
    volume.fail()
    found = values(volume)
    assert found["probe"] == "failed"
    assert found["errors_count"] == 1


def test_one_that_goes_on_after_an_error_has_counted_it(tmp_path: Path) -> None:
    """As ext4 does by default."""
    volume = volumes.ext4(tmp_path, 16, mount_options=("errors=continue",))
    try:
        volume.fail()
        assert values(volume) == {"probe": "ok", "errors_count": 1}
    finally:
        volume.unmount()


def test_where_an_error_does_not_tell_its_cause_it_is_unsupported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Windows has one error for a write-protected, a broken and a forbidden volume."""
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(UnsupportedCheckError, match="does not tell a failed volume"):
        probe("/")


def test_one_that_is_named_and_not_mounted_is_told() -> None:
    assert probe("/no/such") == Unreadable("/no/such", "no volume is mounted there")
