"""Working time by hand: the cases people argue about, and the two nights a year."""

from datetime import UTC, date, datetime, timedelta

import pytest

from server_stub.sla.calendar import Calendar, EndlessError, end_of_date
from server_stub.sla.working_hours import ROUND_THE_CLOCK, Segments, WorkingHours
from server_stub.sla.zones import ZoneError, zone_of

NINE_TO_FIVE: Segments = ((540, 1020),)
ALL_DAY: Segments = ((0, 1440),)
HOUR = timedelta(hours=1)


def calendar(
    *segments: tuple[int, int],
    zone: str = "UTC",
    days: int = 5,
    off: dict[date, str] | None = None,
    holidays: tuple[tuple[str, str], ...] = (),
) -> Calendar:
    week = (segments or NINE_TO_FIVE,) * days + ((),) * (7 - days)
    return Calendar(WorkingHours("office", week, zone, holidays, off or {}), zone_of(zone))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


FRIDAY_1545 = at("2026-01-09T15:45Z")


@pytest.mark.parametrize(
    ("working", "due"),
    [
        (timedelta(minutes=30), "2026-01-12T08:15Z"),
        (4 * HOUR, "2026-01-12T11:45Z"),
        (2 * 8 * HOUR, "2026-01-13T15:45Z"),
    ],
)
def test_004_a_p2_raised_friday_15_45_is_due_monday_0815_monday_1145_and_tuesday_1545(
    working: timedelta, due: str
) -> None:
    assert calendar((480, 960), zone="GMT").add(FRIDAY_1545, working) == at(due)


def test_what_is_due_at_closing_time_is_due_there_and_not_next_morning() -> None:
    friday = calendar().add(at("2026-01-09T15:00Z"), 2 * HOUR)
    assert friday == at("2026-01-09T17:00Z")
    assert calendar().add(friday, timedelta(seconds=1)) == at("2026-01-12T09:00:01Z")


def test_nothing_to_work_is_done_at_once_also_at_night() -> None:
    night = at("2026-01-10T03:00Z")
    assert calendar().add(night, timedelta()) == night


def test_time_before_opening_does_not_count() -> None:
    assert calendar().add(at("2026-01-12T03:00Z"), HOUR) == at("2026-01-12T10:00Z")
    assert calendar().between(at("2026-01-12T03:00Z"), at("2026-01-12T09:00Z")) == timedelta()


def test_a_lunch_break_does_not_count() -> None:
    office = calendar((540, 720), (780, 1020))
    assert office.add(at("2026-01-12T11:30Z"), HOUR) == at("2026-01-12T13:30Z")
    assert office.add(at("2026-01-12T11:30Z"), HOUR / 2) == at("2026-01-12T12:00Z")


def test_time_from_later_to_earlier_is_negative() -> None:
    assert calendar().between(at("2026-01-12T12:00Z"), at("2026-01-09T16:00Z")) == -4 * HOUR


def test_working_time_cannot_be_taken_back() -> None:
    with pytest.raises(ValueError, match="cannot be taken back"):
        calendar().add(FRIDAY_1545, -HOUR)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        calendar().add(datetime(2026, 1, 9, 15, 45), HOUR)  # noqa: DTZ001 - the mistake


def test_other_zones_instants_are_the_same_instants() -> None:
    there = FRIDAY_1545.astimezone(zone_of("Asia/Tokyo"))
    due = calendar().add(there, HOUR)
    assert due == at("2026-01-09T16:45Z")
    assert due.tzinfo is UTC


def test_working_time_that_never_comes_is_an_error_and_not_a_wait() -> None:
    one_minute = WorkingHours("rare", (((0, 1),), *((),) * 6), "UTC")
    with pytest.raises(EndlessError, match="rare is not reached within 30 years"):
        Calendar(one_minute, UTC).add(FRIDAY_1545, 100 * HOUR)


