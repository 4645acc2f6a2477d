"""The real agent, started as its service starts it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent import identity
from agent.protocol.credentials import CredentialPrefix, new_credential
from agent.protocol.ids import uuid7
from tests.support.polling import until
from tests.support.server_process import PROJECT, server_environment


def agent_command(*arguments: str) -> list[str]:
    """Return the command line of ``watchdesk-agent``, from this checkout."""
    return [sys.executable, "-m", "agent", *arguments]


def run_agent(*arguments: str, stdin: str = "") -> str:
    """Run one command to its end and return what it printed; fails with its own words."""
    done = subprocess.run(
        agent_command(*arguments),
        cwd=PROJECT,
        env=server_environment(),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def enrolled(folder: Path, server: str, **way: str) -> Path:
    """Return the state folder of a device that was enrolled at a server; ``way``: see Identity."""
    state = folder / "state"
    token = new_credential(CredentialPrefix.DEVICE)
    at = "2026-01-01T00:00:00.000Z"
    identity.save(state, identity.Identity(uuid7(), token, server, enrolled_at=at, **way))
    return state


class AgentProcess:
    """A running agent on one state folder."""

    def __init__(
        self,
        state: Path,
        rules: Path,
        *python: str,
        prefix: Sequence[str] = (),
        module: str = "agent",
        environment: Mapping[str, str] | None = None,
        wait: bool = True,
    ) -> None:
        """Start it, and wait for its first checks unless told not to.

        ``python`` are options of the interpreter, ``prefix`` is what runs it (a tracer);
        ``module`` is another program that behaves as an agent.
        """
        self.state = state
        self.log = state.parent / f"{state.name}-{os.urandom(3).hex()}.log"
        run = [sys.executable, *python, "-m", module, "run"]
        run += ["--state", str(state), "--rules", str(rules)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*prefix, *run],
                cwd=PROJECT,
                env=server_environment() | dict(environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        if wait:
            until(self._is_running, what="the agent's start")

    def _is_running(self) -> bool:
        text = self.log.read_text(errors="replace")
        assert self.process.poll() is None, text
        return "checks are running" in text

    def status(self) -> dict[str, Any]:
        """Return what ``watchdesk-agent status --json`` says."""
        tree: dict[str, Any] = json.loads(run_agent("status", "--json", "--state", str(self.state)))
        return tree

    def check(self, rule: str, target: str) -> dict[str, Any] | None:
        """Return how a rule judges a target just now, None before it did."""
        for check in self.status()["checks"]:
            if (check["rule"], check["target"]) == (rule, target):
                found: dict[str, Any] = check
                return found
        return None

    def kill(self) -> None:
        """Kill it, as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Stop it as its service would; return its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode
