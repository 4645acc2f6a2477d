"""The agent's footprint beside its peers, and how fast it tells: ``make bench-agent``.

    python bench/agent.py [--seconds 180] [--heartbeats 2] [--tickets 32] [--starts 7]

The real agent with the shipped rules every ten seconds (and a rule for ten services, as the peers
have) sends to the real server; monit and node_exporter (Debian's, installed when root and missing)
and a bare Python agent run beside it in the same window. Prints every figure, the ratios and
whether each goal holds; ends with 1 when one does not, or was not measured. How each is measured:
docs/performance.md.
"""

import argparse
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))

import agent_cycle  # noqa: E402
import agent_latency  # noqa: E402
import agent_peers  # noqa: E402
import agent_rules  # noqa: E402
from agent_desk import Program, agent, desk, until  # noqa: E402
from agent_window import OURS, at_rest, load, sender_came_and_went, with_heartbeats  # noqa: E402
from counters import Spent, children, memory, spent  # noqa: E402

from agent.errors import LinkError  # noqa: E402
from agent.host import volumes  # noqa: E402
from agent.local_link.client import ask  # noqa: E402
from agent.settings import child_command  # noqa: E402

EVERY_S = 10
SETTLED_S = 26.0
"""After this much time the first sender and the facts' child have left."""
LONGEST_WINDOW_S = 240.0
"""A window that begins then and is no longer ends before the next heartbeat."""
FACTS_PER_MIN = 1 / 60
_SENT = "wd-send"
_RULES = """
  - name: bench-services
    why: the peers watch the same ten
    check: process
    targets: {{include: [{services}]}}
    critical: {{when: count < 1, for: 5m, priority: high}}
    ticket: {{title: "{{target}} does not run"}}
  - name: bench-send
    why: this one is stopped and started to have something to send
    check: process
    targets: {{include: [{sent}]}}
    critical: {{when: count < 1, for: 0s, clear_for: 0s, priority: high}}
    ticket: {{title: "{{target}} does not run"}}
"""


class Goal(NamedTuple):
    """What is promised, and what was measured; ``measured`` is None when it could not be."""

    name: str
    limit: float
    unit: str
    measured: float | None

    def line(self) -> str:
        """Return it as a line of the table."""
        if self.measured is None:
            return f"  not measured  {self.name}"
        verdict = "holds " if self.measured <= self.limit else "MISSED"
        return f"  {verdict}  {self.name:48} {self.measured:9.2f} of {self.limit:g} {self.unit}"


