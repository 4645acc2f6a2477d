"""Real volumes and a real mirror fail and are mended: each is one ticket, which resolves.

One story for all, as an agent, a server and their start cost more than the failures.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.end_to_end.conftest import Desk
from tests.support import volumes
from tests.support.agent_process import AgentProcess
from tests.support.btrfs import Mirror
from tests.support.polling import until

RULES = """
version: 1
defaults: {{every: 1s, startup_grace: 0s, clear_for: 1s}}
rules:
  - name: inodes
    why: a test
    check: disk.inodes
    targets: {{include: ["{small}"]}}
    warning: {{when: free_percent < 5, for: 1s, clear: free_percent > 8, priority: normal}}
    ticket: {{title: "inodes {{target}}"}}
  - name: writable
    why: a test
    check: disk.writable
    targets: {{include: ["{sound}", "{broken}", "{mirrored}"]}}
    critical:
      {{when: probe == failed or probe == read_only, for: 1s, clear: probe == ok, priority: high}}
    ticket: {{title: "writable {{target}}"}}
  - name: space
    why: a test
    check: disk.space
    targets: {{include: ["{mirrored}"]}}
    critical: {{when: free_percent < 5, for: 1s, clear: free_percent > 20, priority: high}}
    ticket: {{title: "space {{target}}"}}
  - name: raid
    why: a test
    check: raid
    targets: {{include: ["btrfs:{mirror}"]}}
    critical:
      {{when: array_state == degraded, for: 1s, clear: array_state == healthy, priority: high}}
    ticket: {{title: "raid {{target}}"}}
  - name: raid-errors
    why: a test
    check: raid
    targets: {{include: ["btrfs:{mirror}"]}}
    warning: {{when: errors_total > 0, for: 1s, clear: errors_total == 0, priority: normal}}
    ticket: {{title: "errors {{target}}"}}
"""

pytestmark = [
    pytest.mark.needs("mkfs.ext4", "e2fsck", "mkfs.btrfs", "btrfs", "losetup"),
    pytest.mark.needs_root,
]


class Storage(NamedTuple):
    """What fails: a volume of 64 inodes, one that is remounted, one with an error, a mirror."""

    small: volumes.Volume
    sound: volumes.Volume
    broken: volumes.Volume
    mirror: Mirror


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    folders = [tmp_path / name for name in ("small", "sound", "broken")]
    for folder in folders:
        folder.mkdir()
    small = volumes.ext4(folders[0], 16, options=("-N", "64"))
    sound = volumes.ext4(folders[1], 16)
    broken = volumes.ext4(folders[2], 16, mount_options=("errors=remount-ro",))
    made = Storage(small, sound, broken, Mirror(tmp_path))
    yield made
    for volume in made[:3]:
        volume.unmount()
    made.mirror.remove()


def standing(desk: Desk) -> dict[str, tuple[str, str]]:
    """Return evaluation and status by title; every title has one ticket alone."""
    tickets: list[dict[str, Any]] = desk.tickets()
    found = {ticket["title"]: (ticket["evaluation"], ticket["status"]) for ticket in tickets}
    assert len(found) == len(tickets)
    return found


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_each_failure_is_one_ticket_that_resolves_when_it_is_mended(
    desk: Desk, storage: Storage, start_agent: Callable[..., AgentProcess]
) -> None:
    small, sound, broken, mirror = storage
    paths = {name: getattr(storage, name).mount_point for name in ("small", "sound", "broken")}
    agent = start_agent(
        desk.rules(RULES.format(**paths, mirror=mirror.label, mirrored=mirror.mount_point))
    )
    until(lambda: agent.check("raid-errors", f"btrfs:{mirror.label}"), what="the first look")
    assert desk.tickets() == []

    mirror.fill()
    space = f"space {mirror.mount_point}"
    until(lambda: standing(desk) == {space: ("critical", "new")}, what="the ticket of a full array")
    mirror.free()
    full = {space: ("ok", "resolved")}
    until(lambda: standing(desk) == full, what="the end of it")

    files = small.mount_point / "files"
    files.mkdir()
    for number in range(60):
        try:
            (files / str(number)).touch()
        except OSError:
            break
    sound.remount("ro")
    broken.fail()
    mirror.corrupt_one()
    opened = {
        f"inodes {small.mount_point}": ("warning", "new"),
        f"writable {sound.mount_point}": ("critical", "new"),
        f"writable {broken.mount_point}": ("critical", "new"),
        f"errors btrfs:{mirror.label}": ("warning", "new"),
    }
    until(lambda: standing(desk) == opened | full, what="a ticket for each")

    for file in files.iterdir():
        file.unlink()
    sound.remount("rw")
    broken.repair()
    mirror.forget_errors()
    resolved = dict.fromkeys([*opened, *full], ("ok", "resolved"))
    until(lambda: standing(desk) == resolved, what="the end of each")

    mirror.lose_one()
    raid = f"raid btrfs:{mirror.label}"
    until(lambda: standing(desk).get(raid) == ("critical", "new"), what="a ticket for the array")
    mirror.bring_back()
    until(lambda: standing(desk)[raid] == ("ok", "resolved"), what="the end of it")
