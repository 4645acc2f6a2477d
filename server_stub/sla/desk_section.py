"""The section ``desk`` of a policy file: what trays tell of the desk, and what they ask."""

import re
from collections.abc import Mapping
from itertools import pairwise

from agent.protocol.words import Priority, ReportKind, Urgency
from server_stub.sla.document import Document, Node, place
from server_stub.sla.terms import PRIORITIES, Desk, Question, Tray
from server_stub.sla.working_hours import WorkingHours

MOST_QUESTIONS = 10
"""Of one kind of problem; a form that asks more is not filled in."""
MOST_CHOICES = 20
LONGEST = 200
"""Characters of each text."""
_KEY = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_TEXTS = ("provider", "phone", "email", "urgent")
_SWITCH = {"yes": True, "true": True, "no": False, "false": False}


def read_desk(document: Document, node: Node | None, calendars: Mapping[str, WorkingHours]) -> Desk:
    """Return what the section says; without one, what holds when nothing is said."""
    only = next(iter(calendars)) if len(calendars) == 1 else ""
    if node is None:
        return Desk(calendar=only)
    known = (*_TEXTS, "calendar", "tray", "quit", "shared_accounts", "priorities", "questions")
    parts = document.members(node, known)
    texts = {name: _line(document, parts[name]) for name in _TEXTS if name in parts}
    return Desk(
        **texts,
        calendar=_word(document, parts.get("calendar"), tuple(calendars), only),
        tray=Tray(word) if (word := _word(document, parts.get("tray"), tuple(Tray))) else None,
        quit=_SWITCH[_word(document, parts.get("quit"), tuple(_SWITCH), "yes")],
        shared_accounts=_accounts(document, parts.get("shared_accounts")),
        priorities=_priorities(document, parts.get("priorities")),
        questions=_questions(document, parts.get("questions")),
    )


def _word(document: Document, node: Node | None, known: tuple[str, ...], default: str = "") -> str:
    return default if node is None else document.word(node, known) or default


def _line(document: Document, node: Node) -> str:
    """Return a text of one line; empty, with a problem, when it cannot be shown."""
    text = (document.text(node) or "").strip()
    if len(text) > LONGEST:
        document.problem(node, f"longer than {LONGEST} characters")
    elif not text.isprintable():
        document.problem(node, "one line of text belongs here")
    else:
        return text
    return ""


def _accounts(document: Document, node: Node | None) -> frozenset[str]:
    """Return names of accounts as they are compared."""
    items = document.items(node) if node is not None else []
    return frozenset(name.casefold() for item in items if (name := _line(document, item)))


def _priorities(document: Document, node: Node | None) -> Mapping[Urgency, Priority]:
    """Return the priority for each urgency; what is left out stays as it is without a policy."""
    if node is None:
        return PRIORITIES
    found = dict(PRIORITIES)
    for name, value in document.members(node, tuple(Urgency)).items():
        if word := document.word(value, tuple(Priority)):
            found[Urgency(name)] = Priority(word)
    pressing = list(Priority)
    for worse, better in pairwise(PRIORITIES):
        if pressing.index(found[worse]) > pressing.index(found[better]):
            document.problem(node, f"{worse} would be less pressing than {better}")
    return found


def _questions(document: Document, node: Node | None) -> Mapping[str, tuple[Question, ...]]:
    if node is None:
        return {}
    kinds = document.members(node, tuple(ReportKind))
    return {kind: _asked(document, value) for kind, value in kinds.items()}


def _asked(document: Document, node: Node) -> tuple[Question, ...]:
    """Return the questions of one kind of problem, in their order."""
    items = document.items(node)
    if len(items) > MOST_QUESTIONS:
        document.problem(items[MOST_QUESTIONS], f"more than {MOST_QUESTIONS} questions")
    found: dict[str, Question] = {}
    for item in items:
        parts = document.members(item, ("key", "ask", "choices"), ("key", "ask"))
        if "key" not in parts or "ask" not in parts:
            continue
        key = _line(document, parts["key"])
        if not _KEY.fullmatch(key):
            told = f"{key!r} is no key: a small letter, then small letters, digits, - and _"
            document.problem(parts["key"], told)
        elif key in found:
            document.problem(parts["key"], f"{key!r} is asked already, above")
        choices = _choices(document, parts["choices"]) if "choices" in parts else ()
        found[key] = Question(key, _line(document, parts["ask"]), choices)
    return tuple(found.values())


def _choices(document: Document, node: Node) -> tuple[str, ...]:
    items = document.items(node)
    if not 2 <= len(items) <= MOST_CHOICES:  # noqa: PLR2004 - one is no choice
        document.problem(node, f"2 to {MOST_CHOICES} choices belong here, or leave the line out")
    found: dict[str, Node] = {}
    for item in items:
        choice = _line(document, item)
        if choice in found:
            line = place(found[choice])[0]
            document.problem(item, f"{choice!r} stands there twice; first in line {line}")
        elif choice:
            found[choice] = item
    return tuple(found)
