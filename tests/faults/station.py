"""One enrolled device: a real agent that watches real services and speaks through a relay."""

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from agent.errors import LinkError
from agent.local_link.client import ask
from tests.faults.ground import Ground, Ticket
from tests.support.agent_process import AgentProcess, run_agent
from tests.support.polling import until
from tests.support.relay import Relay
from tests.support.services import Services
from tests.support.strace import is_dying

RULE = """
version: 1
storm: 1000
rules:
  - name: {name}
    why: a test
    check: tcp
    every: 1s
    startup_grace: 0s
    targets: {{include: [{targets}]}}
    critical: {{when: state != open, for: {for_}, clear_for: 0s, priority: high}}
    ticket: {{title: "nothing answers on {{target}}"}}
"""
_DEATH_S = 30.0
DELIVERY_S = 90.0
"""How long a message may take on a busy machine, back-off after a fault included."""


def rule(ports: Sequence[int], name: str = "service", for_: str = "0s") -> str:
    """Return a rules file that watches services of this computer."""
    targets = ", ".join(f'"{target(port)}"' for port in ports)
    return RULE.format(name=name, targets=targets, for_=for_)


def target(port: int) -> str:
    """Return a service as rules and tickets name it."""
    return f"127.0.0.1:{port}"


class Station:
    """A device of a ``Ground``; ``relay`` is the only way its agent knows to the server."""

    def __init__(self, ground: Ground, folder: Path, services: int = 1) -> None:
        """Enrol it; no agent runs yet."""
        folder.mkdir(parents=True, exist_ok=True)
        self.ground = ground
        self.folder = folder
        # A short path: with a long one the local link goes by way of /proc, unseen by strace.
        self._short = tempfile.TemporaryDirectory(prefix="wd-")
        self.state = Path(self._short.name) / "agent"
        self.relay = Relay(ground.port)
        self.services = Services(services)
        self.rules = folder / "rules.yaml"
        self.write_rules(rule(self.services.ports))
        self.logs: list[Path] = []
        self._agent: AgentProcess | None = None
        run_agent("enroll", "--server", self.relay.url, "--state", str(self.state),
                  "--token-file", str(ground.token_file(folder)))  # fmt: skip
        self.device: str = json.loads((self.state / "identity.json").read_text())["device_id"]

    @property
    def agent(self) -> AgentProcess:
        """The agent started last."""
        assert self._agent
        return self._agent

    def write_rules(self, text: str) -> None:
        """Write the rules file."""
        self.rules.write_text(text)
        self.rules.chmod(0o600)

    def start(
        self,
        *,
        prefix: Sequence[str] = (),
        module: str = "agent",
        environment: Mapping[str, str] | None = None,
        wait: bool = True,
    ) -> AgentProcess:
        """Start the agent."""
        self._agent = AgentProcess(
            self.state,
            self.rules,
            prefix=prefix,
            module=module,
            environment=environment,
            wait=wait,
        )
        self.logs.append(self._agent.log)
        return self._agent

    def is_new(self) -> bool:
        """Tell whether no agent was started yet."""
        return self._agent is None

    def died(self) -> bool:
        """Tell whether the agent has ended; one that is being killed is waited for.

        A fault may strike as its tracer lets go.
        """
        process = self.agent.process
        if process.poll() is None and is_dying(process.pid):
            process.wait(_DEATH_S)
        return process.poll() is not None

    def status(self) -> dict[str, Any]:
        """Return the agent's status, empty while it does not answer."""
        for _ in range(20):
            try:
                return ask(self.state, {"verb": "status"})
            except LinkError as error:
                if "too many" not in str(error):
                    break
            time.sleep(0.1)
        return {}

    def waiting(self) -> int:
        """Return how many messages wait to be sent, -1 while the agent does not answer."""
        status = self.status()
        return int(status["outbox"]["waiting"]) if status else -1

    def is_at_rest(self) -> bool:
        """Tell whether nothing waits and nothing is wrong."""
        status = self.status()
        return bool(status) and not status["outbox"]["waiting"] and not status["troubles"]

    def is_sending(self) -> bool:
        """Tell whether a sender runs: with nothing left to send it fetches what is new."""
        status = self.status()
        return not status or status["delivery"]["next_try_s"] is None

    def until_at_rest(self, within_s: float = DELIVERY_S) -> None:
        """Wait until all is delivered and nothing is wrong."""
        try:
            until(self.is_at_rest, within_s, "the empty outbox")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.status()}\n{self.log_text()}") from None

    def ticket(self, port: int) -> Ticket | None:
        """Return the ticket about a service, None without one; two of them are a failure."""
        found = [t for t in self.ground.tickets(self.device) if t.target == target(port)]
        assert len(found) <= 1, found
        return found[0] if found else None

    def until_open(self, port: int, within_s: float = DELIVERY_S) -> None:
        """Wait until the service's ticket is open."""
        until(lambda: (t := self.ticket(port)) and t.is_open, within_s, f"the ticket of {port}")

    def until_resolved(self, port: int, within_s: float = DELIVERY_S) -> None:
        """Wait until the service's ticket is resolved."""
        until(lambda: (t := self.ticket(port)) and not t.is_open, within_s, f"the end of {port}")

    def history(self, port: int) -> list[str]:
        """Return what the timeline tells of a service: kinds in order, each message once."""
        entries = self.ground.timeline(self.device, target(port))
        messages = [(payload["alert_id"], payload["sequence"]) for _, payload in entries]
        assert len(set(messages)) == len(messages), f"doubled: {entries}"
        return [kind for kind, _ in entries]

    def log_text(self) -> str:
        """Return what all agents of this station logged."""
        return "".join(log.read_text(errors="replace") for log in self.logs)

    def assert_no_traceback(self) -> None:
        """Fail when an agent of this station logged one."""
        text = self.log_text()
        assert "Traceback" not in text, text

    def stop(self) -> float:
        """Stop the agent as its service would; return the seconds it took."""
        began = time.monotonic()
        if self._agent:
            self._agent.stop()
        return time.monotonic() - began

    def close(self) -> None:
        """Stop everything."""
        if self._agent:
            self._agent.kill()
        self.relay.close()
        self.services.close()
        self._short.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
