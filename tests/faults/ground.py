"""What faults happen to: a real server with one client, and devices watched from outside."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from server_stub.database import SQLITE_FILE
from tests.support.databases import ServerDatabase
from tests.support.postgresql import ROLE
from tests.support.server_process import (
    PROJECT,
    ServerProcess,
    server_command,
    server_environment,
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as its row has it."""

    number: int
    target: str
    status: str
    evaluation: str

    @property
    def is_open(self) -> bool:
        return self.status not in ("resolved", "closed")


class Ground:
    """A server on one database, started, stopped and killed at will on one address."""

    def __init__(self, database: ServerDatabase) -> None:
        """Make a client and start the server."""
        self.database = database
        self.command("init")
        self.command("client", "add", "Corner Bakery")
        self._token = self.command("enroll-token", "Corner Bakery", "--uses", "10000")
        self.server = ServerProcess(database)
        self.url = self.server.url
        self.port = int(self.url.rpartition(":")[2])

    def command(self, *arguments: str) -> str:
        """Run a command of the server's and return what it prints."""
        done = subprocess.run(
            server_command(*arguments),
            cwd=PROJECT,
            env=server_environment(self.database),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def token_file(self, folder: Path) -> Path:
        """Write the enrolment token to a file."""
        path = folder / "enrolment-token"
        path.write_text(self._token + "\n")
        path.chmod(0o600)
        return path

    @property
    def reading_url(self) -> str:
        """Return the URL by which all rows are seen, empty for SQLite.

        The server's own role sees what its walls between clients let it see.
        """
        return self.database.url.replace(f"user={ROLE}", "user=postgres")

    @property
    def worker(self) -> int:
        """The process that serves; its parent only starts and stops."""
        [child] = _children(self.server.process.pid)
        return child

    @property
    def is_running(self) -> bool:
        return self.server.process.poll() is None

    def kill(self) -> None:
        """Kill all its processes, as a power cut would."""
        processes = [*_children(self.server.process.pid), self.server.process.pid]
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.server.process.wait()
        for pid in processes:
            _gone(pid)

    def start(self) -> None:
        """Start it again where it was."""
        self.server = ServerProcess(self.database, "--listen", f"127.0.0.1:{self.port}")

    def ensure_running(self) -> None:
        """Start it again unless it runs and answers."""
        if not self.is_running:
            self.start()

    def tickets(self, device: str) -> list[Ticket]:
        """Return a device's tickets by number."""
        rows = self._rows(
            "SELECT id, fingerprint, status, evaluation FROM tickets_ticket"
            " WHERE device_id = :device ORDER BY id",
            device,
        )
        return [Ticket(n, name.partition(":")[2], status, ev) for n, name, status, ev in rows]

    def timeline(self, device: str, target: str) -> list[tuple[str, dict[str, Any]]]:
        """Return kind and payload of what the monitor told about a target, in order."""
        rows = self._rows(
            "SELECT e.kind, e.payload FROM tickets_timelineentry e"
            " JOIN tickets_ticket t ON t.id = e.ticket_id"
            " WHERE t.device_id = :device ORDER BY e.id",
            device,
        )
        entries = [(kind, json.loads(payload)) for kind, payload in rows if payload]
        return [entry for entry in entries if entry[1].get("target") == target]

    def seen(self, device: str) -> list[str]:
        """Return the ids of the envelopes that were stored."""
        rows = self._rows(
            "SELECT envelope_id FROM intake_seenenvelope WHERE device_id = :device", device
        )
        return [identifier for (identifier,) in rows]

    def _rows(self, question: str, device: str) -> list[tuple[Any, ...]]:
        if self.reading_url:
            with psycopg.connect(self.reading_url) as connection:
                asked = question.replace(":device", "%(device)s")
                return connection.execute(asked.encode(), {"device": device}).fetchall()
        path = self.database.data / SQLITE_FILE
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as file:
            return file.execute(question, {"device": device}).fetchall()


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _gone(pid: int) -> None:
    """Wait until a killed process has let its port go."""
    waited = threading.Event()
    while Path(f"/proc/{pid}").exists() and not _is_zombie(pid):
        waited.wait(0.01)


def _is_zombie(pid: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


@contextmanager
def copied(state: Path, to: Path) -> Iterator[Path]:
    """Lend a copy of a state folder."""
    shutil.copytree(state, to, ignore=shutil.ignore_patterns("agent.sock"))
    yield to
    shutil.rmtree(to)
