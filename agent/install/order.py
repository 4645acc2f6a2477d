"""What ``install`` was asked for, looked at as a whole before anything is changed."""

from dataclasses import dataclass, replace
from pathlib import Path

from agent import clock, identity
from agent.checks import discover
from agent.delivery import waiting
from agent.delivery.waiting import Waiting
from agent.device_file import DeviceFile, beside
from agent.errors import AgentError
from agent.rules.rules_file import RulesFile
from agent.settings import default_rules_file, own_command


@dataclass(frozen=True, slots=True)
class Order:
    """What the service is to be.

    ``rules`` is None for this computer's own rules, else the shipped ones, whichever there are
    at each start. ``enrolment`` is None when that is left for later, or done.
    """

    state: Path
    rules: Path | None
    enrolment: Waiting | None

    def command(self, verb: str = "run") -> list[str]:
        """Return the service's command line: absolute paths, no secrets."""
        rules = ["--rules", str(self.rules)] if self.rules else []
        return [*own_command("agent"), verb, "--state", str(self.state), *rules]


def looked_at(order: Order) -> Order:
    """Return the order with absolute paths, without an enrolment that is done already.

    Raises AgentError for rules with mistakes, or that others can write, and for a device that is
    enrolled at another server.
    """
    rules = order.rules.absolute() if order.rules else None
    RulesFile(rules or default_rules_file(), discover(), clock.now())
    DeviceFile(beside(rules or default_rules_file()))
    state = order.state.absolute()
    return Order(state, rules, _still_needed(state, order.enrolment))


def keep(order: Order) -> str:
    """Store the enrolment in the state folder, for the service to do; return what to tell."""
    if order.enrolment:
        waiting.keep(order.state, order.enrolment)
        return f"It enrols at {order.enrolment.server} as soon as that answers."
    if identity.exists(order.state):
        mine = identity.load(order.state)
        if mine.enrolled_at:
            return f"It is enrolled at {mine.server} as device {mine.device_id}."
    if waiting.kept(order.state):
        return "Its enrolment waits for the server, as before."
    return (
        "It is not enrolled yet and keeps what it finds: "
        "watchdesk-agent enroll --server URL --token-file FILE"
    )


def with_authority_in(order: Order, folder: Path) -> Order:
    """Return the order with its CA file copied to where the service and its sender may read it.

    Raises AgentError.
    """
    if order.enrolment is None or order.enrolment.ca_file is None:
        return order
    given, own = Path(order.enrolment.ca_file), folder / "ca.pem"
    try:
        content = given.read_bytes()
        if given != own:
            own.write_bytes(content)
        own.chmod(0o644)
    except OSError as error:
        raise AgentError(f"the CA file {given} cannot be copied to {own}: {error}") from error
    return replace(order, enrolment=replace(order.enrolment, ca_file=str(own)))


def _still_needed(state: Path, enrolment: Waiting | None) -> Waiting | None:
    if enrolment is None or not identity.exists(state):
        return enrolment
    mine = identity.load(state)
    if mine.enrolled_at is None:
        return enrolment
    if mine.server != enrolment.server:
        raise AgentError(
            f"this computer is enrolled at {mine.server}; to move it: "
            f"watchdesk-agent enroll --server {enrolment.server} --token-file FILE"
        )
    return None
