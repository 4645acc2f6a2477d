"""Making and ending agreements, and which of them cover what; on both databases."""

from dataclasses import replace
from datetime import UTC, date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server_stub.clients.agreements import (
    Terms,
    agree,
    agreed,
    covers,
    day_at,
    end,
    set_importance,
)
from server_stub.clients.models import Agreement, Client, Covered
from server_stub.errors import ConflictError, InvalidError
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW, a_client, a_device, a_site

TODAY = NOW.date()
LAST_YEAR = date(2025, 1, 1)


def test_an_agreement_covers_the_whole_client_or_what_it_names(database: ServerDatabase) -> None:
    client, other = a_client(), a_client()
    site = a_site(client)
    device, at_site, elsewhere = (a_device(client, site=s) for s in (site, site, None))
    whole = agree(client, Terms("standard", LAST_YEAR, included_minutes=300), "ana@desk.example")
    of_site = agree(client, Terms("premium", LAST_YEAR, sites=[site]))
    of_device = agree(client, Terms("gold", LAST_YEAR, devices=[device, elsewhere]))
    agree(other, Terms("theirs", LAST_YEAR))

    found = {one.name: one.narrowness for one in covers(client.id, site.id, device.id)}

    assert found == {"standard": 0, "premium": 1, "gold": 2}
    assert [one.name for one in covers(client.id, None, None)] == ["standard"]
    for row, number in ((device, of_device.id), (at_site, of_site.id), (elsewhere, of_device.id)):
        held = agreed(row, TODAY)
        assert held
        assert held.number == number
    assert (whole.whole, of_site.whole, whole.created_by) == (True, False, "ana@desk.example")


def test_an_agreement_whose_only_device_is_gone_covers_nothing(database: ServerDatabase) -> None:
    """It must not become one for the whole client."""
    client = a_client()
    device = a_device(client)
    agree(client, Terms("gold", LAST_YEAR, devices=[device]))

    device.delete()

    assert Covered.objects.count() == 0
    assert covers(client.id, None, None) == []


def test_the_very_same_is_agreed_once(database: ServerDatabase) -> None:
    client = a_client()
    first, second = a_site(client), a_site(client)
    agree(client, Terms("premium", TODAY, sites=[first]))
    agree(client, Terms("premium", TODAY, sites=[second]))
    agree(client, Terms("premium", TODAY))

    with pytest.raises(ConflictError, match="agreed on premium from 2026-03-02 already"):
        agree(client, Terms("premium", TODAY, sites=[first]))
    assert Agreement.objects.count() == 3


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"name": "none"}, "name"),
        ({"name": "Premium"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 41}, "name"),
        ({"name": "gold\n"}, "name"),
        ({"ends": TODAY - timedelta(1)}, "ends"),
        ({"included_minutes": -1}, "included_minutes"),
        ({"included_minutes": 31 * 24 * 60 + 1}, "included_minutes"),
    ],
)
def test_what_cannot_be_agreed_is_refused(
    sqlite: ServerDatabase, terms: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidError) as told:
        agree(a_client(), replace(Terms("gold", TODAY), **terms))

    assert told.value.field == field
    assert Agreement.objects.count() == 0


def test_another_clients_places_are_refused(sqlite: ServerDatabase) -> None:
    client, other = a_client(), a_client()

    with pytest.raises(InvalidError, match="sites: not all of them are"):
        agree(client, Terms("gold", TODAY, sites=[a_site(client), a_site(other)]))
    with pytest.raises(InvalidError, match="devices: not all of them are"):
        agree(client, Terms("gold", TODAY, devices=[a_device(other)]))


def test_an_agreement_ends_once(database: ServerDatabase) -> None:
    one = agree(a_client(), Terms("gold", LAST_YEAR))
    tomorrow = TODAY + timedelta(1)

    assert end(one, tomorrow, TODAY).ends == tomorrow
    assert end(one, TODAY, TODAY).ends == TODAY
    with pytest.raises(ConflictError, match="ended on 2026-03-02 already"):
        end(one, tomorrow, tomorrow)
    with pytest.raises(InvalidError, match="it begins on 2025-01-01"):
        end(one, LAST_YEAR - timedelta(1), TODAY)


def test_the_day_is_the_sites() -> None:
    late = NOW.replace(hour=23, minute=30)

    assert day_at(late, UTC) == TODAY
    assert day_at(late, ZoneInfo("Asia/Tokyo")) == TODAY + timedelta(1)


def test_importance_is_one_of_three_words(database: ServerDatabase) -> None:
    client = a_client()
    device = a_device(client)
    assert (client.importance, device.importance) == ("normal", "normal")

    set_importance(client, "key")

    assert Client.objects.get().importance == "key"
    with pytest.raises(InvalidError, match="there are normal, key, vip"):
        set_importance(device, "urgent")
