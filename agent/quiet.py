"""When nothing is opened though something is wrong, and the record of what was held back.

A maintenance window, a computer that has just started or woken up, another rule that explains it.
What is held back is looked at again when the reason is over, and opens if it is still wrong.
"""

import json
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from agent.clock import Now
from agent.rules.maintenance import MaintenanceWindow, in_maintenance
from agent.rules.model import Rule

RESUME_GRACE_S = 120.0
"""After a sleep networks, clocks and services need this long (awake seconds) to be themselves."""
SLEPT_S = 30.0
MOST_RECORDS = 50

Key = tuple[str, str]
"""Rule and target."""


class Held(NamedTuple):
    """Something that was held back: what, why, from when until when (empty: still)."""

    rule: str
    target: str
    reason: str
    since: str
    until: str = ""


class Quiet:
    """Tells what is held back just now. One thread uses it at a time."""

    def __init__(self, windows: Sequence[MaintenanceWindow], stored: str | None = None) -> None:
        """Take the maintenance windows, and the record as ``to_text`` gave it before."""
        self.windows = windows
        self._open: set[str] = set()
        self._slept_s: float | None = None
        self._woken_s: float | None = None
        self._records = _records(stored)
        self._held = {(one.rule, one.target): one for one in self._records if not one.until}

    def tick(self, now: Now) -> bool:
        """Notice a wake-up and windows that ended; True when all is to be looked at again."""
        slept_s = now.boot_s - now.awake_s
        if self._slept_s is not None and slept_s - self._slept_s > SLEPT_S:
            self._woken_s = now.awake_s
        self._slept_s = slept_s
        before, local = self._open, now.wall.astimezone() if self.windows else now.wall
        self._open = {window.name for window in self.windows if window.covers(local)}
        woken = self._woken_s is not None and now.awake_s - self._woken_s >= RESUME_GRACE_S
        if woken:
            self._woken_s = None
        return woken or bool(before - self._open)

    def reason(self, rule: Rule, now: Now, down: Collection[str] = ()) -> str:
        """Return why this rule opens nothing now, in words; empty when it may.

        ``down`` are the rules it depends on that find something wrong.
        """
        if down:
            return f"{', '.join(sorted(down))} finds something wrong, and explains it"
        if self._open:
            window = in_maintenance(self.windows, now.wall.astimezone(), rule.name)
            if window is not None:
                return f"maintenance window {window.name}"
        if self._woken_s is not None:
            return "the computer has just woken up"
        return ""

    def note(self, key: Key, reason: str, now: Now) -> bool:
        """Record what is held back (``reason``) or no longer is; tell whether that is news."""
        held = self._held.get(key)
        if reason and held is None:
            self._held[key] = record = Held(*key, reason, now.label())
            self._records = [*self._records, record][-MOST_RECORDS:]
            return True
        if held is not None and not reason:
            del self._held[key]
            ended = held._replace(until=now.label())
            self._records = [ended if one == held else one for one in self._records]
            return True
        return False

    @property
    def records(self) -> Sequence[Held]:
        """What is held back, and what was lately, the latest last."""
        return self._records

    def to_text(self) -> str:
        """Return the record as the JSON text that is stored."""
        return json.dumps([one._asdict() for one in self._records])


def _records(stored: str | None) -> list[Held]:
    try:
        trees: Any = json.loads(stored or "[]")
        return [Held(**{name: str(tree[name]) for name in Held._fields}) for tree in trees]
    except (ValueError, TypeError, KeyError):
        return []
