"""Whether a program runs, and how often."""

from collections.abc import Iterator

from agent.check_api import Check, Measured, Metric, TargetFilter, Unit, Unreadable
from agent.host.processes import Names

_NAMES = Names()


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield, for each name the rule gives, how many processes bear it."""
    patterns = [name for name in targets.include if targets.named(name)]
    for name, count in sorted(_NAMES.count(patterns).items()):
        if count or not targets.absent_ignored:
            yield Measured(name, {"count": count, "state": "running" if count else "missing"})


CHECK = Check(
    name="process",
    meaning="programs that must run",
    metrics=(
        Metric("count", Unit.COUNT, "how many processes bear the name"),
        Metric("state", Unit.WORD, "whether any does", words=("running", "missing")),
    ),
    probe=probe,
    needs_targets=True,
)
