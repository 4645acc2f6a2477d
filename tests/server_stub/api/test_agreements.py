"""Agreements and importance by REST, and the words a ticket is promised by; on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.protocol.problems import ProblemType
from server_stub.api.agreements import _NEW, _SHOWN
from server_stub.audit.models import AuditEntry
from server_stub.clients.agreements import Terms, agree
from server_stub.clients.models import Agreement, Client
from server_stub.contacts.models import Contact
from server_stub.desk.models import Role
from server_stub.sla.models import Clock
from server_stub.tickets.models import Ticket
from tests.server_stub.api.caller import Caller, a_caller
from tests.server_stub.intake.test_standing import POLICY
from tests.support.databases import ServerDatabase
from tests.support.filed_reports import a_filed_report
from tests.support.rows import a_client, a_device, a_policy_version, a_site, a_ticket

TODAY = datetime.now(UTC).date()


@pytest.fixture
def api(database: ServerDatabase) -> Caller:
    """Return a dispatcher's program; the policy's targets choose by both words."""
    a_policy_version("default", text=POLICY)
    return a_caller(role=Role.DISPATCHER)


@pytest.fixture
def client(api: Caller) -> Client:
    """Return a client without agreements."""
    return a_client("Harbour Dental")


def open_ticket(api: Caller, client: Client, **members: Any) -> str:
    answer = api.post("tickets", {"client": client.id, "title": "x"} | members, 201)
    return f"tickets/{answer.tree['number']}"


def test_an_agreement_is_added_once_listed_and_ended(api: Caller, client: Client) -> None:
    site, device = a_site(client), a_device(client)
    path = f"clients/{client.id}/agreements"
    body = _NEW | {"sites": [site.id], "devices": [device.id], "ends": None}

    first = api.post(path, body, 201, key="one").tree
    again = api.post(path, body, 201, key="one").tree
    refused = api.post(path, body, 409).tree
    [listed] = api.get(path).tree["items"]
    after = api.post(f"{path}/{first['number']}/end", {"last_day": str(TODAY)}).tree

    for one in (first, again, listed):
        assert one.pop("created_at")[:10] == str(TODAY)
    assert first == again == listed
    assert set(first) == set(_SHOWN) - {"created_at"}
    assert (first["sites"], first["devices"], first["in_force"]) == ([site.id], [device.id], True)
    assert first["created_by"] == api.email
    assert "premium from 2026-01-01 already" in refused["detail"]
    assert (after["ends"], after["in_force"]) == (str(TODAY), True)
    assert Agreement.objects.count() == 1
    acts = AuditEntry.objects.filter(client=client.id).order_by("id").values_list("act", "who")
    assert list(acts) == [("agreement add", api.email), ("agreement end", api.email)]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "none"}, "name"),
        ({"name": "Gold"}, "name"),
        ({"starts": "soon"}, "starts"),
        ({"ends": "2025-01-01"}, "ends"),
        ({"included_minutes": "5"}, "included_minutes"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_agreed_names_its_field(
    api: Caller, client: Client, wrong: dict[str, Any], field: str
) -> None:
    body = {"name": "gold", "starts": "2026-01-01"} | wrong

    told = api.post(f"clients/{client.id}/agreements", body, 422).tree

    assert [one["field"] for one in told["problems"]] == [field]
    assert not Agreement.objects.exists()


def test_another_clients_places_are_not_found(api: Caller, client: Client) -> None:
    other = a_client()
    path, body = f"clients/{client.id}/agreements", {"name": "gold", "starts": "2026-01-01"}

    api.post(path, body | {"sites": [a_site(other).id]}, 404)
    api.post(path, body | {"devices": [a_device(other).id]}, 422)
    assert not Agreement.objects.exists()


def test_what_matters_is_said_of_client_device_and_contact(api: Caller, client: Client) -> None:
    device = a_device(client)
    contact = a_filed_report(a_ticket(client, device=device), "Rui").contact

    api.post(f"clients/{client.id}/importance", {"importance": "key"})
    api.post(f"devices/{device.id}/importance", {"importance": "key"})
    told = api.post(
        f"clients/{client.id}/contacts/{contact.pk}/importance", {"importance": "vip"}
    ).tree

    assert told == {"name": "Rui contact", "importance": "vip"}
    assert api.get(f"clients/{client.id}").tree["importance"] == "key"
    assert api.get(f"devices/{device.id}").tree["importance"] == "key"
    [shown] = api.get(f"clients/{client.id}/contacts").tree["items"]
    assert (shown["number"], shown["importance"]) == (contact.pk, "vip")
    api.post(
        f"clients/{a_client().id}/contacts/{contact.pk}/importance", {"importance": "key"}, 404
    )
    api.post(f"clients/{client.id}/importance", {"importance": "most"}, 422)
    assert Contact.objects.get().importance == "vip"


def test_a_ticket_stays_under_its_words_until_a_person_says_why(
    api: Caller, client: Client
) -> None:
    number = api.post(
        f"clients/{client.id}/agreements", {"name": "premium", "starts": "2026-01-01"}, 201
    ).tree["number"]
    usual = open_ticket(api, a_client())
    path = open_ticket(api, client)
    agreements = f"clients/{client.id}/agreements"
    api.post(f"{agreements}/{number}/end", {"last_day": str(TODAY)})
    api.post(agreements, {"name": "gold", "starts": str(TODAY - timedelta(1))}, 201)

    assert api.get(f"{usual}/standing").tree == {
        "agreement": "none",
        "agreement_number": None,
        "importance": "normal",
    }
    assert api.get(f"{path}/standing").tree["agreement"] == "premium"
    assert _promised(path) == timedelta(hours=4)
    silent = api.post(f"{path}/standing", {"agreement": "gold"}, 422).tree
    assert [one["field"] for one in silent["problems"]] == ["reason"]
    unknown = api.post(f"{path}/standing", {"agreement": "silver", "reason": "x"}, 422).tree
    assert unknown["problems"][0]["reason"] == "there are gold, premium, none today"

    change = {"agreement": "gold", "importance": "vip", "reason": "The director called."}
    told = api.post(f"{path}/standing", change).tree

    assert (told["agreement"], told["importance"]) == ("gold", "vip")
    assert _promised(path) == timedelta(hours=1)
    entries = api.get(f"{path}/timeline").tree["items"][-2:]
    assert [(e["kind"], e["payload"]["from"], e["payload"]["to"]) for e in entries] == [
        ("agreement", "premium", "gold"),
        ("importance", "normal", "vip"),
    ]
    assert {e["payload"]["reason"] for e in entries} == {"The director called."}
    api.post(f"{path}/standing", change)
    assert len(api.get(f"{path}/timeline").tree["items"]) == 3, "the same again changes nothing"
    back = {"agreement": "none", "importance": "normal", "reason": "It was not theirs."}
    assert api.post(f"{path}/standing", back).tree["agreement_number"] is None
    assert _promised(path) == timedelta(hours=80)


def test_included_minutes_are_used_by_work_logged_this_month(api: Caller, client: Client) -> None:
    path = f"clients/{client.id}/agreements"
    body = {"name": "premium", "starts": "2026-01-01", "included_minutes": 120}
    api.post(path, body, 201)
    under, now = open_ticket(api, client), datetime.now(UTC)
    elsewhere = open_ticket(api, a_client())
    long_ago = now - timedelta(days=40)
    for at, minutes in ((now, 25), (now, 20), (long_ago, 60)):
        api.post(f"{under}/work", {"started_at": at.isoformat(), "minutes": minutes})
    api.post(f"{elsewhere}/work", {"started_at": long_ago.isoformat(), "minutes": 5})

    [shown] = api.get(path).tree["items"]

    assert (shown["included_minutes"], shown["used_minutes"]) == (120, 45)


def test_technicians_read_agreements_and_make_none(api: Caller, client: Client) -> None:
    technician = a_caller()

    technician.get(f"clients/{client.id}/agreements")
    technician.post(
        f"clients/{client.id}/agreements", {"name": "gold", "starts": "2026-01-01"}, 403
    )


def test_a_dispatcher_of_one_client_finds_nothing_of_anothers(api: Caller, client: Client) -> None:
    """The matrix asks as technicians, who may not do any of this."""
    device = a_device(client)
    contact = a_filed_report(a_ticket(client, device=device), "Rui").contact
    number = agree(client, Terms("premium", TODAY)).id
    stranger = a_caller(a_client(), role=Role.DISPATCHER)

    for path, body in {
        f"clients/{client.id}/agreements": {"name": "gold", "starts": "2026-01-01"},
        f"clients/{client.id}/agreements/{number}/end": {"last_day": str(TODAY)},
        f"clients/{client.id}/importance": {"importance": "vip"},
        f"clients/{client.id}/contacts/{contact.pk}/importance": {"importance": "vip"},
        f"devices/{device.id}/importance": {"importance": "vip"},
        f"{open_ticket(api, client)}/standing": {"importance": "vip", "reason": "x"},
    }.items():
        assert stranger.post(path, body, 404).problem is ProblemType.NOT_FOUND, path
    for path in ("agreements", "contacts"):
        stranger.get(f"clients/{client.id}/{path}", 404)
    assert not Client.objects.exclude(importance="normal").exists()


def _promised(path: str) -> timedelta:
    ticket = Ticket.objects.get(id=int(path.partition("/")[2]))
    clock = Clock.objects.get(ticket=ticket)
    assert clock.due_at
    return clock.due_at - clock.started_at
