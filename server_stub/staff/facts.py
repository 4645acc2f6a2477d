"""System details in groups, as a technician reads them.

A device writes its facts freely within the wire's limits, and newer agents will know more than
this version does, so the shape is read as it comes: what is known is put first and named
well, what is not known is shown all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from agent.protocol.words import Unit
from server_stub.staff.readings import in_words
from server_stub.staff.times import from_label

MAX_ROWS = 64
"""Most lines or table rows shown of one group; a server with more volumes has its own page."""
_MAX_COLUMNS = 4

Value = str | datetime


@dataclass(frozen=True, slots=True)
class FactGroup:
    """One group: named values, or a table when the device lists several of a thing."""

    name: str
    rows: tuple[tuple[str, Value], ...] = ()
    columns: tuple[str, ...] = ()
    table: tuple[tuple[Value, ...], ...] = ()
    left_out: int = 0


_NAMES = {
    "os": "operating system",
    "user": "signed-in user",
    "boot_at": "started",
    "cpu": "processor",
    "arch": "architecture",
    "ipv4": "IPv4",
    "ipv6": "IPv6",
    "mac": "MAC",
    "dns": "DNS",
    "uuid": "UUID",
    "bios": "BIOS",
    "fstype": "file system",
}
_UNITS = {
    "_bytes": Unit.BYTES,
    "_percent": Unit.SHARE,
    "_s": Unit.SECONDS,
    "_celsius": Unit.CELSIUS,
}
_LEADING = ("name", "target", "path", "label")
"""What tells things of a list apart: its column comes first, and it heads a thing's own group."""
_ORDER = ("computer", "serial", "model", "user", "boot_at", "os", "memory", "volumes", "network")


def groups(facts: object) -> list[FactGroup]:
    """Return the groups of a device's facts: ``Computer`` with all single values, then the rest.

    Things with few details make a table, things with many a group each (``Network: eth0``).
    """
    if not isinstance(facts, Mapping):
        return []
    known = [name for name in _ORDER if name in facts]
    names = [*known, *sorted(str(name) for name in facts if name not in _ORDER)]
    single = {n: facts[n] for n in names if not isinstance(facts[n], (Mapping, list))}
    computer = facts.get("computer")
    if isinstance(computer, Mapping):
        names.remove("computer")
        single = {**computer, **single}
    found = _pairs("Computer", single)
    for name in names:
        if name not in single:
            found += _groups(name, facts[name])
    return [group for group in found if group.rows or group.table]


def _groups(name: str, member: object) -> list[FactGroup]:
    title = _label(name)[:1].upper() + _label(name)[1:]
    if isinstance(member, Mapping):
        items = [value for value in member.values() if isinstance(value, Mapping)]
        if items and len(items) == len(member):  # {"eth0": {…}, "eth1": {…}}
            return _several(title, [{"name": key, **member[key]} for key in member])
        return _pairs(title, member)
    if isinstance(member, list):
        items = [item for item in member if isinstance(item, Mapping)]
        if items:
            return _several(title, items)
        return [FactGroup(title, ((title, _text(member, "")),))] if member else []
    return [FactGroup(title, ((title, _value(name, member)),))]


def _pairs(title: str, members: Mapping[str, object]) -> list[FactGroup]:
    return [FactGroup(title, _rows(members), left_out=max(0, len(members) - MAX_ROWS))]


def _several(title: str, items: list[Mapping[str, object]]) -> list[FactGroup]:
    items = [_leading_first(item) for item in items]
    columns = list(dict.fromkeys(str(key) for item in items for key in item))
    left_out = max(0, len(items) - MAX_ROWS)
    if len(columns) > _MAX_COLUMNS:
        each = [
            FactGroup(f"{title}: {_text(next(iter(item.values()), ''), '')}", _rows(item))
            for item in items[:MAX_ROWS]
        ]
        return [*each[:-1], replace(each[-1], left_out=left_out)]
    table = tuple(
        tuple(_value(column, item.get(column, "")) for column in columns)
        for item in items[:MAX_ROWS]
    )
    labels = tuple(_label(column) for column in columns)
    return [FactGroup(title, columns=labels, table=table, left_out=left_out)]


def _leading_first(item: Mapping[str, object]) -> Mapping[str, object]:
    first = {key: item[key] for key in _LEADING if key in item}
    return {**first, **item}


def _rows(members: Mapping[str, object]) -> tuple[tuple[str, Value], ...]:
    shown = list(members.items())[:MAX_ROWS]
    return tuple(
        (_label(str(key)), _value(str(key), value))
        for key, value in shown
        if value not in (None, "", [], {})
    )


def _label(key: str) -> str:
    if key in _NAMES:
        return _NAMES[key]
    for suffix in _UNITS:
        if key.endswith(suffix) and len(key) > len(suffix):
            key = key.removesuffix(suffix)
    return _NAMES.get(key, key.replace("_", " "))


def _value(key: str, value: object) -> Value:
    instant = from_label(value) if key.endswith("_at") else None
    return instant if instant is not None else _text(value, key)


def _text(value: object, key: str) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{_label(str(k))} {_text(v, str(k))}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(_text(item, key) for item in value[:MAX_ROWS])
    unit = next((unit for suffix, unit in _UNITS.items() if key.endswith(suffix)), None)
    return in_words(value, unit) if unit else str(value)
