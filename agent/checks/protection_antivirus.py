"""Whether an antivirus protects the computer, and how old its signatures are."""

import sys
from collections.abc import Iterator

from agent import clock
from agent.check_api import (
    Check,
    Measured,
    Metric,
    TargetFilter,
    Unit,
    Unreadable,
    UnsupportedCheckError,
)
from agent.host.security_center import STATES, Antivirus

_TARGET = "system"

if sys.platform == "win32":
    from agent.host.security_center import antivirus as read
else:

    def read() -> Antivirus:
        """Raise UnsupportedCheckError."""
        raise UnsupportedCheckError("only Windows tells of antivirus")


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield whether any product protects the computer."""
    if not targets.wants(_TARGET):
        return
    found = read()
    values: dict[str, float | int | str] = {}
    if found.state is not None:
        values["state"] = found.state
    if found.signatures_at is not None:
        age_s = (clock.now().wall - found.signatures_at).total_seconds()
        if age_s >= 0:  # a clock that was set back
            values["signatures_age"] = age_s
    if values:
        yield Measured(_TARGET, values)
    else:
        yield Unreadable(_TARGET, "nobody watches over this computer's antivirus")


CHECK = Check(
    name="protection.antivirus",
    meaning="whether an antivirus protects the computer",
    metrics=(
        Metric("state", Unit.WORD, "whether any product protects it", words=STATES),
        Metric("signatures_age", Unit.SECONDS, "age of Defender's signatures, when it protects"),
    ),
    probe=probe,
    aside=True,
    platforms=("win32",),
)
