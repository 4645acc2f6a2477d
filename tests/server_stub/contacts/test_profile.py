"""What devices are told of the desk, from its policy; read by the tray as it does."""

from datetime import UTC, date, datetime

import pytest

from server_stub.contacts.profile import profile_of
from server_stub.sla import policy
from server_stub.sla.policy import DEFAULT
from tests.server_stub.sla.test_desk import SECTION
from tests.server_stub.sla.test_policy import TEXT
from tray.known import Desk
from tray.opening import opening

OURS = policy.load(TEXT + SECTION)
SHIPPED = policy.load(DEFAULT)
TODAY = date(2026, 12, 21)


def read(text: str = TEXT + SECTION, kind: str = "workstation", zone: str = "UTC") -> Desk:
    return Desk.read(profile_of(policy.load(text), kind, zone, TODAY))


def test_hours_are_those_of_the_policys_calendar_in_its_own_zone() -> None:
    told = profile_of(OURS, "workstation", "America/New_York", TODAY)

    assert told["time_zone"] == "Europe/London"
    days = ["mon", "tue", "wed", "thu"]
    assert told["hours"] == [
        {"days": days, "from": "09:00", "to": "12:30"},
        {"days": days, "from": "13:30", "to": "17:00"},
        {"days": ["fri"], "from": "09:00", "to": "16:00"},
    ]
    shipped = profile_of(SHIPPED, "workstation", "America/New_York", TODAY)
    assert shipped["time_zone"] == "America/New_York", "its calendar is that of the site"


def test_the_tray_reads_all_of_it() -> None:
    desk = read()

    assert (desk.provider, desk.phone) == ("Northwind IT", "+44 20 7946 0000")
    assert (desk.email, desk.urgent) == ("help@northwind.example", "call +44 1, day and night")
    assert (desk.tray, desk.quit) == ("on_problem", False)
    assert [q.key for q in desk.questions["printer"]] == ["which", "others"]
    assert desk.questions["printer"][1].choices == ("yes", "no")


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (datetime(2026, 12, 21, 9, 0, tzinfo=UTC), "open until today 12:30"),
        (
            datetime(2026, 12, 21, 12, 45, tzinfo=UTC),
            "closed until today 13:30; urgent: call +44 1",
        ),
        # Christmas Eve, Christmas, Boxing Day's substitute, days off, New Year: then a Monday.
        (datetime(2026, 12, 23, 18, 0, tzinfo=UTC), "closed until 2027-01-04 09:00"),
    ],
)
def test_free_days_are_days_on_which_the_desk_is_closed(at: datetime, told: str) -> None:
    assert opening(read(), at).startswith(told)


def test_a_desk_that_never_closes_says_so() -> None:
    always = TEXT + SECTION.replace("calendar: office", "calendar: hotline")
    assert opening(read(always), datetime(2026, 12, 21, 23, 59, tzinfo=UTC)) == "open day and night"


def test_a_day_that_ends_at_midnight_goes_on_with_the_next() -> None:
    nights = TEXT.replace("hours: always", 'hours: {fri: ["18:00-24:00"], sat: ["00:00-06:00"]}')
    desk = read(nights + SECTION.replace("calendar: office", "calendar: hotline"))
    told = opening(desk, datetime(2026, 12, 25, 23, 0, tzinfo=UTC))
    assert told == "open until tomorrow 06:00"


@pytest.mark.parametrize(
    ("kind", "icon"), [("workstation", "always"), ("laptop", "always"), ("server", "menu_only")]
)
def test_forty_sessions_of_a_server_cost_no_processes_unless_the_policy_says_so(
    kind: str, icon: str
) -> None:
    assert profile_of(SHIPPED, kind, "UTC", TODAY)["tray"] == icon
    assert profile_of(OURS, kind, "UTC", TODAY)["tray"] == "on_problem"


def test_without_a_policy_the_kind_of_device_decides() -> None:
    told = Desk.read(profile_of(None, "server", "Europe/Paris", TODAY))
    assert (told.tray, told.hours, told.quit) == ("menu_only", (), True)


def test_a_zone_that_is_an_offset_is_understood() -> None:
    desk = read((TEXT + SECTION).replace("zone: Europe/London", 'zone: "-05:00"'))
    assert opening(desk, datetime(2026, 12, 21, 15, 0, tzinfo=UTC)) == "open until today 17:30"
