"""Events of Windows' log as lines, each counted once. The XML is transcribed from real events."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from agent.host import events_child
from agent.host.events_child import channel, counted, line
from tests.agent.host.test_event_log import DISK

SERVICE = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider "
    "Name='Service Control Manager' Guid='{555908d1-a6d7-4695-8e1e-26931d2012f4}' "
    "EventSourceName='Service Control Manager'/><EventID Qualifiers='49152'>7031</EventID>"
    "<Version>0</Version><Level>2</Level><Task>0</Task><Opcode>0</Opcode>"
    "<Keywords>0x8080000000000000</Keywords>"
    "<TimeCreated SystemTime='2026-03-01T08:09:10.1234567Z'/><EventRecordID>7</EventRecordID>"
    "<Correlation/><Execution ProcessID='600' ThreadID='372'/><Channel>System</Channel>"
    "<Computer>PC-7</Computer><Security/></System><EventData>"
    "<Data Name='param1'>Print Spooler</Data><Data Name='param2'>3</Data>"
    "<Data Name='param3'>60000</Data><Binary>530070006F006F006C00650072000000</Binary>"
    "</EventData></Event>"
)
OF_ITS_OWN = (
    SERVICE.partition("<EventData>")[0].replace("<Level>2<", "<Level>4<")
    + "<UserData><LogFileCleared xmlns='http://manifests.microsoft.com/win/2004/08/windows/eventlog'>"
    "<SubjectUserName>anna</SubjectUserName><Channel>System</Channel></LogFileCleared></UserData>"
    "</Event>"
)


def test_an_event_is_one_line() -> None:
    told = "error Service Control Manager 7031: param1=Print Spooler; param2=3; param3=60000"
    assert line(SERVICE) == (7, told)
    assert line(DISK) == (48211, "error disk 7: \\Device\\Harddisk1\\DR1")
    own = line(OF_ITS_OWN)[1]
    assert own == "information Service Control Manager 7031: anna; System"


class Log:
    """A channel with these records, and what was asked of it."""

    def __init__(self, *records: int) -> None:
        self.records = list(records)

    def look(self, cursor: str, match: Iterable[str] = (), ignore: Iterable[str] = ()) -> Any:
        asked = {"cursor": cursor, "match": list(match), "ignore": list(ignore)}
        return counted(asked, lambda: max(self.records, default=0), self.after)

    def after(self, record: int) -> list[str]:
        return [
            SERVICE.replace(">7</EventRecordID>", f">{number}</EventRecordID>").replace(
                "Print Spooler", f"service {number}"
            )
            for number in self.records
            if number > record
        ]


def test_what_is_there_at_the_first_look_is_history_and_each_event_counts_once() -> None:
    log = Log(1, 2, 3)
    first = log.look("")
    assert first == {"count": 0, "cursor": "3", "last": ""}
    log.records += [4, 6]
    second = log.look(first["cursor"])
    assert (second["count"], second["cursor"]) == (2, "6")
    assert "service 6" in second["last"]
    assert log.look(second["cursor"])["count"] == 0


def test_only_what_matches_and_is_not_ignored_counts() -> None:
    log = Log(*range(1, 21))
    found = log.look(
        "0", [r"^error Service Control Manager 703[14]:.*service 1\d;"], ["service 12"]
    )
    assert (found["count"], found["cursor"]) == (9, "20")


def test_a_log_that_was_empty_or_cleared_is_read_from_its_beginning() -> None:
    assert Log().look("") == {"count": 0, "cursor": "0", "last": ""}
    assert Log(1, 2).look("0")["count"] == 2
    assert Log(1, 2).look("9000")["count"] == 2
    assert Log().look("9000") == {"count": 0, "cursor": "0", "last": ""}


def test_what_is_left_of_one_look_is_read_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_child, "MOST_EVENTS", 3)
    log = Log(*range(1, 8))
    cursor, counts = "0", []
    for _ in range(4):
        found = log.look(cursor)
        counts.append(found["count"])
        cursor = found["cursor"]
    assert counts == [3, 3, 1, 0]


def test_an_event_of_a_kind_that_is_not_known_stops_no_other() -> None:
    asked: dict[str, Any] = {"cursor": "5", "match": [], "ignore": []}
    after: Callable[[int], list[str]] = lambda _: ["<Event/>", SERVICE]  # noqa: E731 - one answer
    assert counted(asked, lambda: 9, after)["count"] == 1


def test_a_pattern_that_is_none_and_a_system_without_the_log_are_told() -> None:
    asked = {"channel": "System", "cursor": "", "match": ["("], "ignore": []}
    with pytest.raises(ValueError, match="is no regular expression"):
        channel(json.dumps(asked))
    with pytest.raises(ValueError, match="only Windows has an event log"):
        channel(json.dumps(asked | {"match": []}))
