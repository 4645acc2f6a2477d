"""Policy files: what they may say, and every mistake with its place."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from server_stub.sla import policy
from server_stub.sla.document import Problem
from server_stub.sla.policy import SHIPPED, PolicyError
from server_stub.sla.terms import Mode, StoppedBy, Target, Traits
from tests.server_stub.sla import cases

TEXT = """\
version: 1
title: Ours
approved_by: The board
release_date: 2026-01-05
next_review: 2027-01-05
calendars:
  office:
    zone: Europe/London
    hours:
      mon-thu: ["09:00-12:30", "13:30-17:00"]
      fri: 09:00-16:00
    holidays: {country: GB, region: ENG}
    days_off:
      2026-12-24: Christmas Eve
      2026-12-28 to 2026-12-31: between the years
  hotline: {zone: site, hours: always}
statuses:
  new: running
  open: running
  waiting: {response: running, resolution: paused}
  resolved: stopped
  closed: stopped
clocks: {response: {stopped_by: acknowledgement}}
targets:
  - when: {source: [monitor, tray], priority: low}
    calendar: office
    response: none
    resolution: 1d 2h 30m
  - calendar: office
    response: {within: 15m, calendar: hotline, stopped_by: touch}
    resolution: {within: 2d, calendar: clock}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        policy.load(text, "p.yaml")
    return caught.value.lines()


def changed(old: str, new: str) -> list[str]:
    assert TEXT.count(old) == 1
    return problems(TEXT.replace(old, new))


def test_a_policy_says_who_approved_it_and_until_when() -> None:
    ours = policy.load(TEXT)
    assert (ours.title, ours.approved_by) == ("Ours", "The board")
    assert (ours.release_date, ours.next_review) == (date(2026, 1, 5), date(2027, 1, 5))
    assert ours.text == TEXT
    assert ours.hash == sha256(TEXT.encode()).hexdigest()


def test_calendars_have_several_segments_zones_holidays_and_days_off() -> None:
    office = policy.load(TEXT).calendars["office"]
    assert office.week[0] == ((540, 750), (810, 1020))
    assert office.week[4:] == (((540, 960),), (), ())
    assert (office.zone, office.holidays) == ("Europe/London", (("GB", "ENG"),))
    assert office.days_off[date(2026, 12, 31)] == "between the years"
    assert len(office.days_off) == 5


def test_each_status_says_what_it_does_to_each_clock() -> None:
    stages = policy.load(TEXT).stages
    others = dict.fromkeys(("review", "resolution", "progress", "dwell"), Mode.PAUSED)
    assert stages["waiting"].modes == {"response": Mode.RUNNING, **others}
    assert set(stages["closed"].modes.values()) == {Mode.STOPPED}


def test_the_first_matching_row_counts() -> None:
    ours = policy.load(TEXT)
    first, second = ours.rows
    assert ours.row(Traits("tray", "incident", "low")) is first
    assert ours.row(Traits("phone", "incident", "low")) is second
    assert ours.row(Traits("tray", "incident", "high")) is second
    assert first.targets == {
        "resolution": Target(timedelta(hours=9, minutes=30), "office", written="1d 2h 30m")
    }
    assert second.targets["response"] == Target(
        timedelta(minutes=15), "hotline", StoppedBy.TOUCH, written="15m"
    )
    assert second.targets["resolution"].within == timedelta(hours=48)


def test_a_day_is_as_long_as_the_calendars_own() -> None:
    assert policy.load(TEXT.replace("1d 2h 30m", "2d")).rows[0].targets[
        "resolution"
    ].within == timedelta(hours=14)
    uneven = changed("fri: 09:00-16:00", "fri: 09:00-13:00")
    assert uneven == ["p.yaml:28:17: the days of office differ in length: write hours"]


