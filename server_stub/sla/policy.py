"""Reads an SLA policy from YAML: every problem at once, each with its line and column.

A policy file is read again for ever (each version is kept with the tickets that relied on it),
so a rule that ``load`` enforces may never become stricter; what is merely unwise is told by
``check.contradictions``.
"""

from datetime import date
from hashlib import sha256
from pathlib import Path

from agent.protocol.words import Status
from server_stub.sla.calendar_section import read_calendars
from server_stub.sla.desk_section import read_desk
from server_stub.sla.document import Document, DocumentError, Node, Problem, is_word
from server_stub.sla.monitor_section import read_monitors
from server_stub.sla.target_section import TargetTable
from server_stub.sla.terms import ClockName, Mode, Policy, StoppedBy, stages_of

__all__ = ["DEFAULT", "Policy", "PolicyError", "load"]

DEFAULT = Path(__file__).with_name("policies") / "default.yaml"
"""The policy we ship."""

_HEAD = ("version", "title", "approved_by", "release_date", "next_review")
_BODY = ("calendars", "statuses", "targets")


class PolicyError(DocumentError):
    """A policy file has mistakes; all of them are told at once."""


def load(source: Path | str, name: str = "policy") -> Policy:
    """Return the policy in a file (a Path) or a text (a str, called ``name`` in problems).

    Raises PolicyError with every problem and its place.
    """
    text = _read(source) if isinstance(source, Path) else source
    document = Document(text)
    policy = _policy(document, text) if document.root is not None else None
    if policy is None or document.problems:
        raise PolicyError(source if isinstance(source, Path) else name, document.problems)
    return policy


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        problem = Problem(1, 1, f"cannot be read: {error.strerror}")
        raise PolicyError(path, [problem]) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        column = error.start - error.object.rfind(b"\n", 0, error.start)
        raise PolicyError(path, [Problem(line, column, "not UTF-8 text")]) from error


def _policy(document: Document, text: str) -> Policy | None:
    """Return the policy, as far as it can be understood; what cannot is a problem."""
    assert document.root is not None  # noqa: S101 - the caller looked
    known = (*_HEAD, "clocks", "desk", "monitors", *_BODY)
    parts = document.members(document.root, known, (*_HEAD, *_BODY))
    if any(name not in parts for name in (*_HEAD, *_BODY)):
        return None
    if document.word(parts["version"], ("1",)) is None:
        return None
    released, review = (document.day(parts[name]) for name in ("release_date", "next_review"))
    if released and review and review <= released:
        document.problem(parts["next_review"], "the next review is not after the release date")
    stopped_by = _stopped_by(document, parts.get("clocks"))
    calendars = read_calendars(document, parts["calendars"])
    return Policy(
        title=document.text(parts["title"]) or "",
        approved_by=document.text(parts["approved_by"]) or "",
        release_date=released or date.min,
        next_review=review or date.min,
        calendars=calendars,
        stages=stages_of(_statuses(document, parts["statuses"])),
        stopped_by=stopped_by,
        rows=TargetTable(document, calendars, stopped_by).read(parts["targets"]),
        desk=read_desk(document, parts.get("desk"), calendars),
        monitors=read_monitors(document, parts.get("monitors")),
        text=text,
        hash=sha256(text.encode()).hexdigest(),
    )


def _stopped_by(document: Document, node: Node | None) -> StoppedBy:
    if node is not None:
        response = document.members(node, (ClockName.RESPONSE,)).get(ClockName.RESPONSE)
        if response is not None:
            switch = document.members(response, ("stopped_by",), ("stopped_by",)).get("stopped_by")
            word = document.word(switch, tuple(StoppedBy)) if switch is not None else None
            return StoppedBy(word) if word else StoppedBy.PERSON
    return StoppedBy.PERSON


def _statuses(document: Document, node: Node) -> dict[str, dict[str, Mode]]:
    """Return what each status does to each clock; one word stands for all clocks."""
    modes: dict[str, dict[str, Mode]] = {}
    for status, value in document.members(node, tuple(Status), tuple(Status)).items():
        if is_word(value):
            word = document.word(value, tuple(Mode))
            modes[status] = dict.fromkeys(map(str, ClockName), Mode(word or Mode.RUNNING))
        else:
            needed = (ClockName.RESPONSE, ClockName.RESOLUTION)
            found = document.members(value, tuple(ClockName), needed)
            words = {clock: document.word(mode, tuple(Mode)) for clock, mode in found.items()}
            modes[status] = {clock: Mode(word) for clock, word in words.items() if word}
            for clock in (ClockName.REVIEW, ClockName.PROGRESS, ClockName.DWELL):
                if ClockName.RESOLUTION in modes[status]:
                    modes[status].setdefault(clock, modes[status][ClockName.RESOLUTION])
        if status == Status.NEW and any(
            mode is not Mode.RUNNING for mode in modes[status].values()
        ):
            document.problem(value, "the clocks of a new ticket run: nothing else would start them")
    return modes
