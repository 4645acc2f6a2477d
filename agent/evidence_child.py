"""The child's side of ``evidence_parts``: answers one question as JSON, then leaves.

Run by ``child_start`` with ``QUESTION [TARGET]``: ``memory`` and ``processor`` for
the processes that take the most, ``bytes`` and ``entries`` for a volume's largest folders,
``installed`` for what was installed lately.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from agent import clock
from agent.host import folders, installed, volumes
from agent.host.installed import LATELY_S, Installed
from agent.protocol.evidence import MAX_LINE
from agent.protocol.human import human
from agent.protocol.strict import text_of
from agent.protocol.words import Unit
from agent.redact import redact
from agent.wording import storable

if TYPE_CHECKING:
    from agent.host.top_processes import Process

MOST_PROCESSES = 5
_MOST_NAMES = 6
_ONE_GO_S = 1800.0


def answer(question: str, target: str = "") -> list[dict[str, object]]:
    """Return titles and lines; raises ValueError for another question, OSError."""
    now_s = clock.now().wall.timestamp()
    if question == "memory":
        title, lines = "Processes that take the most memory", _top_by_memory(now_s)
    elif question == "processor":
        title, lines = "Processes that take the most processor time", _top_by_processor(now_s)
    elif question == "bytes":
        title, lines = "Largest folders", _folders(target, by_entries=False)
    elif question == "entries":
        title, lines = "Folders with the most files", _folders(target, by_entries=True)
    elif question == "installed":
        title, lines = "What changed", in_words(installed.since(now_s - LATELY_S), now_s)
    else:
        raise ValueError(question)
    told = [storable(redact(line), MAX_LINE) for line in lines]
    return [{"title": title, "lines": told}] if told else []


def _top_by_memory(now_s: float) -> Iterator[str]:
    from agent.host import top_processes  # noqa: PLC0415 - the other questions do without psutil

    for one in top_processes.top("memory", MOST_PROCESSES):
        yield f"{one.name} ({one.pid}): {human(one.bytes, Unit.BYTES)}{_whose(one, now_s)}"


def _top_by_processor(now_s: float) -> Iterator[str]:
    from agent.host import top_processes  # noqa: PLC0415 - the same

    for one in top_processes.top("processor", MOST_PROCESSES):
        used = f"{human(one.share, Unit.SHARE)} of a processor"
        yield f"{one.name} ({one.pid}): {used}{_whose(one, now_s)}"


def _whose(one: "Process", now_s: float) -> str:
    since = human(max(0.0, now_s - one.began_s), Unit.SECONDS)
    return f", user {one.user}, for {since}" if one.user else f", for {since}"


def _folders(target: str, *, by_entries: bool) -> Iterator[str]:
    """Yield folders and what they hold; what was not looked at makes it a lower bound."""
    paths = [volume.path for volume in volumes.read()[1] if volume.target == target]
    for path in paths[:1]:
        for one in folders.largest(path, by_entries=by_entries):
            more = "at least " if one.cut else ""
            held = f"{one.entries} files and folders" if by_entries else ""
            yield f"{more}{held or human(one.bytes, Unit.BYTES)} in {one.path}"


def in_words(found: Iterable[Installed], now_s: float) -> Iterator[str]:
    """Yield what was installed in one go as one line, the latest first."""
    goes: list[list[Installed]] = []
    for one in found:
        if goes and goes[-1][-1].at_s - one.at_s < _ONE_GO_S:
            goes[-1].append(one)
        else:
            goes.append([one])
    for go in goes:
        names = ", ".join(one.name for one in go[:_MOST_NAMES])
        more = f" and {len(go) - _MOST_NAMES} more" if len(go) > _MOST_NAMES else ""
        ago = human(max(0.0, now_s - go[0].at_s), Unit.SECONDS)
        yield f"installed or updated {ago} before: {names}{more}"


def main(arguments: Sequence[str]) -> int:
    """Print the answer; a question that cannot be answered ends with an error."""
    line = text_of(answer(*arguments[:2]))
    sys.stdout.buffer.write(line.encode() + b"\n")
    return 0
