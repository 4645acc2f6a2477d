"""A Windows service that stops is started again by the agent, and the desk hears how."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import Desk
from tests.support.databases import ServerDatabase
from tests.support.polling import until
from tests.support.server_process import ServerProcess
from tests.support.windows import Windows
from tests.windows.office import Office

RULES = """
version: 1
rules:
  - name: print-spooler
    check: service
    every: 1s
    startup_grace: 0s
    targets: {include: [Spooler]}
    critical: {when: state == stopped, for: 2s, clear: state == running, priority: high}
    heal: {action: restart-service, wait: 2s}
    ticket: {title: "{target} does not run", advice: "Start it."}
"""


@pytest.fixture
def office(
    windows: Windows,
    sqlite: ServerDatabase,
    server_process: Callable[..., ServerProcess],
    tmp_path: Path,
) -> Iterator[Office]:
    made = Office(windows, Desk(sqlite, server_process, tmp_path), tmp_path, RULES)
    yield made
    made.agent.kill()
    windows.start("net", "stop", "Spooler").end()  # as the other tests expect it


def test_a_stopped_service_is_started_again_and_the_ticket_says_so(office: Office) -> None:
    """Wine's print service does not run by itself, so it is found stopped at the first look."""
    ticket = office.alert
    resolved: Any = until(
        lambda: next((t for t in office.desk.tickets() if t["status"] == "resolved"), None),
        what="the ticket of what was healed",
    )

    assert ticket["title"] == "Spooler does not run"
    assert resolved["number"] == ticket["number"]
    assert office.status()["checks"][0]["evaluation"] == "ok"
    said = str(office.desk.timeline(ticket["number"]))
    assert "restart-service" in said
    assert "before: state stopped" in said
    assert "after: state running" in said
    assert "Traceback" not in office.agent.output()
