"""When updates of Windows were last installed, from its servicing's account."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.host.reboot_windows import Pending
from agent.host.updates_windows import Package, is_of_the_system, last_success, values

FEBRUARY = Package(
    "Package_for_RollupFix~31bf3856ad364e35~amd64~~19041.4046.1.12", 0x70, 133_524_288_000_000_000
)
WAITING = FEBRUARY._replace(state=0x60, ticks=133_600_000_000_000_000)
SUPERSEDED = FEBRUARY._replace(state=0x50, ticks=133_600_000_000_000_000)


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        (FEBRUARY.name, True),
        ("Package_for_KB5034122~31bf3856ad364e35~amd64~~19041.3996.1.3", True),
        ("Package_for_KB976932_SP1~31bf3856ad364e35~amd64~~6.1.1.17514", True),
        ("Microsoft-Windows-Client-LanguagePack-Package~31bf3856ad364e35~amd64~de-DE~1", False),
        ("Package_1_for_KB5034122~31bf3856ad364e35~amd64~~19041.3996.1.3", False),
        ("Package_for_RollupFix", False),
    ],
)
def test_updates_of_the_system_are_told_by_their_names(name: str, *, counts: bool) -> None:
    assert is_of_the_system(name) is counts


def test_the_last_success_is_the_newest_that_is_installed() -> None:
    older = FEBRUARY._replace(ticks=FEBRUARY.ticks - 10**15)
    at = datetime(2024, 2, 15, tzinfo=UTC)
    assert last_success([older, FEBRUARY, WAITING, SUPERSEDED], "") == at
    assert last_success([FEBRUARY._replace(ticks=0)], "") is None
    assert last_success([], "") is None


def test_older_systems_tell_it_as_a_text() -> None:
    told = datetime(2025, 3, 15, 2, 14, 9, tzinfo=UTC)
    assert last_success([FEBRUARY], "2025-03-15 02:14:09") == told
    assert last_success([], "yesterday") is None


def test_the_metrics_are_ages() -> None:
    now = datetime(2026, 4, 1, tzinfo=UTC)
    week, day = now - timedelta(days=7), now - timedelta(days=1)
    no = Pending(waits=False, since=None)
    assert values(week, no, now) == {"last_success_age": 604_800.0, "reboot_pending_age": 0.0}
    assert values(None, Pending(waits=True, since=day), now) == {"reboot_pending_age": 86_400.0}
    assert values(None, Pending(waits=True, since=None), now) == {}
    assert values(now + timedelta(days=1), no, now)["last_success_age"] == 0