def main() -> int:
    """Measure everything and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=180, help="of the window, at most 240")
    parser.add_argument("--heartbeats", type=int, default=2, help="one every five minutes")
    parser.add_argument("--tickets", type=int, default=32, help="for each latency, 30 to 50")
    parser.add_argument("--starts", type=int, default=7)
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    agent_peers.install()
    run = [sys.executable, "-m", "compileall", "-q", "agent", "server_stub"]
    subprocess.run(run, cwd=PROJECT, check=True)
    folder = Path(tempfile.mkdtemp(prefix="wd-bench-"))
    tell(f"{datetime.now().astimezone():%Y-%m-%d %H:%M}, Python {sys.version.split()[0]}, {load()}")
    try:
        goals = [
            *_resident(folder, min(chosen.seconds, LONGEST_WINDOW_S), chosen),
            *_per_cycle(folder),
            *_many_rules(),
            *_latency(folder, chosen.tickets),
        ]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    tell(f"goals ({load()}):")
    for goal in goals:
        print(goal.line())
    held = [g for g in goals if g.measured is not None and g.measured <= g.limit]
    return 0 if held == goals else 1


def tell(text: str) -> None:
    """Print a heading at once."""
    print(text, flush=True)


def _resident(folder: Path, seconds: float, chosen: argparse.Namespace) -> list[Goal]:
    """Measure the resident agent: start, memory, processor time, wake-ups, heartbeats, sends."""
    with ExitStack() as stack:
        pids = stack.enter_context(agent_peers.services(folder))
        page = stack.enter_context(desk(folder / "server"))
        state, rules = folder / "agent", _rules(folder)
        page.enrol(state)
        few = _few_rules(state, folder)
        with _service(folder):
            firsts = [_first_evaluation(state, rules) for _ in range(chosen.starts)]
        first_s = statistics.median(firsts)
        tell(f"first evaluation after {first_s:.2f} s ({_spread(firsts)})")
        sending = stack.enter_context(_service(folder))
        running = stack.enter_context(agent(state, rules))
        until("the first checks", lambda: running.said("checks are running"))
        time.sleep(SETTLED_S)
        assert not children(running.pid), "the first sender has not left yet"
        alone = memory(running.pid)
        tell(f"alone: anonymous {_mb(alone.anonymous):.2f} MB, PSS {_mb(alone.pss_alone):.2f} MB")
        with agent_peers.peers(folder, pids, _disks()) as others:
            pids = {OURS: running.pid, **others}
            rest = at_rest(pids, seconds)[OURS]
            beating = with_heartbeats(pids, chosen.heartbeats)
        sending.close()
        sent_ms = _sends(running, folder, rest)
        after = memory(running.pid)
    beat_ms = beating[OURS].own_ms + beating[OURS].children_ms + _facts_ms() * FACTS_PER_MIN
    monit = beating.get("monit")
    tell(f"an alert's sender and the agent's part in it: {sent_ms:.0f} ms")
    return [
        Goal("resident anonymous memory", 12, "MB", _mb(alone.anonymous)),
        Goal("of it, all that the shipped rules take", 2, "MB", _mb(alone.anonymous) - few),
        Goal("PSS, alone", 18, "MB", _mb(alone.pss_alone)),
        Goal("memory after sends less before", 0.3, "MB", _mb(after.anonymous - alone.anonymous)),
        Goal("processor time at rest, a minute", 17, "ms", rest.own_ms),
        Goal("the same with sender and heartbeats, by monit's", 1, "×",
             beat_ms / monit.own_ms if monit else None),
        Goal("wake-ups, a cycle", 2, "", rest.wakeups * EVERY_S / 60),
        Goal("first evaluation after the start", 0.3, "s", first_s),
    ]  # fmt: skip


def _per_cycle(folder: Path) -> list[Goal]:
    """Count the instructions of a cycle."""
    name = "instructions, a cycle"
    if not shutil.which("valgrind"):
        tell("valgrind is not installed: instructions are not counted")
        return [Goal(name, 3.6, "million", None)]
    with agent_peers.services(folder), _service(folder):
        count = agent_cycle.instructions_per_cycle(folder, folder / "rules.yaml")
    return [Goal(name, 3.6, "million", count / 1e6)]


def _many_rules() -> list[Goal]:
    """Measure what rules cost beyond their probes, when there are very many."""
    name = f"{agent_rules.RULES} rules, each a cycle beyond its probe"
    return [Goal(name, 1, "µs", agent_rules.microseconds_a_cycle())]


def _latency(folder: Path, count: int) -> list[Goal]:
    """Measure from detection to the row on the page."""
    cold, senders = agent_latency.cold(folder / "cold", count)
    warm = agent_latency.warm(folder / "warm", count)
    tell(f"detection to row, {count} tickets each, s:")
    print(f"  a sender to start  {_spread(cold)}")
    print(f"  a warm sender      {_spread(warm)}")
    print(f"a sender's processor time, ms: {_spread(senders)}")
    return [
        Goal("a sender's processor time, start and requests", 200, "ms",
             statistics.median(senders)),
        Goal("detection to row, a sender to start, median", 0.5, "s", statistics.median(cold)),
        Goal("detection to row, a warm sender, median", 0.1, "s", statistics.median(warm)),
    ]  # fmt: skip


def _rules(folder: Path) -> Path:
    """Write the shipped rules, every ten seconds and without the grace of a start."""
    text = (PROJECT / "rules.yaml").read_text()
    text = re.sub(r"every: \w+", f"every: {EVERY_S}s", text, count=1)  # the defaults'
    text = re.sub(r"startup_grace: \w+", "startup_grace: 0s", text)
    file = folder / "rules.yaml"
    file.write_text(text + _RULES.format(services=", ".join(agent_peers.SERVICES), sent=_SENT))
    file.chmod(0o600)
    return file


@contextmanager
def _service(folder: Path) -> Iterator[ExitStack]:
    """Run the service that is stopped to have something to send; closing what it yields does."""
    program = folder / _SENT
    shutil.copy(shutil.which("sleep") or "", program)
    with ExitStack() as running:
        process = subprocess.Popen([program, "86400"])
        running.callback(process.wait)
        running.callback(process.kill)
        yield running


def _few_rules(state: Path, folder: Path) -> float:
    """Return the anonymous memory, in MB, of an agent with one small rule."""
    file = folder / "few.yaml"
    file.write_text("version: 1\nrules:" + _RULES.format(services="init", sent=_SENT))
    file.chmod(0o600)
    with agent(state, file) as running:
        until("the first checks", lambda: running.said("checks are running"))
        time.sleep(SETTLED_S)
        return _mb(memory(running.pid).anonymous)


def _first_evaluation(state: Path, rules: Path) -> float:
    """Return the seconds from exec to the first evaluation, as the agent tells its time."""
    with agent(state, rules) as started:
        until("the first evaluation", lambda: _since(state))
        first = min(_since(state) or [])
    return (first - started.started_at).total_seconds()


def _since(state: Path) -> list[datetime] | None:
    try:
        checks = ask(state, {"verb": "status"})["checks"]
    except LinkError:
        return None
    return [datetime.fromisoformat(check["since"]) for check in checks] or None


def _sends(running: Program, folder: Path, rest: Spent) -> float:
    """Return the processor time, in ms, that a send takes beyond what rest would take.

    The service has been stopped; it is started and stopped again for two more sends.
    """
    costs = [_send(running, rest)]
    with _service(folder):
        costs.append(_send(running, rest))
    costs.append(_send(running, rest))
    return statistics.median(costs)


def _send(running: Program, rest: Spent) -> float:
    """Wait for a sender to come and go; return what it cost, the agent's part included."""
    before = spent(running.pid)
    sender_came_and_went(running.pid)
    used = spent(running.pid).since(before)
    return used.own_ms + used.children_ms - rest.own_ms * used.at_s / 60


def _facts_ms() -> float:
    """Return the processor time of the child that tells all facts."""
    before = os.times()
    command = child_command("agent.facts_child")
    subprocess.run(command, input=b"{}", stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    spent_s = after.children_user + after.children_system
    return 1000 * (spent_s - before.children_user - before.children_system)


def _disks() -> list[str]:
    return [volume.path for volume in volumes.read()[0]]


def _mb(kilobytes: float) -> float:
    return kilobytes / 1024


def _spread(values: list[float]) -> str:
    return f"median {statistics.median(values):.3g}, {min(values):.3g} to {max(values):.3g}"


if __name__ == "__main__":
    sys.exit(main())
