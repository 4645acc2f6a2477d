"""Reads an SLA policy from YAML: every problem at once, each with its line and column.

A policy file is read again for ever (each version is kept with the tickets that relied on it),
so a rule that ``load`` enforces may never become stricter; what is merely unwise is told by
``check.contradictions``.
"""

from datetime import date
from hashlib import sha256
from pathlib import Path

from agent.protocol.words import Source
from server_stub.sla.calendar_section import read_calendars
from server_stub.sla.desk_section import read_desk
from server_stub.sla.document import Document, DocumentError, Node, Problem, place
from server_stub.sla.level_section import LevelTable, read_matrix, read_reasons, read_types
from server_stub.sla.monitor_section import read_monitors
from server_stub.sla.procedure_section import Around, read_procedure
from server_stub.sla.stage_section import read_stages
from server_stub.sla.stated_section import read_goals, read_stated
from server_stub.sla.target_section import Named, TargetTable, read_switches
from server_stub.sla.terms import USUAL_TYPES, ClockName, Policy, StoppedBy
from server_stub.sla.working_hours import ROUND_THE_CLOCK

__all__ = ["DEFAULT", "SHIPPED", "Policy", "PolicyError", "load"]

SHIPPED = Path(__file__).with_name("policies")
"""The policies we ship: the one of a new installation, and written procedures as files."""
DEFAULT = SHIPPED / "default.yaml"

_HEAD = ("version", "title", "approved_by", "release_date", "next_review")
_BODY = ("calendars", "statuses", "targets")
_MAY = (
    *("clocks", "types", "matrix", "levels", "reasons", "reason_required", "procedure"),
    *("channels", "goals", "stated", "ours", "desk", "monitors"),
)


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
    parts = document.members(document.root, (*_HEAD, *_BODY, *_MAY), (*_HEAD, *_BODY))
    if any(name not in parts for name in (*_HEAD, *_BODY)):
        return None
    if document.word(parts["version"], ("1",)) is None:
        return None
    released, review = (document.day(parts[name]) for name in ("release_date", "next_review"))
    if released and review and review <= released:
        document.problem(parts["next_review"], "the next review is not after the release date")
    calendars = read_calendars(document, parts["calendars"])
    switches = read_switches(document, parts.get("clocks"))
    types = read_types(document, parts.get("types"))
    level_table = LevelTable(document, parts.get("levels"))
    words = tuple({**types, **USUAL_TYPES}) if "types" in parts else ()
    table = TargetTable(document, Named(calendars, switches, words, level_table.numbers))
    reasons, required = read_reasons(document, parts.get("reasons"), parts.get("reason_required"))
    stages = read_stages(document, parts["statuses"], reasons)
    takes = {
        word: table.when(level["takes"])
        for word, level in level_table.parts.items()
        if "takes" in level
    }
    around = Around(tuple(calendars), level_table.numbers, stages)
    return Policy(
        title=document.text(parts["title"]) or "",
        approved_by=document.text(parts["approved_by"]) or "",
        release_date=released or date.min,
        next_review=review or date.min,
        calendars=calendars,
        stages=stages,
        types=types,
        matrix=read_matrix(document, parts.get("matrix")),
        levels=level_table.read(calendars, reasons, takes),
        reasons=reasons,
        reason_required=required,
        procedure=read_procedure(document, parts.get("procedure"), around),
        channels=_channels(document, parts.get("channels"), tuple(calendars)),
        stopped_by=StoppedBy(switches[ClockName.RESPONSE]),
        resolved_counts=switches[ClockName.RESOLUTION] == "counts",
        rows=table.read(parts["targets"]),
        goals=read_goals(document, parts.get("goals"), table),
        stated=read_stated(document, parts.get("stated"), table),
        ours=document.words(parts.get("ours")),
        places={name: place(value) for name, value in parts.items()},
        desk=read_desk(document, parts.get("desk"), calendars),
        monitors=read_monitors(document, parts.get("monitors"), types),
        text=text,
        hash=sha256(text.encode()).hexdigest(),
    )


def _channels(document: Document, node: Node | None, calendars: tuple[str, ...]) -> dict[str, str]:
    """Return the hours of each way to reach the desk, by the name of a calendar."""
    found = document.members(node, tuple(Source)) if node is not None else {}
    known = (*calendars, ROUND_THE_CLOCK.name)
    words = {channel: document.word(value, known) for channel, value in found.items()}
    return {channel: word for channel, word in words.items() if word}