def test_days_off_and_public_holidays_do_not_count() -> None:
    office = calendar(
        zone="Europe/London",
        off={date(2026, 12, 24): "Christmas Eve"},
        holidays=(("GB", "ENG"),),
    )
    start = at("2026-12-23T16:00Z")
    # Thursday off, Friday Christmas, Monday Boxing Day (substitute).
    assert office.add(start, 2 * HOUR) == at("2026-12-29T10:00Z")
    closed = office.why_closed(at("2026-12-23T17:00Z"), at("2026-12-29T09:00Z"))
    assert closed == "Christmas Eve, Christmas Day, weekend, Boxing Day (observed)"


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [
        ("2026-01-12T17:00Z", "2026-01-13T09:00Z", "outside working hours"),
        ("2026-01-09T17:00Z", "2026-01-12T09:00Z", "weekend"),
        ("2026-01-12T05:00Z", "2026-01-12T09:00Z", "outside working hours"),
    ],
)
def test_a_closed_hour_tells_why(start: str, end: str, why: str) -> None:
    assert calendar().why_closed(at(start), at(end)) == why


def test_a_weekday_without_hours_is_named() -> None:
    week = (NINE_TO_FIVE, NINE_TO_FIVE, (), NINE_TO_FIVE, NINE_TO_FIVE, (), ())
    part_time = Calendar(WorkingHours("part-time", week), UTC)
    closed = part_time.why_closed(at("2026-01-13T17:00Z"), at("2026-01-15T09:00Z"))
    assert closed == "closed on Wednesdays"


def test_the_hour_that_the_wall_skips_is_not_worked() -> None:
    """Europe/Berlin, 29 March 2026: 02:00 is followed by 03:00."""
    night = calendar((0, 240), zone="Europe/Berlin", days=7)
    assert night.between(at("2026-03-28T20:00Z"), at("2026-03-29T20:00Z")) == 3 * HOUR
    assert night.add(at("2026-03-29T00:30Z"), HOUR) == at("2026-03-29T01:30Z")


def test_hours_that_lie_in_the_skipped_hour_alone_are_not_worked_that_day() -> None:
    half_hour = calendar((120, 150), zone="Europe/Berlin", days=7)
    assert half_hour.add(at("2026-03-28T12:00Z"), timedelta(minutes=1)) == at(
        "2026-03-30T02:01+02:00"
    )


def test_the_hour_that_the_wall_shows_twice_is_worked_twice() -> None:
    """Europe/Berlin, 25 October 2026: 03:00 is followed by 02:00."""
    night = calendar((0, 240), zone="Europe/Berlin", days=7)
    assert night.between(at("2026-10-24T20:00Z"), at("2026-10-25T20:00Z")) == 5 * HOUR
    shown_twice = calendar((120, 150), zone="Europe/Berlin", days=7)
    assert shown_twice.segments(at("2026-10-24T20:00Z"), at("2026-10-25T20:00Z")) == [
        (at("2026-10-25T02:00+02:00"), at("2026-10-25T02:30+02:00")),
        (at("2026-10-25T02:00+01:00"), at("2026-10-25T02:30+01:00")),
    ]


def test_round_the_clock_is_plain_time_in_every_zone_and_year() -> None:
    clock = Calendar(ROUND_THE_CLOCK, zone_of("America/New_York"))
    for start in ("2026-03-08T03:00Z", "2026-11-01T03:00Z", "2026-12-31T20:00Z"):
        assert clock.add(at(start), 30 * HOUR) == at(start) + 30 * HOUR
    segments = clock.segments(at("2025-06-01T00:00Z"), at("2028-06-01T00:00Z"))
    assert segments == [(at("2025-06-01T00:00Z"), at("2028-06-01T00:00Z"))]


def test_the_turn_that_comes_a_minute_after_midnight_gives_yesterday_an_hour_more() -> None:
    """St John's, 7 November 2010: at 00:01 the wall goes back to 23:01 of the day before."""
    week = ((), (), (), (), (), ALL_DAY, ())
    saturday = Calendar(WorkingHours("saturday", week), zone_of("America/St_Johns"))
    assert saturday.segments(at("2010-11-06T00:00Z"), at("2010-11-09T00:00Z")) == [
        (at("2010-11-06T00:00-02:30"), at("2010-11-07T00:00-02:30")),
        (at("2010-11-06T23:01-03:30"), at("2010-11-07T00:00-03:30")),
    ]


