"""``replay``, and the hints that ``validate`` takes from history: rules against the stored past."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from agent import identity
from agent.check_api import Check
from agent.clock import Now
from agent.device import here
from agent.device_file import DeviceFile, beside
from agent.errors import Problem, StateError
from agent.facts import known_kind
from agent.history import DAY_S
from agent.past import Past
from agent.replay import Replayed, daily, replay
from agent.rules.loader import load
from agent.rules.model import RuleSet
from agent.settings import os_word
from agent.store.recorded import recorded

HINT_DAYS = 30.0


def replay_past(
    state_dir: Path, rules_file: Path, checks: Mapping[str, Check], days: float, now: Now
) -> tuple[list[Replayed], Past]:
    """Return what the rules in a file would have told of this device's last ``days``.

    Raises ConfigError for rules with mistakes, StateError when there is no history.
    """
    return _replayed(state_dir, load(rules_file, checks), checks, days, now)


def hints(
    state_dir: Path, rules: RuleSet, checks: Mapping[str, Check], now: Now
) -> Sequence[Problem]:
    """Return the hints about rules that this device's history gives; raises StateError."""
    return daily(_replayed(state_dir, rules, checks, HINT_DAYS, now)[0])


def _replayed(
    state_dir: Path, rules: RuleSet, checks: Mapping[str, Check], days: float, now: Now
) -> tuple[list[Replayed], Past]:
    past = Past(recorded(state_dir), now.wall.timestamp())
    if not past.count:
        raise StateError(f"the history in {state_dir} holds nothing yet: let the agent run a while")
    DeviceFile(beside(rules.source_path))
    mine = rules.for_device(_kind(state_dir), os_word(), has=here().has)
    return replay(mine, checks, past, past.until_s - days * DAY_S), past


def _kind(state_dir: Path) -> str:
    told = identity.load(state_dir).kind if identity.exists(state_dir) else None
    return known_kind(told)
