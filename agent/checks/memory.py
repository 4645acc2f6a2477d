"""Main memory: how much is used, and whether that hurts."""

from collections.abc import Iterator

from agent.check_api import Check, CheckError, Measured, Metric, TargetFilter, Unit, Unreadable
from agent.host import memory
from agent.host.memory import Memory

TARGET = "memory"


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield the state of main memory; what this system does not tell is left out."""
    if not targets.wants(TARGET):
        return
    try:
        state = memory.read()
    except OSError as error:
        raise CheckError(f"memory cannot be read: {error.strerror}") from error
    yield Measured(TARGET, values(state))


def values(state: Memory) -> dict[str, float | int | str]:
    """Return the metrics that can be told of this state."""
    found: dict[str, float | int | str] = {
        "used_percent": 100.0 * (1 - state.available_bytes / state.total_bytes),
        "available_bytes": state.available_bytes,
    }
    if state.swap_total_bytes:
        found["swap_used_percent"] = 100.0 * (1 - state.swap_free_bytes / state.swap_total_bytes)
    if state.committed_bytes is not None and state.commit_limit_bytes:
        found["commit_percent"] = 100.0 * state.committed_bytes / state.commit_limit_bytes
    if state.stall_percent is not None:
        found["stall_percent"] = state.stall_percent
    return found


CHECK = Check(
    name="memory",
    meaning="main memory and swap",
    metrics=(
        Metric("used_percent", Unit.SHARE, "share of memory that programs cannot have"),
        Metric("commit_percent", Unit.SHARE, "memory promised, as a share of what may be"),
        Metric("stall_percent", Unit.SHARE, "share of the last minute in which work waited for it"),
        Metric("swap_used_percent", Unit.SHARE, "share of the swap space that is used"),
        Metric("available_bytes", Unit.BYTES, "what programs can have without swapping"),
    ),
    probe=probe,
)
