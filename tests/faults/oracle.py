"""The oracle: a process of its own that holds the truth of what must arrive.

It knows nothing of the outbox: no code, no file, no table of the agent's. It owns the services
that the agent watches, starts and stops them by chance, and keeps count. It reads what the
agent's tap said was durable, and the server's rows, and judges:

- every durable message is stored, and nothing is stored that nobody meant to send
- every stored alert message stands on a timeline exactly once, and the messages of one opening
  have no gaps
- a service has at most one ticket, open exactly when the service is down

It reads commands from stdin, a line each, and answers each with a line of JSON: ``stir SECONDS``,
``judge DEVICE``.
"""

import json
import os
import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.support.services import Services

MOST_STOPS = 4
"""Of one service: with the fifth it flaps, and its alert stays open for an hour."""
PAUSE_S = (0.02, 0.4)

_SEEN = "SELECT envelope_id FROM intake_seenenvelope WHERE device_id = :device"
_TICKETS = "SELECT fingerprint, status, evaluation FROM tickets_ticket WHERE device_id = :device"
_TIMELINE = (
    "SELECT e.kind, e.payload FROM tickets_timelineentry e JOIN tickets_ticket t"
    " ON t.id = e.ticket_id WHERE t.device_id = :device ORDER BY e.id"
)
_RESOLVED = ("resolved", "closed")


@dataclass
class Oracle:
    """The services, what was done to them, and where to look."""

    services: Services
    dice: random.Random
    tap: Path
    database: str
    stops: Counter[int] = field(default_factory=Counter)

    def stir(self, seconds: float) -> dict[str, Any]:
        """Start and stop services by chance for a while."""
        end = time.monotonic() + seconds
        changes = 0
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, self.dice.uniform(*PAUSE_S)))
            changes += self._change()
        return {"changes": changes}

    def _change(self) -> int:
        """Change one of the services that may still be stopped; those before are worn out."""
        fresh = [p for p in self.services.ports if self.stops[p] < MOST_STOPS][:30]
        down = [p for p in self.services.ports if not self.services.is_running(p)]
        for port in self.dice.sample(down, min(len(down), 1)):
            if self.dice.random() < 0.5:
                self.services.start(port)
                return 1
        for port in self.dice.sample(fresh, min(len(fresh), 1)):
            if self.services.is_running(port):
                self.services.stop(port)
                self.stops[port] += 1
                return 1
        return 0

    def judge(self, device: str) -> dict[str, Any]:
        """Compare what must be with what is; ``wrong`` is empty when they are the same."""
        meant, durable = self._tapped()
        seen = [identifier for (identifier,) in self._rows(_SEEN, device)]
        told: Counter[tuple[str, int]] = Counter()
        for _, payload in self._rows(_TIMELINE, device):
            tree = json.loads(payload) if payload else {}
            if "alert_id" in tree:
                told[tree["alert_id"], tree["sequence"]] += 1
        stored = Counter(meant[one] for one in seen if meant.get(one))
        wrong = [f"lost: {one}" for one in sorted(durable - set(seen))]
        wrong += [f"nobody meant: {one}" for one in seen if one not in meant]
        wrong += [f"stored twice: {one}" for one, count in Counter(seen).items() if count > 1]
        wrong += [f"told {count} times: {one}" for one, count in told.items() if count > 1]
        wrong += [f"stored, not told: {one}" for one in stored if one not in told]
        wrong += [f"told, not stored: {one}" for one in told if one not in stored]
        wrong += self._gaps(told) + self._tickets(device)
        return {
            "wrong": wrong,
            "durable": len(durable),
            "stored": len(seen),
            "told": len(told),
            "stops": self.stops.total(),
        }

    def _tapped(self) -> tuple[dict[str, tuple[str, int] | None], set[str]]:
        meant: dict[str, tuple[str, int] | None] = {}
        durable = set()
        for line in self.tap.read_text().splitlines():
            word, identifier, alert_id, sequence = json.loads(line)
            meant[identifier] = (alert_id, sequence) if alert_id else None
            if word == "durable":
                durable.add(identifier)
        return meant, durable

    def _gaps(self, told: Counter[tuple[str, int]]) -> list[str]:
        openings: dict[str, list[int]] = {}
        for alert_id, sequence in told:
            openings.setdefault(alert_id, []).append(sequence)
        return [
            f"gap in {alert_id}: {sorted(sequences)}"
            for alert_id, sequences in openings.items()
            if sorted(sequences) != list(range(1, len(sequences) + 1))
        ]

    def _tickets(self, device: str) -> list[str]:
        tickets: dict[str, list[tuple[str, str]]] = {}
        for fingerprint, status, evaluation in self._rows(_TICKETS, device):
            name = fingerprint.partition(":")[2]
            tickets.setdefault(name, []).append((status, evaluation))
        wrong = []
        for port in self.services.ports:
            found = tickets.pop(f"127.0.0.1:{port}", [])
            up = self.services.is_running(port)
            if len(found) > 1 or (not found and not up):
                wrong.append(f"service {port} has {len(found)} tickets")
            for status, evaluation in found:
                if (status in _RESOLVED) != up or (evaluation == "ok") != up:
                    wrong.append(f"service {port} is {'up' if up else 'down'}, {status=}")
        return wrong + [f"a ticket of nothing: {name}" for name in tickets]

    def _rows(self, question: str, device: str) -> Sequence[tuple[Any, ...]]:
        if self.database.startswith("postgresql:"):
            with psycopg.connect(self.database) as connection:
                asked = question.replace(":device", "%(device)s").encode()
                return connection.execute(asked, {"device": device}).fetchall()
        uri = f"file:{self.database}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=30)) as file:
            return file.execute(question, {"device": device}).fetchall()


def main(arguments: Sequence[str]) -> None:
    """Obey until stdin ends. Arguments: how many services, seed, the tap's file, the database."""
    count, seed, tap, database = arguments
    with Services(int(count)) as services:
        oracle = Oracle(services, random.Random(seed), Path(tap), database)  # noqa: S311 - repeatable
        _say({"ports": list(services.ports)})
        for line in sys.stdin:
            word, argument = line.split()
            _say(oracle.stir(float(argument)) if word == "stir" else oracle.judge(argument))


def _say(tree: dict[str, Any]) -> None:
    os.write(1, json.dumps(tree).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1:])
