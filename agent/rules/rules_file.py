"""The rules file of a running agent: read again when it changes, never worse than before."""

from collections.abc import Callable, Mapping
from pathlib import Path

from agent.check_api import Check
from agent.clock import Now
from agent.errors import ConfigError, Problem
from agent.rules.borrow import borrowed
from agent.rules.model import Only, RuleSet

_Mark = tuple[int, int, int, int]


class RulesFile:
    """The rules in force, and what is wrong with the file since.

    ``rules`` are those of the last good reading, at ``loaded_at`` (the device's wall clock,
    RFC 3339). ``problems`` are the lines to show when the file has changed for the worse:
    the old rules then stay in force.
    """

    def __init__(
        self,
        path: Path,
        checks: Mapping[str, Check],
        now: Now,
        wanted: Callable[[Only], bool] = lambda _: True,
    ) -> None:
        """Read the file for the first time; raises ConfigError, for there is nothing to keep.

        Rules that are not ``wanted`` are left out, and their checks are not loaded.
        """
        self.path = path
        self._wanted = wanted
        self.problems: tuple[str, ...] = ()
        self._checks = checks
        self._mark = _mark(path)
        self.rules = _trusted(path, checks, wanted)
        self.loaded_at = now.label()

    def reread(self, now: Now) -> bool:
        """Read the file again if it has changed; tell whether other rules are in force now.

        Costs one ``stat`` when nothing changed, so it may be asked every turn.
        """
        mark = _mark(self.path)
        if mark == self._mark:
            return False
        self._mark = mark
        try:
            self.rules = _trusted(self.path, self._checks, self._wanted)
        except ConfigError as error:
            kept = f"the rules loaded at {self.loaded_at} stay in force"
            self.problems = (*error.lines(), kept)
            return False
        self.problems = ()
        self.loaded_at = now.label()
        return True


def distrust(path: Path) -> str | None:
    """Return why someone else than an administrator could change the file, or None.

    Rules decide what runs on this device with the agent's rights, so whoever may write them has
    these rights. Judged are the file and its folder, as ``host.writers`` does. Raises OSError.
    """
    from agent.host import writers  # noqa: PLC0415 - only when a file has changed

    real = path.resolve()
    real.stat()  # Windows' access lists do not tell that it is not there
    return writers.weakness(real) or writers.weakness(real.parent)


def _trusted(path: Path, checks: Mapping[str, Check], wanted: Callable[[Only], bool]) -> RuleSet:
    try:
        reason = distrust(path)
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror}"
    if reason:
        raise ConfigError(path, [Problem(1, 1, reason)])
    with borrowed("agent.rules"):
        return _load(path, checks, wanted)


def _load(path: Path, checks: Mapping[str, Check], wanted: Callable[[Only], bool]) -> RuleSet:
    """Load in a frame of its own, which keeps nothing of what is borrowed (0.9 MB, measured)."""
    from agent.rules.loader import load  # noqa: PLC0415 - borrowed

    return load(path, checks, wanted)


def _mark(path: Path) -> _Mark | None:
    """Return what changes when the file does; None while there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
