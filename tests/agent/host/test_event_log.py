"""Events of Windows' log as its service gives them, what they mean, and each counted once.

The XML is transcribed from real events: names, members and layout are Windows' own.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from agent.errors import UnsupportedCheckError
from agent.host import event_log_windows
from agent.host.event_log import (
    KINDS,
    MOST_EVENTS,
    Event,
    count,
    disk_number,
    drive_letter,
    fold,
    kinds_of,
    last_crash,
    parse,
    stop_code,
)

DISK = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
    "<Provider Name='disk'/><EventID Qualifiers='49156'>7</EventID><Version>0</Version>"
    "<Level>2</Level><Task>0</Task><Opcode>0</Opcode><Keywords>0x80000000000000</Keywords>"
    "<TimeCreated SystemTime='2026-03-01T08:09:10.1234567Z'/><EventRecordID>48211</EventRecordID>"
    "<Correlation/><Execution ProcessID='4' ThreadID='372'/><Channel>System</Channel>"
    "<Computer>PC-7</Computer><Security/></System><EventData><Data>\\Device\\Harddisk1\\DR1</Data>"
    "<Binary>030080000100000000000000070004C0</Binary></EventData></Event>"
)
POWER = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
    "<Provider Name='Microsoft-Windows-Kernel-Power'/>"
    "<EventID>41</EventID><Version>8</Version><Level>1</Level><Task>63</Task><Opcode>0</Opcode>"
    "<Keywords>0x8000400000000002</Keywords><TimeCreated SystemTime='2026-03-01T08:00:00.5Z'/>"
    "<EventRecordID>48200</EventRecordID><Correlation/><Execution ProcessID='4' ThreadID='8'/>"
    "<Channel>System</Channel><Computer>PC-7</Computer><Security UserID='S-1-5-18'/></System>"
    "<EventData><Data Name='BugcheckCode'>{code}</Data><Data Name='BugcheckParameter1'>0x0</Data>"
    "<Data Name='SleepInProgress'>0</Data><Data Name='PowerButtonTimestamp'>0</Data></EventData>"
    "</Event>"
)
NTFS = DISK.replace("Name='disk'", "Name='Ntfs'").replace(">7<", ">55<").replace(
    "<Data>\\Device\\Harddisk1\\DR1</Data>", "<Data Name='DriveName'>E:</Data><Data Name='A'/>"
)  # fmt: skip
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(
    provider: str, number: int, level: int = 2, minutes: float = 0, record: int = 1, **texts: str
) -> Event:
    return Event(record, provider, number, level, NOON + timedelta(minutes=minutes), texts)


def test_an_event_is_read_from_its_xml() -> None:
    found = parse(DISK)
    assert found == Event(
        record=48211,
        provider="disk",
        id=7,
        level=2,
        at=datetime(2026, 3, 1, 8, 9, 10, tzinfo=UTC),
        texts={"0": "\\Device\\Harddisk1\\DR1"},
    )
    assert disk_number(found) == 1
    assert drive_letter(found) is None
    assert parse(NTFS).texts == {"DriveName": "E:", "A": ""}
    assert drive_letter(parse(NTFS)) == "E:"


@pytest.mark.parametrize("xml", ["", "<Event/>", DISK.replace("48211", "x"), DISK[:300]])
def test_what_is_no_event_is_a_value_error(xml: str) -> None:
    with pytest.raises(ValueError, match="an event of the log has no"):
        parse(xml)


@pytest.mark.parametrize(
    ("seen", "kinds"),
    [
        (parse(DISK), {"disk-bad-block"}),
        (parse(NTFS), {"filesystem-corrupt"}),
        (event("Microsoft-Windows-WHEA-Logger", 18, level=1), {"whea"}),
        (event("Microsoft-Windows-WER-SystemErrorReporting", 1001), {"blue-screen"}),
        (event("EventLog", 6008), {"unexpected-shutdown"}),
        (parse(POWER.format(code=159)), {"unexpected-shutdown", "blue-screen"}),
        # Quiet: power cut or button without a crash; corrected errors; retries; others' numbers.
        (parse(POWER.format(code=0)), {"unexpected-shutdown"}),
        (event("Microsoft-Windows-WHEA-Logger", 17, level=3), set()),
        (event("disk", 51, level=3), set()),
        (event("disk", 153, level=3), set()),
        (event("Ntfs", 98, level=4), set()),
        (event("Application Error", 1001), set()),
        (event("EventLog", 6006, level=4), set()),
        (event("Microsoft-Windows-Kernel-Power", 42, level=4), set()),
    ],
)
def test_events_mean_what_they_mean(seen: Event, kinds: set[str]) -> None:
    assert kinds_of(seen) == kinds


def test_one_unexpected_restart_is_counted_once_however_often_it_is_told() -> None:
    memory: dict[str, str] = {}
    told = [
        event("Microsoft-Windows-Kernel-Power", 41, 1, 0, BugcheckCode="159"),
        event("EventLog", 6008, minutes=0.5),
        event("Microsoft-Windows-WER-SystemErrorReporting", 1001, minutes=2),
    ]
    fold(memory, told)
    assert (memory["unexpected-shutdown"], memory["blue-screen"]) == ("1", "1")
    fold(memory, [event("EventLog", 6008, minutes=6), event("EventLog", 6008, minutes=30)])
    assert (memory["unexpected-shutdown"], memory["blue-screen"]) == ("3", "1")


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (parse(POWER.format(code=159)), "0x0000009f"),
        (parse(POWER.format(code="0x9f")), "0x9f"),
        (
            event(
                "Microsoft-Windows-WER-SystemErrorReporting",
                1001,
                param1="0x0000000A (0xffffb001, 0x00000002, 0x00000000, 0xfffff807)",
                param2=r"C:\Windows\MEMORY.DMP",
            ),
            "0x0000000a",
        ),
        (event("BugCheck", 1001), ""),
        (parse(POWER.format(code=0)), ""),
        (event("EventLog", 6008, code="0x0000009f"), ""),
    ],
)
def test_a_crash_is_told_by_its_code(seen: Event, code: str) -> None:
    assert stop_code(seen) == code


def test_the_last_crash_is_told_in_words() -> None:
    memory: dict[str, str] = {}
    fold(memory, [event("EventLog", 6008)])
    assert last_crash(memory) == ""
    fold(memory, [event("BugCheck", 1001)])
    assert last_crash(memory) == "the last one on 2026-03-01 12:00 UTC"
    fold(memory, [event("Microsoft-Windows-Kernel-Power", 41, 1, 60, BugcheckCode="159")])
    assert last_crash(memory) == "the last one on 2026-03-01 13:00 UTC: stop code 0x0000009f"
    fold(memory, [event("BugCheck", 1001, minutes=120)])
    assert last_crash(memory) == "the last one on 2026-03-01 14:00 UTC", "not the code of another"


def test_every_bad_block_counts() -> None:
    memory: dict[str, str] = {}
    fold(memory, [event("disk", 7, minutes=0.01 * n) for n in range(4)])
    assert memory == {"disk-bad-block": "4"}


class Log:
    """A log as its service gives it; asked for what is behind a record."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.events = list(events)
        self.asked: list[int] = []

    def newest(self) -> int:
        return self.events[-1].record if self.events else 0

    def after(self, record: int) -> list[Event]:
        self.asked.append(record)
        return [one for one in self.events if one.record > record][:MOST_EVENTS]


