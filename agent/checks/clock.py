"""How far this computer's clock is off, by time servers that the rule names."""

import re
from collections.abc import Iterator

from agent import clock
from agent.check_api import Check, CheckError, Measured, Metric, TargetFilter, Unit, Unreadable

_HOST = re.compile(r"[\w:][\w.:%-]{0,252}", re.ASCII)


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield how far the clock is from that of each server."""
    from agent.host import sntp  # noqa: PLC0415 - few devices have such a rule

    for target in filter(targets.named, targets.include):
        if not _HOST.fullmatch(target):
            yield Unreadable(target, "this is no host's name or address")
            continue
        try:
            found = sntp.offset(target, lambda: clock.now().wall)
        except CheckError as error:
            yield Unreadable(target, error.reason)
        else:
            yield Measured(target, values(found.ahead_s))


def values(ahead_s: float) -> dict[str, float | int | str]:
    """Return the metrics of a server's clock that is so far ahead of ours."""
    return {"skew": abs(ahead_s), "direction": "behind" if ahead_s > 0 else "ahead"}


CHECK = Check(
    name="clock",
    meaning="how far this computer's clock is off",
    metrics=(
        Metric("skew", Unit.SECONDS, "how far the clock is off"),
        Metric(
            "direction",
            Unit.WORD,
            "whether the clock is ahead or behind",
            words=("ahead", "behind"),
        ),
    ),
    probe=probe,
    aside=True,
    needs_targets=True,
    deadline_s=30.0,
)
