"""Errors of main memory, where it is of a kind that notices them."""

from collections.abc import Iterator

from agent.check_api import (
    Check,
    Increase,
    Measured,
    Metric,
    TargetFilter,
    Unit,
    Unreadable,
    UnsupportedCheckError,
)
from agent.host import edac
from agent.targets import missing

_DAY_S = 24 * 3600


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield the errors that each memory controller has counted."""
    found = edac.controllers()
    if not found:
        raise UnsupportedCheckError("this computer's memory counts no errors (no ECC, or no EDAC)")
    for controller in found:
        if targets.wants(controller.name):
            yield Measured(
                controller.name,
                {
                    "corrected_total": controller.corrected,
                    "uncorrected_total": controller.uncorrected,
                },
            )
    for name in missing(targets, {controller.name for controller in found}):
        yield Unreadable(name, "there is no such memory controller")


CHECK = Check(
    name="ecc",
    meaning="errors of main memory (ECC)",
    metrics=(
        Metric("corrected_total", Unit.COUNT, "errors so far that were corrected"),
        Metric("uncorrected_total", Unit.COUNT, "errors so far that lost content"),
        Metric(
            "corrected_24h",
            Unit.COUNT,
            "errors corrected in the last 24 hours",
            derived=Increase("corrected_total", _DAY_S),
        ),
        Metric(
            "uncorrected_7d",
            Unit.COUNT,
            "errors that lost content in the last 7 days",
            derived=Increase("uncorrected_total", 7 * _DAY_S),
        ),
    ),
    probe=probe,
    platforms=("linux",),
)
