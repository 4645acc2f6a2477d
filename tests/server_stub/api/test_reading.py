"""Staff and integrations read tickets, devices and clients by REST."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser

from agent.protocol.credentials import CredentialPrefix, credential_hash, new_credential
from agent.protocol.words import Status
from server_stub.clients.models import Client
from server_stub.desk.models import ApiKey
from server_stub.intake.models import FactsRecord, LastWord
from server_stub.tickets.models import EntryKind, Ticket
from tests.support import desk_rows
from tests.support.databases import ServerDatabase

NOW = datetime(2026, 11, 19, 10, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _rows(database: ServerDatabase) -> None:
    """Every test here reads the database, on both products."""


def a_key(*only: Client) -> str:
    token = new_credential(CredentialPrefix.STAFF_KEY)
    owner = desk_rows.technician(f"t{ApiKey.objects.count()}@desk.example")
    key = ApiKey.objects.create(
        technician=owner, prefix=token[:12], key_hash=credential_hash(token), limited=bool(only)
    )
    key.clients.set(only)
    return token


def get(path: str, token: str = "", status: int = 200) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = Browser(raise_request_exception=False).get(
        path if path.startswith("/") else f"/api/v1/{path}", headers=headers
    )
    assert answer.status_code == status, answer.content
    kind = "application/json" if status == 200 else "application/problem+json"
    assert answer["Content-Type"].startswith(kind)
    return answer.json()


def test_a_ticket_shows_what_is_promised_of_it() -> None:
    place = desk_rows.client()
    device = desk_rows.device(place, now=NOW, facts=desk_rows.FACTS)
    ticket = desk_rows.ticket(place, now=NOW, on=device)

    shown = get(f"tickets/{ticket.id}", a_key())

    assert shown["number"] == ticket.id
    assert shown["client"] == "Harbour Dental"
    assert shown["site"] == "Quay Street"
    assert shown["device"] == {"id": device.id, "name": "FRONTDESK-03", "kind": "workstation"}
    assert shown["facts"] == desk_rows.FACTS
    assert [clock["name"] for clock in shown["clocks"]] == ["response", "resolution"]
    assert shown["clocks"][0]["due_at"] == "2026-11-19T10:42:00Z"
    for member in ("title", "status", "priority", "type", "level", "source", "fingerprint",
                   "evaluation", "occurrences", "created_at"):  # fmt: skip
        assert member in shown


def test_a_ticket_shows_the_facts_it_was_reported_with_not_the_latest() -> None:
    place = desk_rows.client()
    device = desk_rows.device(place, now=NOW, facts={"os": {"build": "new"}})
    ticket = desk_rows.ticket(place, now=NOW, on=device)
    FactsRecord.objects.create(device=device, hash="f" * 64, text='{"os": {"build": "old"}}')
    Ticket.objects.filter(id=ticket.id).update(facts_hash="f" * 64)

    assert get(f"tickets/{ticket.id}", a_key())["facts"] == {"os": {"build": "old"}}


def test_a_list_is_read_page_by_page_to_its_end() -> None:
    place = desk_rows.client()
    numbers = [desk_rows.ticket(place, f"ticket {n}", now=NOW).id for n in range(5)]
    key = a_key()

    seen: list[int] = []
    address = "tickets?limit=2"
    while address:
        page = get(address, key)
        seen += [item["number"] for item in page["items"]]
        address = page["next"]

    assert seen == numbers[::-1]


def test_a_list_is_narrowed_by_what_is_asked() -> None:
    place = desk_rows.client()
    desk_rows.ticket(place, now=NOW, status=Status.RESOLVED)
    still = desk_rows.ticket(place, now=NOW)

    page = get(f"tickets?status=new&client={place[0].id}", a_key())

    assert [item["number"] for item in page["items"]] == [still.id]


def test_the_timeline_is_told_oldest_first() -> None:
    place = desk_rows.client()
    ticket = desk_rows.ticket(place, now=NOW)
    desk_rows.entry(ticket, EntryKind.NOTE, NOW, actor="ana@desk.example", body="hm")
    key = a_key()

    first = get(f"tickets/{ticket.id}/timeline?limit=1", key)
    second = get(first["next"], key)

    assert [item["kind"] for item in first["items"] + second["items"]] == ["opened", "note"]
    assert first["items"][0]["payload"]["readings"] == desk_rows.DISK_READINGS
    assert second["next"] is None


def test_devices_and_clients_are_listed() -> None:
    place = desk_rows.client()
    device = desk_rows.device(place, now=NOW, silent=timedelta(0))
    key = a_key()

    assert [item["name"] for item in get("devices", key)["items"]] == ["FRONTDESK-03"]
    one = get(f"devices/{device.id}", key)
    assert (one["last_seen_at"], one["last_word"]) == ("2026-11-19T10:30:00Z", None)
    LastWord.objects.create(device=device, word="sleep", at=NOW)
    told = {"word": "sleep", "at": "2026-11-19T10:30:00Z", "taken_back_at": None}
    assert get(f"devices/{device.id}", key)["last_word"] == told
    [client] = get("clients", key)["items"]
    assert client["sites"][0]["time_zone"] == "Europe/London"


def test_a_limited_key_sees_neither_the_rows_nor_the_existence_of_others() -> None:
    own, foreign = desk_rows.client(), desk_rows.client("Mill Joinery", "Mill Lane")
    desk_rows.ticket(own, now=NOW)
    device = desk_rows.device(foreign, now=NOW)
    hidden = desk_rows.ticket(foreign, now=NOW, on=device)
    key = a_key(own[0])

    assert [item["client"] for item in get("tickets", key)["items"]] == ["Harbour Dental"]
    assert get("devices", key)["items"] == []
    assert [item["name"] for item in get("clients", key)["items"]] == ["Harbour Dental"]
    for path in (f"tickets/{hidden.id}", f"tickets/{hidden.id}/timeline"):
        assert get(path, key, 404) == get(path.replace(str(hidden.id), "999999"), key, 404)
    assert get(f"devices/{device.id}", key, 404) == get("devices/none", key, 404)


@pytest.mark.parametrize(
    ("token", "status", "kind"),
    [
        ("", 401, "unauthenticated"),
        ("wds_" + "x" * 43, 401, "unauthenticated"),
        ("wdd_" + "x" * 43, 403, "wrong_credential"),
        ("wde_" + "x" * 43, 403, "wrong_credential"),
    ],
)
def test_no_key_or_a_wrong_one_is_refused_with_a_problem(
    token: str, status: int, kind: str
) -> None:
    assert get("tickets", token, status)["type"] == f"urn:watchdesk:problem:{kind}"


def test_a_revoked_key_and_one_of_a_technician_who_left_are_refused() -> None:
    revoked, orphaned = a_key(), a_key()
    ApiKey.objects.filter(key_hash=credential_hash(revoked)).update(revoked_at=NOW)
    key = ApiKey.objects.get(key_hash=credential_hash(orphaned))
    key.technician.is_active = False
    key.technician.save()

    get("tickets", revoked, 401)
    get("tickets", orphaned, 401)


@pytest.mark.parametrize(
    "path",
    ["tickets?limit=0", "tickets?limit=x", "tickets?status=odd", "tickets?site=1e9",
     "tickets?after=99999999999999999999", "tickets/99999999999999999999", "tickets?device=%00"],
)  # fmt: skip
def test_a_wrong_argument_is_refused_in_words_and_never_breaks(path: str) -> None:
    answer = Browser(raise_request_exception=False).get(
        f"/api/v1/{path}", headers={"Authorization": f"Bearer {a_key()}"}
    )

    assert answer.status_code in {400, 404, 422}
    assert answer["Content-Type"] == "application/problem+json"


def test_the_document_describes_every_path() -> None:
    document = get("/api/v1/openapi.json")

    assert document["openapi"].startswith("3.1")
    assert "/api/v1/tickets/{number}/timeline" in document["paths"]
