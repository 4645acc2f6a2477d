"""The disk with the state folder, or with the log, is full: the agent is needed all the more."""

import itertools
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from agent.presentation import status_lines
from tests.faults.station import Station
from tests.support import volumes
from tests.support.agent_process import agent_command
from tests.support.polling import until
from tests.support.server_process import PROJECT, server_environment
from tests.support.strace import Strace, errors_made

_STORE = (
    r"trouble   The agent's store cannot be written since 20\S+Z: {}\. Checks go on, \d+ messages "
    r"are kept in memory and sent from there\. See to the disk with the state folder"
)
FULL = re.compile(_STORE.format("the disk is full"))
FAILED = re.compile(_STORE.format("(the disk reports an input/output error|it may only be read)"))
AWAY = re.compile(
    r"outbox    \d+ waiting, the oldest for \d+ s\n"
    r"delivery  .+; since 20\S+Z, tried .+nothing is lost\); next try in \d+ s"
)


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
    todo = list(ballast)
    for _ in range(10):  # what was deleted a moment ago may be counted for a moment
        with suppress(OSError):
            while True:
                with todo[0].open("wb", buffering=0) as file, suppress(OSError):
                    del todo[0]
                    while True:
                        file.write(bytes(4096))
        time.sleep(0.1)
    return ballast


@pytest.mark.needs("mount")
@pytest.mark.needs_root
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
    until((small_disk / "agent.sock").exists, 60, "the local link")
    station.until_at_rest()
    station.agent.kill()
    station.start()
    station.services.start(port)
    station.until_resolved(port)
    assert station.history(port) == ["opened", "resolved"]
    station.assert_no_traceback()
    station.stop()


def shown(station: Station) -> str:
    """Return what a person sees."""
    return "\n".join(status_lines(station.status()))


@pytest.mark.needs("mount")
@pytest.mark.needs_root
def test_status_names_what_is_wrong_since_when_what_waits_and_what_to_do(
    station: Station, small_disk: Path
) -> None:
    """A full disk, and a server that is away."""
    [port] = station.services.ports
    shutil.copy2(station.state / "identity.json", small_disk)
    station.state = small_disk
    station.start(module="tests.faults.recording_agent")
    station.until_at_rest()

    ballast = fill(small_disk)
    station.services.stop(port)
    until(lambda: FULL.search(shown(station)), 60, "the full disk in the status")
    station.until_open(port)
    for path in ballast:
        path.unlink(missing_ok=True)
    station.until_at_rest()

    station.relay.refuse()
    station.services.start(port)
    until(lambda: AWAY.search(shown(station)), 60, "the server that is away in the status")
    station.assert_no_traceback()


@pytest.mark.needs("mkfs.ext4", "e2fsck", "losetup")
@pytest.mark.needs_root
def test_a_disk_that_the_kernel_made_read_only_is_told_and_costs_no_ticket(
    station: Station, short_folder: Path
) -> None:
    """As after an error of the file system: it can be mended only while nobody has it open."""
    [port] = station.services.ports
    volume = volumes.ext4(short_folder, 16, mount_options=("errors=remount-ro",))
    try:
        shutil.copy2(station.state / "identity.json", volume.mount_point)
        subprocess.run(["sync", "-f", volume.mount_point], check=True)
        station.state = volume.mount_point
        station.state.chmod(0o700)
        station.start(module="tests.faults.recording_agent")
        station.until_at_rest()

        volume.fail()
        station.services.stop(port)
        until(lambda: FAILED.search(shown(station)), 60, "the read-only disk in the status")
        station.until_open(port)
        station.stop()
        volume.repair()
        station.start()
        station.services.start(port)
        station.until_resolved(port)

        station.until_at_rest()
        assert len(station.ground.tickets(station.device)) == 1
        station.assert_no_traceback()
        station.stop()
    finally:
        station.agent.kill()
        volume.unmount()


def test_a_log_that_cannot_be_written_stops_nothing(station: Station) -> None:
    [port] = station.services.ports
    run = agent_command("run", "--state", str(station.state), "--rules", str(station.rules))
    with (
        Path("/dev/full").open("wb") as full,
        subprocess.Popen(
            run, cwd=PROJECT, env=server_environment(), stdout=full, stderr=full
        ) as agent,
    ):
        try:
            station.until_at_rest()
            station.services.stop(port)
            station.until_open(port)
        finally:
            agent.terminate()
    assert agent.returncode == 0


@pytest.mark.needs("strace")
def test_a_line_of_the_log_that_was_lost_leaves_no_traceback_behind(
    station: Station, tmp_path: Path
) -> None:
    agent = station.start()
    station.until_at_rest()
    output = tmp_path / "strace"
    text, turns = station.rules.read_text(), itertools.count()

    def told_of_a_change() -> bool:
        draft = tmp_path / "changed.yaml"
        draft.write_text(f"{text}# {next(turns)}\n")
        draft.chmod(0o600)
        draft.replace(station.rules)
        return "read anew" in agent.log.read_text()

    with Strace(agent.process.pid, "write", "error=ENOSPC", "1", [agent.log], output):
        station.rules.write_text(station.rules.read_text() + "# changed\n")
        until(lambda: errors_made(output), 60, "the line that was lost")
        # Each thread's first line is lost: the rules change until one of a later line is there.
        until(told_of_a_change, 60, "a later line")

    station.assert_no_traceback()
    assert "Logging error" not in station.log_text()
