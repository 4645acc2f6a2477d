"""A bare agent, the floor: ``python bench/lean_agent.py --pids FOLDER``.

What a small Python program costs that looks at the same things every ten seconds and judges
them (threshold, ``for``, hysteresis), and does nothing else: it stores, sends and tells nothing,
and survives no fault. psutil reads, rules are YAML, services are known by their process.
"""

import argparse
import gc
import sys
import time
from pathlib import Path
from typing import NamedTuple

import psutil

EVERY_S = 10.0
RULES = """
- {metric: free_percent, below: 10, clear: 13, for: 1800}
- {metric: memory_percent, above: 97, clear: 95, for: 1800}
- {metric: cpu_percent, above: 95, clear: 80, for: 5400}
- {metric: missing, above: 0, clear: 1, for: 300}
"""


class Rule(NamedTuple):
    """One threshold: raised when crossed for ``for_s``, until ``clear`` is crossed back."""

    metric: str
    sign: int
    limit: float
    clear: float
    for_s: float


class Agent:
    """Looks at disks, memory, processors and services, and judges what it sees."""

    def __init__(self, pids: Path) -> None:
        """Read the rules; ``pids`` is where the services' processes are noted."""
        self.rules = read_rules()
        self.pids = sorted(pids.glob("*.pid"))
        self.since: dict[tuple[str, str], float] = {}
        self.raised: set[tuple[str, str]] = set()

    def look(self) -> None:
        """Take every reading and judge it."""
        for disk in psutil.disk_partitions():
            self.judge("free_percent", disk.mountpoint,
                       100 - psutil.disk_usage(disk.mountpoint).percent)  # fmt: skip
        self.judge("memory_percent", "", psutil.virtual_memory().percent)
        self.judge("cpu_percent", "", psutil.cpu_percent())
        for file in self.pids:
            self.judge("missing", file.stem, not Path(f"/proc/{file.read_text().strip()}").exists())

    def judge(self, metric: str, target: str, value: float) -> None:
        """Step the alert of each rule for this metric."""
        for rule in self.rules:
            if rule.metric != metric:
                continue
            key = (metric, target)
            if rule.sign * value > rule.sign * rule.limit:
                began = self.since.setdefault(key, time.monotonic())
                if time.monotonic() - began >= rule.for_s:
                    self.raised.add(key)
            elif rule.sign * value <= rule.sign * rule.clear:
                self.since.pop(key, None)
                self.raised.discard(key)


def read_rules() -> list[Rule]:
    """Return the rules, and forget the YAML library."""
    import yaml  # noqa: PLC0415 - see above

    rules = [
        Rule(
            metric=one["metric"],
            sign=-1 if "below" in one else 1,
            limit=one.get("below", one.get("above")),
            clear=one["clear"],
            for_s=one["for"],
        )
        for one in yaml.load(RULES, Loader=yaml.CSafeLoader)
    ]
    for name in [name for name in sys.modules if name.partition(".")[0] in {"yaml", "_yaml"}]:
        del sys.modules[name]
    return rules


def main() -> None:
    """Look for ever."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pids", type=Path, required=True, help="folder of the services' pids")
    agent = Agent(parser.parse_args().pids)
    gc.collect()
    gc.freeze()
    due = time.monotonic()
    while True:
        agent.look()
        due += EVERY_S
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    main()