def test_the_day_that_samoa_left_out_has_no_working_time() -> None:
    """Pacific/Apia has no 30 December 2011."""
    samoa = calendar(zone="Pacific/Apia", days=7)
    assert samoa.between(at("2011-12-29T00:00-10:00"), at("2012-01-01T00:00+14:00")) == 16 * HOUR


def test_segments_are_cut_at_both_ends() -> None:
    cut = calendar().segments(at("2026-01-09T16:30Z"), at("2026-01-12T09:10Z"))
    assert cut == [
        (at("2026-01-09T16:30Z"), at("2026-01-09T17:00Z")),
        (at("2026-01-12T09:00Z"), at("2026-01-12T09:10Z")),
    ]
    assert calendar().segments(at("2026-01-10T00:00Z"), at("2026-01-11T00:00Z")) == []
    assert calendar().segments(at("2026-01-09T17:00Z"), at("2026-01-12T09:00Z")) == []


def test_opening_time_is_told_at_night_and_is_now_by_day() -> None:
    office = calendar()
    assert office.opens_at(at("2026-01-09T17:00Z")) == at("2026-01-12T09:00Z")
    assert office.opens_at(at("2026-01-12T09:00Z")) == at("2026-01-12T09:00Z")
    assert not office.is_working(at("2026-01-09T17:00Z"))
    assert office.is_working(at("2026-01-12T09:00Z"))


def test_a_day_has_a_length_only_when_all_days_have_the_same() -> None:
    assert calendar((540, 720), (780, 1020)).hours.day_length == 7 * HOUR
    uneven = WorkingHours("uneven", (NINE_TO_FIVE, ((540, 720),), *((),) * 5))
    assert uneven.day_length is None


@pytest.mark.parametrize(
    ("text", "offset"),
    [("+01:00", 60), ("UTC-03:30", -210), ("GMT", 0), ("UTC", 0), ("+1400", 840)],
)
def test_fixed_offsets_are_zones(text: str, offset: int) -> None:
    assert zone_of(text).utcoffset(datetime(2026, 7, 1)) == timedelta(minutes=offset)  # noqa: DTZ001 - a wall time


@pytest.mark.parametrize(
    "text",
    ["", "Mars/Olympus", "localtime", "../../etc/passwd", "/etc/localtime", "Europe", "+15:00",
     "+01:75", "right/UTC", "posix/Europe/London", "Europe/London ", "UTC+1", "\0",
     "Europe/Löndon"],
)  # fmt: skip
def test_what_is_no_zone_is_refused_with_a_word_how_to_write_one(text: str) -> None:
    with pytest.raises(ZoneError, match="write an IANA name such as Europe/London"):
        zone_of(text)


def test_the_end_of_a_business_day_is_the_next_one_when_work_is_over() -> None:
    office = calendar((540, 720), (780, 1020))
    friday = datetime(2026, 1, 9, tzinfo=UTC)
    assert office.end_of_day(friday + timedelta(hours=10)) == friday + timedelta(hours=17)
    monday = friday + timedelta(days=3, hours=17)
    assert office.end_of_day(friday + timedelta(hours=17)) == monday
    assert office.end_of_day(friday + timedelta(hours=10), 1) == monday
    assert office.end_of_day(friday + timedelta(days=1), 1) == monday + timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "at", "over"),
    [
        ("Europe/London", "2026-03-29T12:00+00:00", "2026-03-29T23:00+00:00"),
        ("Europe/London", "2026-10-25T12:00+00:00", "2026-10-26T00:00+00:00"),
        ("America/St_Johns", "2010-11-06T12:00+00:00", "2010-11-07T03:30+00:00"),
        ("Atlantic/Azores", "2026-10-24T12:00+00:00", "2026-10-25T00:00+00:00"),
        ("America/Santiago", "2026-09-05T12:00+00:00", "2026-09-06T04:00+00:00"),
        ("Pacific/Apia", "2011-12-29T20:00+00:00", "2011-12-30T10:00+00:00"),
    ],
)
def test_a_date_is_over_when_no_wall_shows_it_any_more(zone: str, at: str, over: str) -> None:
    """St John's went back at one minute past midnight, Azores goes back to midnight itself."""
    found = end_of_date(datetime.fromisoformat(at), zone_of(zone))
    assert found == datetime.fromisoformat(over)
