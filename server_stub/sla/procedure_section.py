"""The section ``procedure`` of a policy file: the duties beside the clocks."""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from agent.protocol.words import Status
from server_stub.sla.document import Document, Node, is_word
from server_stub.sla.procedure import (
    Breach,
    ClockName,
    ContactRule,
    Procedure,
    ShareWarning,
    Stage,
)

_KNOWN = (
    *("acknowledge", "auto_close_after", "reopen_within", "contact", "first_line_guide"),
    *("first_contact", "survey", "escalation_role", "tell_escalation", "sign_off"),
    *("temporary_fix", "checklist", "final_update", "delayed", "warnings", "breach"),
)
WAYS = ("phone", "email", "sms", "visit")
_MOST = 100
_CLOCKS = tuple(clock.value for clock in ClockName)


class Around(NamedTuple):
    """What duties may refer to: names of calendars, levels by word, stages."""

    calendars: tuple[str, ...]
    levels: Mapping[str, str]
    stages: Mapping[str, Stage]


def read_procedure(document: Document, node: Node | None, around: Around) -> Procedure:
    """Return the duties; what is left out is as without the section."""
    usual = Procedure()
    if node is None:
        return usual
    parts = document.members(node, _KNOWN)
    first = _word(document, parts.get("first_contact"), tuple(around.levels))
    fix = _word(document, parts.get("temporary_fix"), ("resolves", "does_not_resolve"))
    warnings = document.items(parts["warnings"]) if "warnings" in parts else []
    return Procedure(
        acknowledge=document.switch(parts.get("acknowledge")),
        auto_close_after=_time(document, parts.get("auto_close_after"), usual.auto_close_after),
        reopen_within=_time(document, parts.get("reopen_within"), usual.reopen_within),
        contact=_contact(document, parts.get("contact")),
        first_line_guide=_time(document, parts.get("first_line_guide"), None),
        first_contact=around.levels.get(first, ""),
        survey=document.switch(parts.get("survey")),
        escalation_role=_text(document, parts.get("escalation_role")),
        tell_escalation=document.switch(parts.get("tell_escalation")),
        sign_off=_word(document, parts.get("sign_off"), tuple(around.stages)),
        temporary_resolves=fix != "does_not_resolve",
        checklist=document.words(parts.get("checklist")),
        final_update=document.switch(parts.get("final_update")),
        delayed=_word(document, parts.get("delayed"), _waiting(around.stages)),
        warnings=tuple(w for item in warnings if (w := _warning(document, item, around))),
        breach=_breach(document, parts.get("breach"), around),
    )


def _waiting(stages: Mapping[str, Stage]) -> tuple[str, ...]:
    return tuple(name for name, stage in stages.items() if stage.status is Status.WAITING)


def _text(document: Document, node: Node | None) -> str:
    return "" if node is None else document.text(node) or ""


def _word(document: Document, node: Node | None, known: tuple[str, ...]) -> str:
    return "" if node is None else document.word(node, known) or ""


def _time(document: Document, node: Node | None, usual: timedelta | None) -> timedelta | None:
    """Return plain time: a day has 24 hours; ``never`` is None."""
    if node is None:
        return usual
    if is_word(node, "never"):
        return None
    length = document.length(node)
    return length.rest + timedelta(days=length.days) if length else usual


def _contact(document: Document, node: Node | None) -> ContactRule | None:
    if node is None:
        return None
    usual = ContactRule()
    parts = document.members(node, _CONTACT)
    numbers = {
        name: document.number(parts[name], 1, _MOST) or getattr(usual, name)
        for name in ("attempts", "methods", "days")
        if name in parts
    }
    items = document.items(parts["ways"]) if "ways" in parts else []
    ways = tuple(word for item in items if (word := document.word(item, WAYS))) or usual.ways
    rule = ContactRule(**numbers, ways=ways)
    if rule.methods > min(rule.attempts, len(rule.ways)):
        document.problem(node, f"{rule.methods} methods need as many attempts and ways")
    return rule


_CONTACT = ("attempts", "methods", "days", "ways")


def _warning(document: Document, node: Node, around: Around) -> ShareWarning | None:
    parts = document.members(node, ("at", "tell", "clocks", "hours"), ("at", "tell"))
    if "at" not in parts or "tell" not in parts:
        return None
    share = document.number(parts["at"], 1, _MOST)
    if share is None:
        return None
    return ShareWarning(
        share,
        document.words(parts["tell"]),
        _clocks(document, parts.get("clocks")),
        _word(document, parts.get("hours"), around.calendars),
    )


def _breach(document: Document, node: Node | None, around: Around) -> Breach | None:
    if node is None:
        return None
    parts = document.members(node, ("tell", "clocks", "escalate", "hours"))
    return Breach(
        document.words(parts.get("tell")),
        _clocks(document, parts.get("clocks")),
        document.switch(parts.get("escalate")),
        _word(document, parts.get("hours"), around.calendars),
    )


def _clocks(document: Document, node: Node | None) -> tuple[str, ...]:
    """Return names of clocks; all of them when none is named."""
    items = document.items(node) if node is not None else []
    return tuple(w for item in items if (w := document.word(item, _CLOCKS))) or _CLOCKS
