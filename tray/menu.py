"""What the tray shows, as a pure function of what the agent knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Mood(StrEnum):
    """What the icon tells at a glance, by shape and colour."""

    WELL = "well"
    KNOWN = "known"
    NOT_CONNECTED = "not connected"


@dataclass(frozen=True, slots=True)
class Menu:
    """The icon's mood, its tooltip and the lines below it."""

    mood: Mood
    tooltip: str
    lines: tuple[str, ...]


def menu(status: Mapping[str, Any] | None) -> Menu:
    """Return the menu for the agent's ``status``; None when the agent does not answer."""
    if status is None:
        text = "The watchdesk agent does not answer"
        return Menu(Mood.NOT_CONNECTED, text, (text,))
    found = [check for check in status["checks"] if check["evaluation"] in {"warning", "critical"}]
    if not found:
        return Menu(
            Mood.WELL, "All is well with this computer", ("All is well with this computer",)
        )
    return Menu(Mood.KNOWN, _count(found), tuple(_line(check) for check in found))


def _count(found: Sequence[Mapping[str, Any]]) -> str:
    return "1 problem is known" if len(found) == 1 else f"{len(found)} problems are known"


def _line(check: Mapping[str, Any]) -> str:
    summary = f": {check['summary']}" if check.get("summary") else ""
    return f"{check['target']} ({check['check']}) is {check['evaluation']}{summary}"
