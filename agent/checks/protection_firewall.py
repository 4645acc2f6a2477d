"""Whether a firewall keeps strangers out."""

from collections.abc import Iterator

from agent.check_api import Check, Measured, Metric, TargetFilter, Unit, Unreadable
from agent.host import firewalls
from agent.host.firewalls import STATES

_TARGET = "system"


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield whether a firewall is on."""
    if not targets.wants(_TARGET):
        return
    state = firewalls.read()
    if state is None:
        yield Unreadable(_TARGET, "nobody watches over this computer's firewall")
    else:
        yield Measured(_TARGET, {"state": state})


CHECK = Check(
    name="protection.firewall",
    meaning="whether a firewall keeps strangers out",
    metrics=(Metric("state", Unit.WORD, "whether a firewall is on", words=STATES),),
    probe=probe,
    aside=True,
    deadline_s=15.0,
)
