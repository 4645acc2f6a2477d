"""How long from an agent's detection until the ticket is a row on the queue page; on loopback.

The beginning is the moment at which the rule saw it, as the event tells (``for`` is nought), the
end is when the page with its row has arrived. Interval and ``for`` are the rules' affair.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import random

from agent_desk import Desk, Program, agent, desk, until
from counters import Spent, children, spent

_RULES = """
version: 1
defaults: {{every: 1s, startup_grace: 0s}}
storm: 1000
rules:
  - name: bench
    why: each of these services is stopped once
    check: tcp
    targets: {{include: {targets}}}
    critical: {{when: state != open, for: 0s, priority: high}}
    ticket: {{title: "bench {{target}}"}}
"""


def cold(folder: Path, count: int) -> tuple[list[float], list[float]]:
    """Return seconds to the page, and the sender's processor time in milliseconds, for each.

    Every ticket meets no sender: the last one has left before.
    """
    took, senders = [], []
    hasty = Path(__file__).with_name("hasty_agent.py")
    with _bench(folder, count, hasty) as (page, running, listeners):
        for listener in listeners:
            _until_idle(running)
            before = spent(running.pid)
            took.append(_stop_one(page, listener))
            _until_idle(running)
            senders.append(_session(before, spent(running.pid)))
    return took, senders


def warm(folder: Path, count: int) -> list[float]:
    """Return seconds to the page; the sender of the ticket before is still there."""
    with _bench(folder, count + 1, "-m", "agent") as (page, running, listeners):
        _stop_one(page, next(listeners))
        took = []
        for listener in listeners:
            took.append(_stop_one(page, listener))
            assert children(running.pid), "the sender has left"
    return took


@contextmanager
def _bench(
    folder: Path, count: int, *program: str | Path
) -> Iterator[tuple[Desk, Program, Iterator[socket.socket]]]:
    """Run a desk and an agent that watches ``count`` services."""
    folder.mkdir()
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0)))
                     for _ in range(count)]  # fmt: skip
        page = stack.enter_context(desk(folder / "server"))
        page.enrol(folder / "state")
        rules = folder / "rules.yaml"
        targets = ", ".join(f'"{_title(listener).split()[1]}"' for listener in listeners)
        rules.write_text(_RULES.format(targets=f"[{targets}]"))
        rules.chmod(0o600)
        running = stack.enter_context(agent(folder / "state", rules, *program))
        until("the first checks", lambda: running.said("checks are running"))
        time.sleep(3)  # the facts' child and the first heartbeat
        yield page, running, iter(listeners)


def _stop_one(page: Desk, listener: socket.socket) -> float:
    title = _title(listener)
    time.sleep(0.3 + 0.7 * random())  # noqa: S311 - in no step with the agent's turns
    listener.close()
    until("the ticket", lambda: page.detected_at(title), every_s=0.002)
    until("its row", lambda: title in page.page() or None, every_s=0)
    shown = datetime.now(UTC)
    return (shown - (page.detected_at(title) or shown)).total_seconds()


def _title(listener: socket.socket) -> str:
    return f"bench 127.0.0.1:{listener.getsockname()[1]}"


def _until_idle(running: Program) -> None:
    until("the sender's end", lambda: not children(running.pid) or None)


def _session(before: Spent, after: Spent) -> float:
    """Return the processor time of the senders that ended between the two."""
    return after.since(before).children_ms
