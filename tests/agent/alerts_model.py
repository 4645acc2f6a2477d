"""How an alert should live, written as plainly as can be and apart from ``agent.alerts``.

It keeps every look of a spell in a list and measures the spell anew each time. The rules are
those that ``agent.alerts`` states in its docstring; the words in here are plain text.
"""

from typing import NamedTuple

MARK = 300
HOUR = 3600


class Numbers(NamedTuple):
    """A rule: what holds and what is clear is said by each look; these are its durations."""

    every: float
    warning: tuple[float, float] | None  # for, clear_for
    critical: tuple[float, float] | None
    unknown_after: float
    silent: bool


class Look(NamedTuple):
    """One look: when, in which boot, and what was seen of each condition.

    ``warning`` and ``critical`` are "bad", "between" or "clear"; None when unreadable.
    """

    awake: float
    boot: int
    warning: str | None
    critical: str | None
    held_back: bool = False


class Told(NamedTuple):
    """What an event says."""

    change: str
    evaluation: str
    sequence: int
    occurrences: int


class PlainAlert:
    """One alert, changed in place."""

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers
        self.raised: dict[str, bool] = {"warning": False, "critical": False}
        self.was_clear = {"warning": False, "critical": False}
        self.spell: dict[str, list[Look]] = {"warning": [], "critical": [], "unknown": []}
        self.told = "ok"
        self.sequence = 0
        self.occurrences = 0
        self.ups = 0
        self.last_up = 0.0
        self.boot = 0

    def look(self, look: Look) -> Told | None:
        if look.boot != self.boot:
            self.boot = look.boot
            self.last_up = look.awake
        if self.ups and look.awake - self.last_up >= HOUR:
            self.ups = 0
        counted = self.occurrences
        if look.warning is None:
            for spell in self.spell.values():
                if spell:
                    spell.append(look)
            self.spell["unknown"] = self.spell["unknown"] or [look]
        else:
            self.spell["unknown"] = []
            self._judge(look)
        return self._tell(look, milestone=self.occurrences > counted)

    def _judge(self, look: Look) -> None:
        flapping = self.ups >= 5
        risen = {
            "warning": self._judge_one("warning", look.warning, look, flapping=flapping),
            "critical": self._judge_one("critical", look.critical, look, flapping=flapping),
        }
        if "risen" in risen["critical"] and self.numbers.warning and not self.raised["warning"]:
            self.raised["warning"] = True
            self.was_clear["warning"] = False
            self.spell["warning"] = []
        if any(risen.values()):
            self.ups += 1
            self.last_up = look.awake
        if any("again" in words for words in risen.values()):
            self.occurrences += 1

    def _judge_one(self, name: str, seen: str | None, look: Look, *, flapping: bool) -> str:
        limits = self.numbers.warning if name == "warning" else self.numbers.critical
        if limits is None:
            return ""
        again = "again" if self.was_clear[name] else ""
        if not self.raised[name]:
            self.spell[name] = [*self.spell[name], look] if seen == "bad" else []
            if not self._lasted(name, limits[0]) or look.held_back:
                return ""
            self.raised[name] = True
            self.was_clear[name] = False
            self.spell[name] = []
            return f"risen {again}"
        if seen == "bad":
            self.spell[name] = []
            self.was_clear[name] = False
            return again
        self.spell[name] = [*self.spell[name], look] if seen == "clear" else []
        self.was_clear[name] = self.was_clear[name] or seen == "clear"
        if self._lasted(name, limits[1]) and not flapping:
            self.raised[name] = False
            self.spell[name] = []
        return ""

    def _lasted(self, name: str, enough: float) -> bool:
        """Measure a spell from its looks; what follows the last mark is lost at a reboot."""
        longest_gap = MARK + 2 * self.numbers.every
        total, mark = 0.0, None
        for look in self.spell[name]:
            if mark is not None and mark.boot != look.boot:
                mark = None
            gap = 0.0 if mark is None else min(look.awake - mark.awake, longest_gap)
            if total + gap >= enough:
                return True
            if look.warning is None and name != "unknown":
                total, mark = total + gap, None
            elif mark is None or look.awake - mark.awake >= MARK:
                total, mark = total + gap, look
        return False

    def _tell(self, look: Look, *, milestone: bool) -> Told | None:
        standing = next((n for n in ("critical", "warning") if self.raised[n]), "ok")
        if self.numbers.silent:
            standing = "ok"
        elif self.spell["unknown"]:
            blind = self._lasted("unknown", self.numbers.unknown_after)
            if self.told == "unknown" or (blind and not look.held_back):
                standing = "unknown"
            else:
                standing = self.told
        if standing == self.told:
            if self.told == "ok" or not milestone or self.occurrences not in {10, 100, 1000}:
                return None
            change = "changed"
        elif self.told == "ok":
            change, self.sequence, self.occurrences = "opened", 0, 1
        else:
            change = "resolved" if standing == "ok" else "changed"
        self.told = standing
        self.sequence += 1
        told = Told(change, standing, self.sequence, self.occurrences)
        if change == "resolved":
            self.occurrences = 0
            self.was_clear = {"warning": False, "critical": False}
        return told
