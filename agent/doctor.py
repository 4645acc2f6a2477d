"""``doctor``: looks at everything the agent needs, once, and says what to do."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent import clock, identity
from agent.check_api import Check
from agent.delivery.child import SenderProcess
from agent.delivery.messages import Job, Limits, Outcome, Settings
from agent.delivery.refusal import http_date
from agent.errors import AgentError, LinkError
from agent.identity import Identity
from agent.local_link import client
from agent.protocol import VERSION
from agent.protocol.human import human
from agent.protocol.words import Unit
from agent.rules.lint import lint
from agent.rules.rules_file import RulesFile

CLOCK_OFF_S = 300.0
"""So far apart two clocks may be; beyond it, what a ticket tells of times misleads."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: whether it is well, and a sentence."""

    well: bool
    says: str


def examine(
    state_dir: Path,
    rules_file: Path,
    checks: Mapping[str, Check],
    start_sender: Callable[[Settings], SenderProcess] = SenderProcess,
) -> Iterator[Finding]:
    """Yield what is found of rules, identity, the running agent and the way to the server."""
    yield from _rules(rules_file, checks)
    yield _running(state_dir)
    if (state_dir / identity.WAITING_NAME).exists():
        yield Finding(
            well=False,
            says="this device is not enrolled yet: the agent enrols it when the server answers "
            "(watchdesk-agent status tells why it did not last time)",
        )
        return
    try:
        mine = identity.load_enrolled(state_dir)
    except AgentError as error:
        yield Finding(well=False, says=str(error))
        return
    yield Finding(well=True, says=f"enrolled at {mine.server} as device {mine.device_id}")
    yield from _server(mine, start_sender)


def _rules(file: Path, checks: Mapping[str, Check]) -> Iterator[Finding]:
    try:
        rules = RulesFile(file, checks, clock.now()).rules
    except AgentError as error:
        yield Finding(well=False, says=f"the rules have mistakes:\n{error}")
        return
    hints = lint(rules, checks)
    yield Finding(well=True, says=f"{len(rules.rules)} rules in {file}, {len(hints)} hints")


def _running(state_dir: Path) -> Finding:
    try:
        status = client.ask(state_dir, {"verb": "status"})
    except LinkError as error:
        return Finding(well=False, says=str(error))
    troubles = [*status["troubles"], *status["rules"]["problems"]]
    if troubles:
        return Finding(well=False, says="the agent runs, but: " + "; ".join(troubles))
    return Finding(well=True, says=f"the agent runs since {status['since']}")


def _server(mine: Identity, start_sender: Callable[[Settings], SenderProcess]) -> Iterator[Finding]:
    """Send no events at all: it changes nothing, and the sender names what is in the way."""
    settings = Settings(
        server=mine.server,
        token=mine.device_token,
        agent_version=VERSION,
        ca_file=mine.ca_file,
        proxy=mine.proxy,
        limits=Limits(),
    )
    try:
        with start_sender(settings) as sender:
            answer = sender.ask(Job("post", "events"))
    except AgentError as error:
        yield Finding(well=False, says=str(error))
        return
    if answer.outcome is not Outcome.DELIVERED:
        yield Finding(well=False, says=answer.says)
        return
    yield Finding(well=True, says=f"{mine.server} answers and knows this device")
    yield from clock_findings(answer.server_date, clock.now().wall)


def clock_findings(server_date: str, now: datetime) -> Iterator[Finding]:
    """Yield whether this computer's clock goes with the server's; nothing when it told no time."""
    theirs = http_date(server_date)
    if theirs is None:
        return
    ahead_s = (now - theirs).total_seconds()
    if abs(ahead_s) <= CLOCK_OFF_S:
        yield Finding(well=True, says="this computer's clock goes with the server's")
        return
    off = f"{human(abs(ahead_s), Unit.SECONDS)} {'ahead of' if ahead_s > 0 else 'behind'}"
    yield Finding(
        well=False,
        says=f"this computer's clock is {off} the server's: set the clock, or times on tickets "
        "mislead and certificates are refused",
    )
