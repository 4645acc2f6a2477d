"""Lists narrowed by every filter, and read to their end, on both databases."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from server_stub.tickets import search
from tests.server_stub.api.caller import Caller, a_caller
from tests.support.rows import NOW, a_client, a_device, a_site, a_technician, a_ticket


def numbers(api: Caller, query: str) -> list[int]:
    return [item["number"] for item in api.get(f"tickets?{query}").tree["items"]]


@pytest.fixture
def desk(api: Caller) -> dict[str, int]:
    """Four tickets that differ in everything; return their numbers by a word each."""
    harbour, mill = a_client("Harbour Dental"), a_client("Mill & Sons 7")
    quay = a_site(harbour, "Quay Street")
    till = a_device(harbour, "TILL-01", site=quay)
    kim = a_technician("kim@desk.example")
    rows = {
        "disk": a_ticket(harbour, "Low disk space on C:", site=quay, device=till,
                         evaluation="critical", priority="high", fingerprint="disk-space:C:"),
        "toner": a_ticket(harbour, "Toner is empty", source="phone", status="waiting",
                          assignee=kim, updated_at=NOW - timedelta(days=3)),
        "backup": a_ticket(mill, "Backup failed 100%", evaluation="warning", status="open"),
        "done": a_ticket(mill, "Zurücksetzen", status="resolved", resolved_at=NOW, source="email",
                         priority="low"),
    }  # fmt: skip
    return {word: ticket.id for word, ticket in rows.items()}


FOUND = [
    ("", "done backup toner disk"),
    ("status=new", "disk"),
    ("status=new&status=waiting", "toner disk"),
    ("priority=high&priority=low", "done disk"),
    ("source=phone", "toner"),
    ("source=phone&status=new", ""),
    ("evaluation=critical&evaluation=warning", "backup disk"),
    ("client=Harbour Dental", "toner disk"),
    ("client=harbour dental", "toner disk"),
    ("client=Nobody", ""),
    ("client=Mill %26 Sons 7", "done backup"),
    ("client=7", ""),
    ("assignee=kim@desk.example", "toner"),
    ("assignee=KIM@DESK.EXAMPLE", "toner"),
    ("assignee=none", "done backup disk"),
    ("assignee=me", ""),
    ("assignee=nobody@desk.example", ""),
    ("q=disk", "disk"),
    ("q=DISK SPACE", "disk"),
    ("q=space disk", "disk"),
    ("q=disk toner", ""),
    ("q=till", "disk"),
    ("q=dental", "toner disk"),
    ("q=dent", "toner disk"),
    ("q=mill backup", "backup"),
    ("q=100%25", "backup"),
    ("q=zurucksetzen", "done"),
    ("q=dental&status=waiting", "toner"),
    ("q=dental&status=waiting&status=new", "toner disk"),
    ("q=dental&source=phone", "toner"),
    ("q=dental&client=mill %26 sons 7", ""),
    ("q=99999999999999999999999", ""),
    ("q=%2399999999999", ""),
    ("updated_since=2026-03-02T08:00:00Z", "done backup disk"),
    ("updated_since=2026-03-02T10:00:00%2B02:00", "done backup disk"),
    ("updated_since=2999-01-01T00:00:00Z", ""),
]


def test_each_filter_narrows_the_list(api: Caller, desk: dict[str, int]) -> None:
    for query, words in FOUND:
        assert numbers(api, query) == [desk[word] for word in words.split()], query


def test_a_number_is_found(api: Caller, desk: dict[str, int]) -> None:
    toner = desk["toner"]

    assert numbers(api, f"q=%23{toner}") == [toner]
    assert numbers(api, f"q=%23{toner}&status=new") == []


def test_a_search_without_a_word_is_refused(api: Caller) -> None:
    assert api.get("tickets?q=%25_%22", 422).tree["problems"][0]["field"] == "q"
    assert api.get("tickets?q=%20").status == 200


def test_a_search_is_read_to_its_end_whatever_narrows_it(
    api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Source and site are not in the word index: pages may be short, but nothing is left out."""
    monkeypatch.setattr(search, "_LOOKED_UP", 3)
    monkeypatch.setattr(search, "_LOOKS", 2)
    client = a_client()
    rows = [a_ticket(client, f"printer {n}", source="phone" if n % 7 == 0 else "email")
            for n in range(30)]  # fmt: skip
    wanted = [row.id for row in rows if row.source == "phone"]

    found: list[int] = []
    address, pages = "tickets?q=printer&source=phone&limit=2", 0
    while address:
        page = api.get(address).tree
        found += [item["number"] for item in page["items"]]
        address, pages = page["next"], pages + 1

    assert found == wanted[::-1]
    assert pages < 20


def test_clients_sites_and_devices_are_filters_by_id(api: Caller, desk: dict[str, int]) -> None:
    disk = api.get(f"tickets/{desk['disk']}").tree
    [harbour, _] = api.get("clients").tree["items"]

    assert numbers(api, f"client={harbour['id']}") == [desk["toner"], desk["disk"]]
    assert numbers(api, f"site={harbour['sites'][0]['id']}") == [desk["disk"]]
    assert numbers(api, f"device={disk['device']['id']}") == [desk["disk"]]
    assert numbers(api, "site=999999") == []


def test_the_next_page_keeps_every_filter(api: Caller, desk: dict[str, int]) -> None:
    found: list[int] = []
    address = "tickets?limit=1&status=new&status=open&status=waiting"
    while address:
        page = api.get(address).tree
        found += [item["number"] for item in page["items"]]
        address = page["next"]

    assert found == [desk["backup"], desk["toner"], desk["disk"]]


def test_my_tickets_are_mine(api: Caller, desk: dict[str, int]) -> None:
    api.patch(f"tickets/{desk['disk']}", {"assignee": "me"})

    assert numbers(api, "assignee=me") == [desk["disk"]]
    assert numbers(a_caller(), "assignee=me") == []


def test_devices_are_narrowed_by_client_kind_and_name(api: Caller) -> None:
    harbour, mill = a_client("Harbour Dental"), a_client("Mill")
    till = a_device(harbour, "TILL-01", kind="workstation")
    nas = a_device(harbour, "NAS", kind="server")
    a_device(mill, "PC", kind="laptop")

    def names(query: str) -> list[str]:
        return [item["name"] for item in api.get(f"devices?{query}").tree["items"]]

    assert names("client=harbour dental") == [till.name, nas.name]
    assert names(f"client={harbour.id}&kind=server") == ["NAS"]
    assert names("kind=server&kind=laptop") == ["NAS", "PC"]
    assert names("q=till") == ["TILL-01"]
    first = api.get("devices?limit=1&kind=server&kind=laptop").tree
    assert [item["name"] for item in api.get(first["next"]).tree["items"]] == ["PC"]


def test_one_client_is_shown_with_its_sites(api: Caller) -> None:
    client = a_client("Harbour Dental")
    a_site(client, "Quay Street")

    shown = api.get(f"clients/{client.id}").tree

    assert (shown["name"], [site["name"] for site in shown["sites"]]) == (
        "Harbour Dental",
        ["Quay Street"],
    )
    assert api.get("clients/999999", 404).body == api.get("clients/999998", 404).body


def test_a_list_costs_the_same_queries_however_long(api: Caller, desk: dict[str, int]) -> None:
    def queries(limit: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            api.get(f"tickets?limit={limit}")
        return len(captured)

    api.get("tickets")  # the key's use is noted once a minute
    assert queries(1) == queries(4)