def counted(memory: dict[str, str], log: Log, *, noise: bool = False) -> int:
    found = count(memory, log.newest, log.after, lambda _event: noise)
    assert set(found) == set(KINDS)
    return found["disk-bad-block"]


def test_each_event_is_counted_once_from_the_first_look_on() -> None:
    log = Log([event("disk", 7, record=5)])
    memory: dict[str, str] = {}
    assert counted(memory, log) == 0, "what was before the first look is history"
    log.events += [event("disk", 7, record=6), event("disk", 7, record=9)]
    assert counted(memory, log) == 2
    assert counted(memory, log) == 2
    assert log.asked == [5], "nothing new: nothing asked"


def test_an_empty_log_is_counted_from_its_first_event_on() -> None:
    log, memory = Log(), dict[str, str]()
    assert counted(memory, log) == 0
    log.events.append(event("disk", 7, record=1))
    assert counted(memory, log) == 1


def test_a_log_that_was_cleared_is_read_from_its_beginning() -> None:
    log, memory = Log([event("disk", 7, record=500)]), {"record": "500", "disk-bad-block": "3"}
    log.events = [event("disk", 7, record=2)]
    assert counted(memory, log) == 4
    assert counted(memory, log) == 4


def test_a_flood_is_counted_over_several_looks() -> None:
    log = Log(event("disk", 7, record=n) for n in range(1, MOST_EVENTS + 51))
    memory = {"record": "0"}
    assert counted(memory, log) == MOST_EVENTS
    assert counted(memory, log) == MOST_EVENTS + 50


def test_what_a_stick_tells_is_noise() -> None:
    log, memory = Log([event("disk", 7, record=3)]), {"record": "1"}
    assert counted(memory, log, noise=True) == 0
    assert memory["record"] == "3"


def test_elsewhere_there_is_no_event_log() -> None:
    with pytest.raises(UnsupportedCheckError, match="only Windows"):
        event_log_windows.counts({})
