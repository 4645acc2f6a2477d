"""Whether every real local volume takes writes: a small file is written, and removed."""

import sys
from collections.abc import Iterator

from agent.check_api import (
    Check,
    CheckError,
    Increase,
    Measured,
    Metric,
    TargetFilter,
    Unit,
    Unreadable,
    UnsupportedCheckError,
)
from agent.host.write_places import Places
from agent.host.writing import WORDS, outcomes
from agent.targets import missing

_PLACES = Places()


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield what came of writing on each volume."""
    if sys.platform not in CHECK.platforms:
        raise UnsupportedCheckError(
            "this system does not tell a failed volume from a refused write"
        )
    try:
        expected, every = _PLACES.read()
    except OSError as error:
        raise CheckError(f"the list of volumes cannot be read: {error.strerror}") from error
    chosen = [place for place in expected if targets.wants(place.target)]
    if targets.include:
        folders = {place.target: place for place in (*every, *expected)}
        chosen = [place for place in folders.values() if targets.named(place.target)]
    for name in missing(targets, {place.target for place in chosen}):
        yield Unreadable(name, "no volume is mounted there")
    for place, outcome in outcomes(chosen):
        if isinstance(outcome.probe, CheckError):
            yield Unreadable(place.target, outcome.probe.reason)
            continue
        values: dict[str, float | int | str] = {"probe": outcome.probe}
        if outcome.errors is not None:
            values["errors_count"] = outcome.errors
        yield Measured(place.target, values)


CHECK = Check(
    name="disk.writable",
    meaning="whether every local volume takes writes",
    metrics=(
        Metric("probe", Unit.WORD, "what came of writing a small file there", words=WORDS),
        Metric("errors_count", Unit.COUNT, "errors ext4 has counted since its last repair"),
        Metric(
            "errors_24h",
            Unit.COUNT,
            "errors ext4 has counted in the last 24 hours",
            derived=Increase("errors_count", 24 * 3600),
        ),
    ),
    probe=probe,
    platforms=("linux", "darwin"),
    deadline_s=60.0,
)
