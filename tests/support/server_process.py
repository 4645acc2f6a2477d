"""The real server, started as an operator starts it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.support.databases import ServerDatabase

PROJECT = Path(__file__).parents[2]
_START_S = 60
_STOP_S = 20


def server_command(*arguments: str) -> list[str]:
    """Return the command line of ``watchdesk-server``, from this checkout."""
    return [sys.executable, "-m", "server_stub", *arguments]


def server_environment(database: ServerDatabase | None = None, **more: str) -> dict[str, str]:
    """Return this process's environment without any watchdesk settings but these."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("WATCHDESK_", "DJANGO_"))
    }
    return kept | (database.environment if database else {}) | more


class ServerProcess:
    """A running ``serve``. ``url`` has no slash at its end."""

    def __init__(self, database: ServerDatabase, *arguments: str, **environment: str) -> None:
        """Start it on a free port of loopback and wait until ``/health`` says ok."""
        self.database = database
        self._log = database.data / f"serve-{time.monotonic_ns()}.log"
        with self._log.open("wb") as log:
            listen = () if "--listen" in arguments else ("--listen", "127.0.0.1:0")
            self.process = subprocess.Popen(
                server_command("serve", *listen, *arguments),
                cwd=PROJECT,
                env=server_environment(database, **environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.url = self._wait_until_listening()

    def output(self) -> str:
        """Return all it printed and logged so far."""
        return self._log.read_text(encoding="utf-8")

    def stop(self) -> int:
        """Ask it to stop, as systemd does; return its exit code. Twice is once."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=_STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"serve did not stop:\n{self.output()}") from None

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def _wait_until_listening(self) -> str:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            for line in self.output().splitlines():
                if line.startswith("listening on "):
                    url = line.removeprefix("listening on ").split()[0]
                    if url.startswith("https") or _healthy(url):
                        return url
            time.sleep(0.02)
        if self.process.poll() is None:
            self.kill()
        raise AssertionError(f"serve did not start:\n{self.output()}")


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:  # noqa: S310 - loopback
            return bool(json.load(answer)["status"] == "ok")
    except (urllib.error.URLError, ConnectionError):
        return False
