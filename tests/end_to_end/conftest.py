"""A whole watchdesk on this machine: a real server on each database, a real agent."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server_stub.clients.actions import add_client, new_enrolment_token
from server_stub.clients.models import Device
from server_stub.desk.actions import add_technician, new_api_key
from server_stub.desk.models import Role
from server_stub.tickets.models import Ticket
from tests.support import desk_rows
from tests.support.agent_process import AgentProcess, run_agent
from tests.support.databases import ServerDatabase
from tests.support.server_process import ServerProcess


class Desk:
    """A server with one client, one technician's key, and what it knows by REST."""

    def __init__(
        self, database: ServerDatabase, start: Callable[..., ServerProcess], folder: Path
    ) -> None:
        self.database = database
        self._start = start
        self._folder = folder
        desk_rows.policy()
        self.client = add_client("Corner Bakery")
        owner = add_technician("tess@example.com", Role.ADMIN, "a-long-enough-pass-phrase")
        self.key = new_api_key(owner)
        self.server = start(database)
        self.url = self.server.url
        self.state = folder / "agent"

    def enrol(self, *options: str, server: str = "") -> None:
        """Enrol this computer; ``server`` is another way to the same server."""
        token = new_enrolment_token(
            self.client, None, uses=1, valid=timedelta(hours=1), now=datetime.now(UTC)
        )
        run_agent("enroll", "--server", server or self.url, "--token-file", "-",
                  "--state", str(self.state), *options, stdin=token + "\n")  # fmt: skip

    def stop_server(self) -> None:
        self.server.stop()

    def start_server(self) -> None:
        address = self.url.removeprefix("http://")
        self.server = self._start(self.database, "--listen", address)

    def forget_everything_of_devices(self) -> None:
        """Leave the database as a server that was set up anew has it."""
        Ticket.objects.all().delete()
        Device.objects.all().delete()

    def get(self, path: str) -> Any:
        asked = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.url}/api/v1/{path}", headers={"Authorization": f"Bearer {self.key}"}
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 - the same
            return json.load(answer)

    def tickets(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get("tickets")["items"]
        return items

    def timeline(self, number: int) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get(f"tickets/{number}/timeline")["items"]
        return items

    def rules(self, text: str) -> Path:
        file = self._folder / "rules.yaml"
        file.write_text(text)
        file.chmod(0o600)
        return file


@pytest.fixture
def desk(
    database: ServerDatabase, server_process: Callable[..., ServerProcess], tmp_path: Path
) -> Desk:
    """A server of its own, ready for an agent, on each database."""
    return Desk(database, server_process, tmp_path)


@pytest.fixture
def start_agent(desk: Desk) -> Iterator[Callable[..., AgentProcess]]:
    """Enrol this computer once and start real agents; all are stopped at the end."""
    started: list[AgentProcess] = []

    def start(rules: Path, *python: str) -> AgentProcess:
        if not started:
            desk.enrol()
        started.append(AgentProcess(desk.state, rules, *python))
        return started[-1]

    yield start
    for agent in started:
        agent.stop()
