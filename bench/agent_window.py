"""What the agent and its peers use of the processor in the same window."""

import os
import time
from contextlib import suppress
from pathlib import Path

from agent_desk import until
from counters import Spent, children, memory, spent

OURS = "watchdesk-agent"
HEARTBEAT_WITHIN_S = 400.0
LOOK_EVERY_S = 1.0
"""Seldom, to leave the processor's caches to what is measured; a sender stays for twenty."""


def at_rest(pids: dict[str, int], seconds: float) -> dict[str, Spent]:
    """Return what each process uses in a minute of this window."""
    before = {name: spent(pid) for name, pid in pids.items()}
    time.sleep(seconds)
    used = _per_minute(pids, before)
    print(f"side by side, {seconds:.0f} s, {load()}:")
    print(
        f"  {'':16} {'anonymous MB':>12} {'PSS MB':>8} {'ms/min':>8} {'wake-ups/min':>12}  by ours"
    )
    for name, rate in used.items():
        held = memory(pids[name])
        ratio = used[OURS].own_ms / rate.own_ms
        print(
            f"  {name:16} {held.anonymous / 1024:12.2f} {held.pss / 1024:8.2f} "
            f"{rate.own_ms:8.1f} {rate.wakeups:12}  {ratio:.2f}× its processor time"
        )
    return used


def with_heartbeats(pids: dict[str, int], count: int) -> dict[str, Spent]:
    """Return the same from the end of one heartbeat to that of the ``count``-th after it."""
    ours = pids[OURS]
    sender_came_and_went(ours)
    before = {name: spent(pid) for name, pid in pids.items()}
    for _ in range(count):
        sender_came_and_went(ours)
    used = _per_minute(pids, before)
    minutes = (time.monotonic() - before[OURS].at_s) / 60
    print(f"with {count} heartbeats in {minutes:.1f} minutes, {load()}, ms/min:")
    for name, rate in used.items():
        print(f"  {name:16} {rate.own_ms:8.1f} and {rate.children_ms:.1f} in its children")
    return used


def sender_came_and_went(pid: int) -> None:
    """Wait for a sender of this process, and for its end."""
    until("a sender", lambda: _senders(pid) or None, LOOK_EVERY_S, within_s=HEARTBEAT_WITHIN_S)
    until("its end", lambda: not _senders(pid) or None, LOOK_EVERY_S)


def _senders(pid: int) -> list[int]:
    """Return which of a process' children send; others look at facts or explain an alert."""
    found = []
    for child in children(pid):
        with suppress(OSError):  # it ended meanwhile
            if b"agent.delivery.sender" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(child)
    return found


def load() -> str:
    """Return the machine's load, to tell a quiet run from another."""
    return "load " + " ".join(f"{load:.1f}" for load in os.getloadavg())


def _per_minute(pids: dict[str, int], before: dict[str, Spent]) -> dict[str, Spent]:
    """Return what each process has used in a minute since ``before``."""
    rates = {}
    for name, pid in pids.items():
        used = spent(pid).since(before[name])
        minutes = used.at_s / 60
        rates[name] = Spent(used.at_s, used.own_ms / minutes, used.children_ms / minutes,
                            round(used.wakeups / minutes))  # fmt: skip
    return rates
