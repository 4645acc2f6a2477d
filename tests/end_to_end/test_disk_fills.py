"""A real disk fills on a real computer; the desk sees one ticket with the whole story."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import Desk
from tests.support import volumes
from tests.support.agent_process import AgentProcess
from tests.support.polling import until

RULE = """
version: 1
rules:
  - name: disk-space
    why: a test
    check: disk.space
    every: 1s
    startup_grace: 0s
    targets: {{include: ["{mount_point}"]}}
    warning:
      {{when: free_percent < 20, for: 1s, clear: free_percent > 30, clear_for: 1s,
      priority: normal}}
    critical:
      {{when: free_percent < 8, for: 1s, clear: free_percent > 30, clear_for: 1s, priority: high}}
    ticket: {{title: "Low disk space on {{target}}: {{free_bytes}} free"}}
"""

pytestmark = [pytest.mark.needs("mkfs.ext4", "mount"), pytest.mark.needs_root]


@pytest.fixture(params=["ext4"])
def volume(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[volumes.Volume]:
    made = volumes.tmpfs(tmp_path) if request.param == "tmpfs" else volumes.ext4(tmp_path)
    yield made
    made.unmount()


@pytest.fixture
def rules(desk: Desk, volume: volumes.Volume) -> Path:
    return desk.rules(RULE.format(mount_point=volume.mount_point))


def only_ticket(desk: Desk) -> dict[str, Any]:
    [ticket] = until(desk.tickets, what="a ticket")
    return ticket


def changed_to(desk: Desk, **members: str) -> Callable[[], bool]:
    return lambda: all(only_ticket(desk)[name] == value for name, value in members.items())


def until_more_waits(agent: AgentProcess, happens: Callable[[], None]) -> None:
    before = agent.status()["outbox"]["waiting"]
    happens()
    until(lambda: agent.status()["outbox"]["waiting"] > before, what="one more in the outbox")


@pytest.mark.parametrize("volume", ["ext4", "tmpfs"], indirect=True)
def test_a_disk_that_fills_is_one_ticket_from_warning_to_resolved(
    desk: Desk,
    rules: Path,
    volume: volumes.Volume,
    start_agent: Callable[..., AgentProcess],
) -> None:
    agent = start_agent(rules)
    until(lambda: agent.check("disk-space", str(volume.mount_point)), what="the first look")
    assert desk.tickets() == []

    archive = volume.mount_point / "archive"
    archive.mkdir()
    (archive / "2019.bin").write_bytes(os.urandom(2 * 1024 * 1024))
    volume.fill(leave_percent=15)
    ticket = only_ticket(desk)
    assert str(volume.mount_point) in ticket["title"]
    assert " MiB free" in ticket["title"]
    assert (ticket["evaluation"], ticket["priority"], ticket["status"]) == (
        "warning",
        "normal",
        "new",
    )
    assert ticket["source"] == "monitor"
    assert ticket["device"]["name"]
    assert {clock["name"] for clock in ticket["clocks"]} == {"response", "resolution"}
    told = desk.timeline(ticket["number"])[0]["payload"]
    assert told["evidence"][0] == {"title": "Largest folders", "lines": [f"2 MiB in {archive}"]}
    [free] = told["series"]
    assert free["metric"] == "free_percent"
    assert free["points"][0][1] > 20 > free["points"][-1][1]

    volume.fill(leave_percent=4)
    until(changed_to(desk, evaluation="critical", priority="high"), what="critical")

    volume.free()
    until(changed_to(desk, evaluation="ok", status="resolved"), what="the end")

    number = only_ticket(desk)["number"]
    kinds = [entry["kind"] for entry in desk.timeline(number) if entry["actor"] == "monitor"]
    assert kinds[0] == "opened"
    assert "changed" in kinds
    assert kinds[-1] == "resolved"


def test_nothing_is_lost_or_doubled_when_server_and_agent_go_down_in_between(
    desk: Desk,
    rules: Path,
    volume: volumes.Volume,
    start_agent: Callable[..., AgentProcess],
) -> None:
    """The server is away while the disk fills; the agent is killed and started again."""
    agent = start_agent(rules)
    until(lambda: agent.check("disk-space", str(volume.mount_point)), what="the first look")
    desk.stop_server()

    until_more_waits(agent, lambda: volume.fill(leave_percent=15))
    agent.kill()
    agent = start_agent(rules)
    until_more_waits(agent, lambda: volume.fill(leave_percent=4))
    agent.kill()
    agent = start_agent(rules)

    desk.start_server()
    until(changed_to(desk, evaluation="critical"), 120, what="the delivery")
    volume.free()
    until(changed_to(desk, evaluation="ok", status="resolved"), what="the end")

    number = only_ticket(desk)["number"]
    told = [
        (entry["kind"], entry["payload"]["evaluation"]["to"])
        for entry in desk.timeline(number)
        if entry["kind"] in {"opened", "changed", "resolved"}
    ]
    assert told == [("opened", "warning"), ("changed", "critical"), ("resolved", "ok")]
    until(lambda: agent.status()["outbox"]["waiting"] == 0, what="the empty outbox")
