"""Windows: what the events of the log mean, the System log's above all, each counted once. Pure.

``event_log_windows`` reads them.
"""

import re
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from datetime import datetime, timedelta
from typing import NamedTuple

KINDS = (
    "disk-bad-block",
    "filesystem-corrupt",
    "whea",
    "blue-screen",
    "unexpected-shutdown",
)

ONE_INCIDENT = timedelta(minutes=5)
"""A restart that was not meant is told twice or thrice (6008, 41, 1001), moments apart."""

MOST_EVENTS = 1000  # of a look; what is left comes with the next

_POWER, _WHEA = "Microsoft-Windows-Kernel-Power", "Microsoft-Windows-WHEA-Logger"
_SOURCES = {
    ("disk", 7): "disk-bad-block",
    ("Ntfs", 55): "filesystem-corrupt",
    ("Microsoft-Windows-Ntfs", 55): "filesystem-corrupt",
    ("BugCheck", 1001): "blue-screen",
    ("Microsoft-Windows-WER-SystemErrorReporting", 1001): "blue-screen",
    ("EventLog", 6008): "unexpected-shutdown",
    (_POWER, 41): "unexpected-shutdown",
}
_ERROR = 2  # levels: 1 critical, 2 error; WHEA tells of corrected errors as warnings, by thousands
WANTED = " or ".join(
    [f"(Provider[@Name='{name}'] and EventID={number})" for name, number in _SOURCES]
    + [f"(Provider[@Name='{_WHEA}'] and (Level=1 or Level={_ERROR}))"]
)


class Event(NamedTuple):
    """One event: its number in the log, who logged what when, how grave, and its texts."""

    record: int
    provider: str
    id: int
    level: int
    at: datetime
    texts: dict[str, str]


def parse(xml: str) -> Event:
    """Return the event that ``EvtRender`` gave as XML; raises ValueError when it is none.

    Texts without a name are called by their place, from ``0``.
    """
    system, _, rest = xml.partition("</System>")
    found = {name: pattern.search(system) for name, pattern in _SYSTEM.items()}
    missing = [name for name, match in found.items() if match is None]
    if missing:
        raise ValueError(f"an event of the log has no {missing[0]}")
    told = {name: match[1] for name, match in found.items() if match}
    data = enumerate(_DATA.finditer(rest))
    return Event(
        record=int(told["EventRecordID"]),
        provider=_plain(told["Provider"]),
        id=int(told["EventID"]),
        level=int(told["Level"]),
        at=datetime.fromisoformat(told["TimeCreated"][:19] + "+00:00"),
        texts={one["name"] or str(at): _plain(one["text"] or "") for at, one in data},
    )


_SYSTEM = {
    "Provider": re.compile(r"<Provider\b[^>]*?\bName=['\"]([^'\"]*)"),
    "EventID": re.compile(r"<EventID\b[^>]*>(\d{1,10})<"),
    "Level": re.compile(r"<Level>(\d{1,3})<"),
    "TimeCreated": re.compile(
        r"<TimeCreated\b[^>]*SystemTime=['\"](\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)"
    ),
    "EventRecordID": re.compile(r"<EventRecordID>(\d{1,19})<"),
}
_DATA = re.compile(r"<Data(?: Name=['\"](?P<name>[^'\"]*)['\"])?(?:/>|>(?P<text>[^<]*)<)")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}


def _plain(text: str) -> str:
    for entity, letter in _ENTITIES.items():
        text = text.replace(entity, letter)
    return text


def kind(event: Event) -> str | None:
    """Return what an event means, one of ``KINDS``; None when it means nothing of ours."""
    if event.provider == _WHEA:
        return "whea" if event.level in {1, _ERROR} else None
    return _SOURCES.get((event.provider, event.id))


def blue_screen(event: Event) -> bool:
    """Tell whether the event is of a crash of the system, by its report or after the restart.

    A restart by the power button, or for want of power, has no code (Kernel-Power 41).
    """
    if event.provider == _POWER:
        return event.texts.get("BugcheckCode", "0") not in {"0", "0x0", ""}
    return kind(event) == "blue-screen"


def disk_number(event: Event) -> int | None:
    r"""Return the number of the drive an event is about (``\Device\Harddisk1\DR1``)."""
    found = (re.match(r"\\Device\\Harddisk(\d{1,4})\\", text) for text in event.texts.values())
    return next((int(one[1]) for one in found if one), None)


def drive_letter(event: Event) -> str | None:
    """Return the drive an event is about (``E:``); None when it does not tell."""
    letters = (text for text in event.texts.values() if re.fullmatch(r"[A-Za-z]:\\?", text))
    return next((text[:2].upper() for text in letters), None)


def kinds_of(event: Event) -> set[str]:
    """Return all that an event counts as; a restart after a crash is both."""
    found = {kind(event) or ""} | ({"blue-screen"} if blue_screen(event) else set())
    return found - {""}


def fold(memory: MutableMapping[str, str], events: Iterable[Event]) -> None:
    """Count events, in the log's order, into a memory; what one incident tells twice counts once.

    The memory's ``KIND`` is how many there were, ``KIND at`` when the last counted one was,
    ``stop code`` what the last crash was.
    """
    for event in events:
        for each in kinds_of(event):
            if each in _TOLD_TWICE:
                before = memory.get(f"{each} at")
                if before and abs(event.at - datetime.fromisoformat(before)) < ONE_INCIDENT:
                    continue
                memory[f"{each} at"] = event.at.isoformat()
                if each == "blue-screen":
                    memory.pop("stop code", None)
            memory[each] = str(int(memory.get(each, "0")) + 1)
        code = stop_code(event)
        if code:
            memory["stop code"] = code


_TOLD_TWICE = frozenset(("blue-screen", "unexpected-shutdown"))


def stop_code(event: Event) -> str:
    """Return why the system crashed (``0x0000009f``); empty when the event does not tell."""
    if not blue_screen(event):
        return ""
    if event.provider == _POWER:
        code = event.texts["BugcheckCode"]
        return f"0x{int(code):08x}" if code.isdecimal() else code
    found = (_STOP_CODE.match(text) for text in event.texts.values())
    return next((one[0].lower() for one in found if one), "")


_STOP_CODE = re.compile(r"0x[0-9a-fA-F]{1,8}\b")


def last_crash(memory: Mapping[str, str]) -> str:
    """Return in words when the last crash that was counted was, and its code."""
    at = memory.get("blue-screen at")
    if at is None:
        return ""
    when = datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M UTC")
    code = memory.get("stop code")
    return f"the last one on {when}: stop code {code}" if code else f"the last one on {when}"


def count(
    memory: MutableMapping[str, str],
    newest: Callable[[], int],
    after: Callable[[int], Iterable[Event]],
    is_noise: Callable[[Event], bool],
) -> dict[str, int]:
    """Return how many events of each kind there were since the first look, by ``memory``.

    ``newest`` tells the newest record's number (0: the log is empty), ``after`` the events behind
    a record. A log that was cleared begins again at 1.
    """
    last = newest()
    cursor = int(memory.get("record", last))
    if cursor > last:
        cursor = 0
    if cursor < last:
        found = list(after(cursor))
        fold(memory, (event for event in found if not is_noise(event)))
        last = found[-1].record if len(found) >= MOST_EVENTS else max(last, cursor)
    memory["record"] = str(last)
    return {each: int(memory.get(each, "0")) for each in KINDS}
