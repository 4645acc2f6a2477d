"""The programs the demo runs: the real server, the real agent and a small service to watch."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from demo.telling import NotToldError

_SERVICE = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print(listener.getsockname()[1], flush=True)
while True:
    listener.accept()[0].close()
"""


def run(
    program: str, *arguments: str, stdin: str = "", environment: Mapping[str, str] | None = None
) -> str:
    """Run one command of ours to its end and return what it printed.

    ``environment`` is added to ours. Raises NotToldError with its own words when it fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", program, *arguments],
        input=stdin,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        told = (done.stderr or done.stdout).strip()
        raise NotToldError(f"{program} {arguments[0]} ended with {done.returncode}: {told}")
    return done.stdout.strip()


class Program:
    """One long-running program; its output goes to a file in the demo's folder."""

    def __init__(
        self,
        name: str,
        folder: Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start it; ``environment`` is added to ours."""
        self.name = name
        self.log = folder / f"{name}.log"
        self._output = self.log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
            start_new_session=True,  # Ctrl-C is the demo's to judge
        )

    def said(self, marker: str) -> str | None:
        """Return the first line of its output that holds ``marker``.

        Raises NotToldError when it ended before it said so.
        """
        for line in self.log.read_text(errors="replace").splitlines():
            if marker in line:
                return line
        if self._process.poll() is not None:
            told = self.log.read_text(errors="replace").strip()[-2000:]
            raise NotToldError(f"the {self.name} ended with {self._process.returncode}: {told}")
        return None

    def stop(self) -> None:
        """End it: politely, and after ten seconds for good."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._output.close()


class Service:
    """The small TCP service that the demo rule watches; it keeps its port over a restart."""

    def __init__(self) -> None:
        """Start it on a free port."""
        self.port = 0
        self.start()

    def start(self) -> None:
        """Start it, the second time on the same port."""
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _SERVICE, str(self.port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise NotToldError(f"port {self.port} was taken while the service was stopped")
        self.port = int(line)

    def stop(self) -> None:
        """Stop it at once."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def wait_until_interrupted() -> None:
    """Stay until Ctrl-C."""
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)
