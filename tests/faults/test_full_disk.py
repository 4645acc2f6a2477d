"""The disk with the state folder is full before the agent starts: it is needed all the more."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.station import Station
from tests.support.polling import until

pytestmark = [pytest.mark.needs("mount"), pytest.mark.needs_root]


@pytest.fixture
def small_disk(short_folder: Path) -> Iterator[Path]:
    """A file system of one megabyte and few files."""
    disk = short_folder / "disk"
    disk.mkdir()
    options = "size=1m,nr_inodes=20,mode=700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def fill(disk: Path) -> list[Path]:
    """Leave room neither for a byte nor for a file; return what to delete again."""
    ballast = [disk / f"ballast{number}" for number in range(20)]
    with suppress(OSError):
        for path in ballast:
            with path.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(4096))
    return ballast


def test_it_starts_checks_and_reports_and_the_local_link_opens_when_there_is_room(
    station: Station, small_disk: Path
) -> None:
    [port] = station.services.ports
    shutil.copy2(station.state / "identity.json", small_disk)
    station.state = small_disk
    station.start()
    station.until_at_rest()
    station.stop()
    ballast = fill(small_disk)

    station.start()
    station.services.stop(port)
    station.until_open(port)

    assert not (small_disk / "agent.sock").exists()
    assert "checks go on" in station.log_text()
    for path in ballast:
        path.unlink(missing_ok=True)
    until(lambda: (small_disk / "agent.sock").exists(), 60, "the local link")
    station.until_at_rest()
    station.agent.kill()
    station.start()
    station.services.start(port)
    station.until_resolved(port)
    assert station.history(port) == ["opened", "resolved"]
    station.assert_no_traceback()
    station.stop()
