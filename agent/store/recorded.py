"""Reading all of history.db at once, for a person's command; the agent may run meanwhile."""

import sqlite3
from contextlib import closing
from pathlib import Path

from agent.errors import StateError
from agent.store.history_file import NAME, SeriesKey

_LATEST_S = 2.5e11
"""The year 9892: what is later is damage, and no date."""
_ALL = """
SELECT check_name, target, metric, at_s, value FROM samples JOIN series ON series.id = series
ORDER BY samples.id
"""

Samples = dict[SeriesKey, list[tuple[float, float]]]
"""Time (Unix seconds) and value, by series."""


def recorded(state_dir: Path) -> Samples:
    """Return all samples by series, in the order of their making; the file is only read.

    Raises StateError when there is none yet, or when it cannot be read.
    """
    path = state_dir / NAME
    found: Samples = {}
    try:
        if not path.exists():
            raise StateError(
                f"there is no {path}: the agent begins it with its first looks; another state "
                "folder is named with --state"
            )
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=5)) as db:
            db.text_factory = lambda raw: raw.decode(errors="replace")
            for *key, at_s, value in db.execute(_ALL):
                if _is_sound(at_s, value):
                    found.setdefault(SeriesKey(*map(str, key)), []).append((at_s, value))
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:  # a garbled name in an error
        raise StateError(
            f"{path} cannot be read ({error}); nothing was changed. A running agent mends it, or "
            "begins it anew"
        ) from error
    return found


def _is_sound(at_s: object, value: object) -> bool:
    """Tell whether both are numbers, and the first a date; a damaged file may hold anything."""
    return isinstance(at_s, float) and 0 <= at_s < _LATEST_S and isinstance(value, float)
