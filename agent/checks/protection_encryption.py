"""Whether the system's own volume is encrypted."""

from collections.abc import Iterator

from agent.check_api import Check, Measured, Metric, TargetFilter, Unit, Unreadable
from agent.host import encryption
from agent.host.encryption import STATES

_TARGET = "system"


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield whether the system's volume is encrypted."""
    if targets.wants(_TARGET):
        yield Measured(_TARGET, {"system_volume": encryption.read()})


CHECK = Check(
    name="protection.encryption",
    meaning="whether the system's own volume is encrypted",
    metrics=(Metric("system_volume", Unit.WORD, "whether it is encrypted", words=STATES),),
    probe=probe,
    aside=True,
    deadline_s=15.0,
)
