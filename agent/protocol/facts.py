"""Facts item by item: as people see them before they are sent, and without what they took out.

An item's key is a path of two names at most (``computer.model``, ``volumes.C:``); a group's key
(``network``) stands for all of it. Pure.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from agent.protocol.human import human
from agent.protocol.words import Unit

_NAMES = ("target", "name")
"""What names a member of a list."""
_TITLES = {
    "os": "Operating system",
    "boot_at": "Started",
    "user": "Signed in",
    "serial": "Serial number",
    "mac": "Hardware address",
    "dns": "Name servers",
}
_ALONE = "computer"
"""The group of what stands alone."""


def without(facts: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Return the facts without the items and groups that ``keys`` name; others are kept."""
    gone = set(keys)
    left: dict[str, Any] = {}
    for name, member in facts.items():
        if name in gone or f"{_ALONE}.{name}" in gone:
            continue
        if isinstance(member, Mapping):
            left[name] = {k: v for k, v in member.items() if f"{name}.{k}" not in gone}
        elif isinstance(member, list):
            left[name] = [v for n, v in enumerate(member) if f"{name}.{_name(v, n)}" not in gone]
        else:
            left[name] = member
    return {name: member for name, member in left.items() if member not in ({}, [])}


def title(name: str) -> str:
    """Return what a member of the facts is called, in English."""
    if name in _TITLES:
        return _TITLES[name]
    words = name.removesuffix("_bytes").removesuffix("_percent").replace("_", " ")
    return words[:1].upper() + words[1:]


def groups(facts: Mapping[str, Any], title: Callable[[str], str] = title) -> list[dict[str, Any]]:
    """Return the facts as groups of items with key, title and value, in the facts' own order.

    ``title`` gives a member's name in the language of who reads it.
    """
    alone: list[dict[str, str]] = []
    found = [{"key": _ALONE, "title": title(_ALONE), "items": alone}]
    for name, member in facts.items():
        if isinstance(member, Mapping):
            items = [_item(f"{name}.{k}", title(k), k, v, title) for k, v in member.items()]
        elif isinstance(member, list):
            items = [
                _item(f"{name}.{_name(v, n)}", _name(v, n), name, _unnamed(v), title)
                for n, v in enumerate(member)
            ]
        else:
            alone.append(_item(f"{_ALONE}.{name}", title(name), name, member, title))
            continue
        if name == _ALONE:
            alone[:0] = items
        else:
            found.append({"key": name, "title": title(name), "items": items})
    return [group for group in found if group["items"]]


def _item(
    key: str, called: str, name: str, value: object, title: Callable[[str], str]
) -> dict[str, str]:
    return {"key": key, "title": called, "value": _text(name, value, title)}


def _name(member: object, number: int) -> str:
    if isinstance(member, Mapping):
        for name in _NAMES:
            if isinstance(member.get(name), str):
                return str(member[name])
    return str(number + 1)


def _unnamed(member: object) -> object:
    if not isinstance(member, Mapping):
        return member
    named = next((name for name in _NAMES if isinstance(member.get(name), str)), "")
    return {name: value for name, value in member.items() if name != named}


def _text(name: str, value: object, title: Callable[[str], str]) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{title(k).lower()} {_text(k, v, title)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(_text(name, one, title) for one in value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if name.endswith("_bytes"):
            return human(value, Unit.BYTES)
        if name.endswith("_percent"):
            return human(value, Unit.SHARE)
    return str(value)
