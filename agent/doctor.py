"""``doctor``: looks at everything the agent needs, once, and says what to do."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent import clock, identity
from agent.check_api import Check
from agent.delivery.child import SenderProcess
from agent.delivery.messages import Job, Limits, Outcome, Settings
from agent.errors import AgentError, LinkError
from agent.identity import Identity
from agent.local_link import client
from agent.protocol import VERSION
from agent.rules.lint import lint
from agent.rules.rules_file import RulesFile


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
    try:
        mine = identity.load_enrolled(state_dir)
    except AgentError as error:
        yield Finding(well=False, says=str(error))
        return
    yield Finding(well=True, says=f"enrolled at {mine.server} as device {mine.device_id}")
    yield _server(mine, start_sender)


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


def _server(mine: Identity, start_sender: Callable[[Settings], SenderProcess]) -> Finding:
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
        return Finding(well=False, says=str(error))
    if answer.outcome is Outcome.DELIVERED:
        return Finding(well=True, says=f"{mine.server} answers and knows this device")
    return Finding(well=False, says=answer.says)