def test_no_row_means_no_promise() -> None:
    ours = policy.load(
        TEXT.replace("  - calendar: office", "  - when: {source: phone}\n    calendar: office")
    )
    assert ours.row(Traits("portal", "incident", "high")) is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version: 1", "version: 2", "1:10: '2' is not one of 1"),
        ("title: Ours", "titel: Ours", "2:1: 'titel' is not known here; did you mean title?"),
        ("title: Ours", "title:", "2:7: a value is missing"),
        ("2026-01-05", "17:30", "4:15: '17:30' is no date: write year-month-day"),
        ("2026-01-05", "2026-W10-1", "4:15: '2026-W10-1' is no date"),
        ("2026-01-05", "2026-02-30", "4:15: '2026-02-30' is no date"),
        ("2027-01-05", "2025-01-05", "5:14: the next review is not after the release date"),
        ("Europe/London", "Europe/Londn", "8:11: 'Europe/Londn' is no time zone"),
        ("mon-thu:", "mon-thi:", "10:7: 'mon-thi' is no day: write mon, mon-fri or sat, sun"),
        ("mon-thu:", "thu-mon:", "10:7: 'thu-mon' is no day"),
        ("mon-thu:", "mon-fri:", "11:7: fri has its hours already"),
        ("09:00-12:30", "9-12", "10:17: '9-12' is no span of hours: write 09:00-17:00"),
        ("09:00-12:30", "09:61-12:30", "10:17: '09:61-12:30' is no span of hours"),
        ("13:30-17:00", "12:00-17:00", "10:32: '12:00-17:00' starts before the span above it"),
        ("13:30-17:00", "22:00-06:00", "hours over midnight are two spans, the second on the"),
        ("13:30-17:00", "13:30-24:01", "a day ends at 24:00"),
        ("country: GB", "country: NO", "12:37: NO has no region 'ENG'"),
        ("country: GB", "country: Norway", "12:41: no public holidays are known for"),
        ("country: GB, ", "", "12:15: 'country' is missing"),
        ("2026-12-24: ", "24.12.2026: ", "14:7: '24.12.2026' is no date"),
        ("to 2026-12-31", "to 2026-12-01", "15:7: '2026-12-28 to 2026-12-01' is no span of dates"),
        ("hotline: {", "clock: {", "16:3: 'clock' is plain time and needs no calendar"),
        ("hotline: {", "Hot Line: {", "16:3: 'Hot Line' is no name"),
        ("hours: always", "hours: {}", "16:32: the calendar 'hotline' has no working time"),
        ("new: running", "new: paused", "18:8: the clocks of a new ticket run"),
        ("open: running", "open: runing", "19:9: 'runing' is not one of running, paused, stopped"),
        ("  closed: stopped\n", "", "18:3: 'closed' is missing"),
        ("resolution: paused", "resolutoin: paused", "did you mean resolution?"),
        ("stopped_by: acknowledgement", "stopped_by: robot", "23:33: 'robot' is not one of person"),
        ("[monitor, tray]", "[moniter]", "25:21: 'moniter' is not one of monitor"),
        ("[monitor, tray]", "[]", "25:20: an empty list matches nothing: leave the line out"),
        ("priority: low", "prio: low", "did you mean priority?"),
        ("response: none", "response: nil", "27:15: 'nil' is no duration: write 30m, 4h"),
        ("    response: none\n", "", "25:5: 'response' is missing"),
        ("1d 2h 30m", "400d", "28:17: '400d' is longer than a year"),
        ("1d 2h 30m", "0m", "28:17: '0m' is no duration"),
        ("1d 2h 30m", "30", "28:17: '30' is no duration"),
        ("1d 2h 30m", "9" * 5000 + "h", "is no duration"),
        ("calendar: hotline", "calendar: hotlin", "30:39: 'hotlin' is not one of office, hotline"),
        ("{within: 2d, calendar: clock}", "{within: 2d, stopped_by: touch}", "'stopped_by' is not"),
        ("    calendar: office\n", "", "27:17: which calendar? write calendar: NAME"),
        ("title: Ours", "title: &a Ours", "2:8: & and * stand for repetition in YAML"),
        ("title: Ours", "title: *a", "2:8: & and * stand for repetition in YAML"),
        ("title: Ours", "title: !!str Ours", "2:8: ! tags are not used here"),
        ("title: Ours", "title: [Ours]", "2:8: a value belongs here, not a list"),
        ("title: Ours", "title: Ours\ntitle: Mine", "3:1: 'title' is given twice; first in line 2"),
        ("title: Ours", "title: 'Ours", "not YAML"),
        ("title: Ours", "title: a\x07b", "2:9: not YAML"),
        ("title: Ours", "title: " + "[" * 500, "nested more than"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(old: str, new: str, said: str) -> None:
    told = problems(TEXT.replace(old, new, 1))
    assert any(said in line.removeprefix("p.yaml:") for line in told), told


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = TEXT.replace("running", "runing").replace("calendar: office", "calendar: offic")
    told = problems(text.replace("09:00", "9"))
    places = [tuple(int(part) for part in line.split(":")[1:3]) for line in told]
    assert len(told) >= 7
    assert places == sorted(places)


@pytest.mark.parametrize("text", ["", "# nothing\n", "[]", "a", "- 1", "{}", "--- a\n--- b\n"])
def test_a_file_that_is_no_mapping_at_all_is_told_so(text: str) -> None:
    assert problems(text)


def test_a_file_that_cannot_be_read_is_told_so(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"version: 1\ntitle: \xff\n")
    for path, said in ((tmp_path / "absent", "No such file"), (binary, ":2:8: not UTF-8 text"),
                       (tmp_path, "cannot be read")):  # fmt: skip
        with pytest.raises(PolicyError, match=said):
            policy.load(path)


def test_an_overlong_file_is_not_parsed() -> None:
    assert problems("a" * 1_100_000) == ["p.yaml:1:1: longer than 1048576 characters"]


def test_mutilated_files_give_a_policy_or_problems_with_places_and_nothing_else() -> None:
    """A policy file is written by people: whatever they do to it, they are told where."""
    texts = (TEXT, MORE, *(path.read_text(encoding="utf-8") for path in SHIPPED.glob("*.yaml")))
    for chance in cases.seeds(300):
        text = chance.choice(texts)
        for _ in range(chance.randrange(1, 5)):
            cut, end = sorted(chance.choices(range(len(text)), k=2))
            text = chance.choice((
                text[:cut] + text[min(end, cut + 9) :],
                text[:cut] + chance.choice("-:[]{}!&*#'\"\t\n 0aé\x00%@`|>") + text[cut:],
                text[:cut] + text[cut : cut + 30] + text[cut:],
                text[:cut] + text[cut : cut + 200][::-1] + text[cut + 200 :],
            ))  # fmt: skip
        told = _problems_of(text)
        assert told is None or told
        assert all(1 <= p.line <= text.count("\n") + 2 and p.column >= 1 for p in told or ())


def _problems_of(text: str) -> Sequence[Problem] | None:
    try:
        policy.load(text)
    except PolicyError as error:
        return error.problems
    return None


MORE = (
    TEXT.replace(
        "  closed: stopped\n",
        "  closed: stopped\n  parts: {is: waiting, title: Parts, all: paused, reason: yes}\n",
    )
    + """\
types: {fault: Fault, task: {title: Task, chargeable: yes, approval: manager}}
matrix:
  urgency: {now: Now, later: Later}
  impact: {all: Everyone, one: One}
  rows: [{when: {urgency: now}, priority: high}, {priority: low}]
levels:
  first: {number: 1, title: First, calendar: office}
  second: {number: 2, title: Second, accepts_from: [first, client], takes: {type: task}}
reasons: {waiting: {ordered: Ordered}, priority: {wrong: Was wrong}}
reason_required: priority
procedure:
  contact: {attempts: 3, methods: 2, days: 3}
  sign_off: parts
  warnings: [{at: 75%, tell: assignee, clocks: [resolution], hours: office}]
  breach: {tell: dispatcher, escalate: yes}
channels: {phone: office}
goals: [{title: All, clock: resolution, share: 90, calendar: office, target: 1d}]
stated: [{statement: 7, says: So, clock: response, calendar: office, target: 2h}]
ours: [the zone]
"""
)


def test_the_procedure_around_the_clocks_is_read() -> None:
    ours = policy.load(MORE)
    assert ours.stages["parts"].status == "waiting"
    assert set(ours.stages["parts"].modes.values()) == {Mode.PAUSED}
    assert ours.types["task"].approver == "manager"
    assert ours.matrix.priority("now", "one") == "high"
    assert ours.matrix.priority("now", "nobody") is None
    assert ours.levels["2"].accepts_from == ("1", "client")
    assert ours.reason_required == {"priority"}
    assert ours.procedure.warnings[0].share_percent == 75
    assert ours.procedure.breach
    assert ours.procedure.breach.escalate
    assert ours.channels == {"phone": "office"}
    assert (ours.goals[0].share_percent, ours.stated[0].number) == (90, "7")
    assert ours.ours == ("the zone",)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("is: waiting, ", "", "'is' is missing"),
        ("is: waiting", "is: wating", "'wating' is not one of new, open"),
        ("all: paused", "all: pausd", "'pausd' is not one of running, paused, stopped"),
        ("all: paused", "response: paused", "'resolution' is missing"),
        ("reason: yes", "reason: perhaps", "'perhaps' is not one of yes"),
        ("waiting: {ordered: Ordered}, ", "", "reasons has no 'waiting'"),
        ("  parts: {", "  Parts!: {", "'Parts!' is no name"),
        ("reason: yes", "moves: [opne]", "did you mean open?"),
        ("reason: yes", "waits_for: us", "'us' is not one of client, others"),
        ("is: waiting, ", "is: open, waits_for: client, ", "only a stage that is waiting waits"),
        ("chargeable: yes", "charged: yes", "did you mean chargeable?"),
        (", {priority: low}", "", "no row is for urgency later, impact all (and 1 more)"),
        ("{urgency: now}, priority", "{urgency: soon}, priority", "'soon' is not one of now"),
        ("number: 2", "number: 1", "there is a level 1 already, above"),
        ("number: 2", "number: two", "a whole number from 1 to 9 belongs here"),
        ("[first, client]", "[frist]", "did you mean first?"),
        ("takes: {type: task}", "takes: {type: tsk}", "did you mean task?"),
        ("reason_required: priority", "reason_required: prio", "'prio' is not one of waiting"),
        ("methods: 2", "methods: 5", "5 methods need as many attempts and ways"),
        ("sign_off: parts", "sign_off: part", "did you mean parts?"),
        ("at: 75%", "at: 175%", "a whole number from 1 to 100 belongs here"),
        ("clocks: [resolution]", "clocks: [resolutin]", "did you mean resolution?"),
        ("hours: office}", "hours: offices}", "did you mean office?"),
        ("{phone: office}", "{fone: office}", "did you mean phone?"),
        ("clock: response, calendar: office", "clock: response, calendar: offic", "mean office?"),
        ("share: 90", "share: most", "a whole number from 1 to 100 belongs here"),
        ("clock: response, ", "", "a target of which clock?"),
        ("target: 2h", "target: {within: 2h, end_of_day: 0}", "one of within, end_of_day"),
        ("target: 2h", "target: {calendar_days: some}", "a whole number from 0 to 366"),
        ("target: 1d", "target: {within: 1d, aim: 2d}", "the aim is not before what is promised"),
        ("target: 1d", "target: {end_of_day: 1, aim: 1h}", "an aim belongs to a target that is"),
        ("when: {source: [monitor, tray]", "when: {during: [offic]", "did you mean office?"),
        ("when: {source: [monitor, tray]", "when: {importance: [vipp]", "did you mean vip?"),
    ],
)  # fmt: skip
def test_a_mistake_around_the_clocks_is_told_with_its_place(old: str, new: str, said: str) -> None:
    assert old in MORE
    told = problems(MORE.replace(old, new, 1))
    assert any(said in line for line in told), told
    assert all(re.match(r"p\.yaml:[0-9]+:[0-9]+: ", line) for line in told)
