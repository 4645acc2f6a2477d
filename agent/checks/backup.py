"""Backups that the device's own file names: is the newest file there, in time and whole?"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from agent import clock, device
from agent.check_api import Check, CheckError, Measured, Metric, TargetFilter, Unit, Unreadable
from agent.device import Backup
from agent.host import abandonable
from agent.targets import missing

File = tuple[float, int]
"""When a file was last changed (Unix seconds), and its size in bytes."""

_DEADLINE_S = 10.0
_SETTLED_S = 600.0  # a younger file may still be written
_LOOK_BACK = timedelta(days=30)
_NIGHT = timedelta(hours=12)
_DAY = timedelta(days=1)
_MOST_RUNS = 1_000


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield the newest file's age and size of each backup; without ``include`` of all."""
    mine = device.here()
    chosen = {name: one for name, one in mine.backups.items() if targets.wants(name)}
    for name in missing(targets, mine.backups):
        yield Unreadable(name, f"{mine.source} has no backup of this name")
    questions = {name: f"{one.folder}\n{one.pattern}" for name, one in chosen.items()}
    answers = dict(abandonable.ask("newest", sorted(set(questions.values())), _DEADLINE_S))
    now = clock.now().wall.timestamp()
    for name, backup in chosen.items():
        answer = answers[questions[name]]
        if isinstance(answer, CheckError):
            yield Unreadable(name, f"{backup.folder}: {answer.reason}")
        else:
            newest = answer.partition("\t")[2]
            about = f"{newest} in {backup.folder}" if newest else f"nothing in {backup.folder}"
            yield Measured(name, values(backup, files(answer), now), about)


def files(answer: str) -> list[File]:
    """Return what ``probe_child.newest`` told, the newest first."""
    words = answer.partition("\t")[0].split()
    return [(float(at), int(size)) for at, size in zip(words[::2], words[1::2], strict=True)]


def values(
    backup: Backup,
    found: Sequence[File],
    now: float,
    local: Callable[[float], datetime] = clock.local,
) -> dict[str, float | int | str]:
    """Return a backup's metrics; of one without any file only how many runs it missed.

    ``now`` is in Unix seconds; ``local`` gives the computer's wall clock: days are its days.
    """
    earliest = now - _LOOK_BACK.total_seconds()
    ended = [local(min(at, now)) for at, _ in found if at >= earliest]
    told: dict[str, float | int | str] = {"missed_runs": missed(backup, ended, local(now))}
    if not found:
        return told
    changed_at, size = found[0]
    told |= {"newest_age": max(0.0, now - changed_at), "newest_bytes": size}
    drop = size_drop([file for file in found if now - file[0] > _SETTLED_S])
    return told if drop is None else told | {"size_drop_percent": drop}


def missed(backup: Backup, ended: Sequence[datetime], now: datetime) -> int:
    """Return how many runs were due since the last and left nothing, on the backup's days.

    ``ended``: when runs ended, the latest first, by the wall clock, as ``now``. A run is due
    ``every`` after the one before it: a daily one at the same time of day whatever daylight saving
    does. Its day is the one on which it would begin. Nobody tells when that is, and a run that ends
    in the night may have begun on the day before: what the earlier runs leave possible decides,
    and a run counts when by each possibility it was due on one of the backup's days.
    """
    every = timedelta(seconds=backup.every_s)
    at_once, night, day = timedelta(0), min(_NIGHT, every / 2), min(_DAY, every)
    takes = [
        one
        for one in (at_once, night)
        if all((end - one).weekday() in backup.days for end in ended)
    ]
    due = max([*ended[:1], now - _LOOK_BACK]) + every
    count = 0
    while due <= now and count < _MOST_RUNS:
        count += all((due - one).weekday() in backup.days for one in takes or (at_once, night, day))
        due += every
    return count


def size_drop(found: Sequence[File]) -> float | None:
    """Return by how many percent the newest is smaller than is usual; None without others.

    Usual is the median of those before it: one full backup among increments is not.
    """
    if len(found) < 2:  # noqa: PLR2004 - the newest and one to compare it with
        return None
    sizes = sorted(size for _, size in found[1:])
    usual = sizes[len(sizes) // 2]
    return 100.0 * max(0.0, 1 - found[0][1] / usual) if usual else None


CHECK = Check(
    name="backup",
    meaning="backups: the newest file's age and size, and runs that left none",
    metrics=(
        Metric("newest_age", Unit.SECONDS, "time since the newest file was last changed"),
        Metric("newest_bytes", Unit.BYTES, "size of the newest file"),
        Metric("missed_runs", Unit.COUNT, "runs that were due since then and left no file"),
        Metric("size_drop_percent", Unit.SHARE, "by how much the newest is smaller than is usual"),
    ),
    probe=probe,
    aside=True,
    deadline_s=30.0,
)
