"""Running the desk: maintenance, what was held back, outages, recurring problems, the audit log."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server_stub.api.maintenance import _NEW
from server_stub.audit.models import AuditEntry
from server_stub.audit.record import record
from server_stub.desk.models import Role
from server_stub.quiet.models import MaintenanceWindow
from server_stub.tickets.models import Ticket
from tests.server_stub.api.caller import Caller, a_caller
from tests.support.databases import ServerDatabase
from tests.support.fleet_rows import a_held_back, a_member, a_window
from tests.support.rows import a_client, a_device, a_site, a_ticket, an_entry

NEW: dict[str, Any] = {
    "client": "Harbour Dental",
    "reason": "new switch",
    "starts_at": "2036-03-02T09:00:00+01:00",
    "ends_at": "2036-03-02T10:00:00+01:00",
}


def test_maintenance_is_planned_once_and_ended(api: Caller) -> None:
    client = a_client("Harbour Dental")
    a_site(client, "Quay Street", time_zone="Europe/London")

    planned = api.post("maintenance", _NEW, 201, key="one")
    again = api.post("maintenance", _NEW, 201, key="one")

    assert again.tree == planned.tree
    assert MaintenanceWindow.objects.count() == 1
    number = planned.tree["number"]
    assert planned.headers["location"] == f"/api/v1/maintenance/{number}"
    shown = api.get(f"maintenance/{number}").tree
    assert set(shown) == set(planned.tree)
    assert (shown["zone"], shown["days"], shown["created_by"]) == (
        "Europe/London", ["tue"], api.email,
    )  # fmt: skip

    ended = api.post(f"maintenance/{number}/end").tree
    assert ended["ended_by"] == api.email
    api.post(f"maintenance/{number}/end", status=409)
    assert [e.act for e in AuditEntry.objects.order_by("id")] == [
        "maintenance plan",
        "maintenance end",
    ]
    assert {e.who for e in AuditEntry.objects.all()} == {api.email}
    assert {e.client for e in AuditEntry.objects.all()} == {client.id}


def test_it_is_told_whether_it_is_quiet(api: Caller) -> None:
    client = a_client()
    now = datetime.now(UTC)
    a_window(client, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))
    a_window(client)

    over, quiet = api.get("maintenance").tree["items"]

    assert (over["quiet_until"], quiet["quiet_until"] is None) == (None, False)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"client": "Harbor"}, None),
        ({"ends_at": None}, "ends_at"),
        ({"ends_at": "2036-03-02T08:00:00Z"}, "ends_at"),
        ({"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-01-02T00:00:00Z"}, "ends_at"),
        ({"ends_at": "2039-03-02T08:00:00Z"}, "ends_at"),
        ({"starts_at": "2036-03-02T09:00:00"}, "starts_at"),
        ({"reason": " "}, "reason"),
        ({"opens": "22:00"}, "days"),
        ({"days": ["tue"], "opens": "22:00"}, "closes"),
        ({"days": ["tuesday"]}, "days.0"),
        ({"days": ["tue"], "opens": "25:00", "closes": "02:00"}, "opens"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"client": None}, "client"),
        ({"nights": True}, "nights"),
    ],
)
def test_what_cannot_be_right_is_refused_by_its_field(
    api: Caller, changes: dict[str, Any], field: str | None
) -> None:
    a_client("Harbour Dental")

    answer = api.post("maintenance", NEW | changes, 422 if field else 404)

    if field:
        assert [one["field"] for one in answer.tree["problems"]] == [field]
    assert not MaintenanceWindow.objects.exists()
    assert not AuditEntry.objects.exists()


def test_who_may_only_read_plans_nothing(database: ServerDatabase) -> None:
    a_client("Harbour Dental")

    a_caller(role=Role.READ_ONLY).post("maintenance", NEW, 403)

    assert not MaintenanceWindow.objects.exists()


def test_what_was_held_back_is_looked_up_by_who_why_and_what(api: Caller) -> None:
    client = a_client()
    device = a_device(client)
    window = a_window(client, reason="patch night", created_by="kim@desk.example")
    a_held_back(device, window=window)
    a_held_back(
        a_device(client), because="outage", parent=17, who="monitor", released_at=None, released=""
    )

    (outage, maintenance) = api.get("held-back").tree["items"]
    assert (maintenance["who"], maintenance["reason"]) == ("kim@desk.example", "patch night")
    assert (outage["who"], outage["parent"], outage["reason"]) == ("monitor", 17, "")
    assert api.get(f"held-back?device={device.id}").tree["items"] == [maintenance]
    assert api.get("held-back?parent=17").tree["items"] == [outage]
    assert api.get("held-back?because=maintenance").tree["items"] == [maintenance]
    assert api.get("held-back?waiting=true").tree["items"] == [outage]
    assert api.get(f"held-back?window={window.id}&waiting=true").tree["items"] == []


def test_a_long_list_goes_on_where_it_stopped(api: Caller) -> None:
    device = a_device(a_client())
    for n in range(3):
        a_held_back(device, fingerprint=str(n))

    first = api.get("held-back?limit=2").tree
    rest = api.get(first["next"]).tree

    found = [one["fingerprint"] for one in (*first["items"], *rest["items"])]
    assert (found, rest["next"]) == (["2", "1", "0"], None)


def test_the_devices_of_an_outage_are_told_with_its_ticket(api: Caller) -> None:
    client = a_client()
    site, ticket = a_site(client), a_ticket(client)
    device = a_device(client, "frontdesk")
    a_member(device, ticket, site)

    (told,) = api.get(f"tickets/{ticket.id}/members").tree["items"]

    assert (told["device"], told["device_name"], told["heard"]) == (device.id, "frontdesk", False)
    api.get("tickets/999/members", 404)


def test_problems_that_come_again_and_again_are_told_the_worst_first(api: Caller) -> None:
    client = a_client()
    now = datetime.now(UTC)
    bad, worse, seldom, old = (a_device(client, name) for name in "abcd")
    for device, times in ((bad, (3,)), (worse, (2, 5)), (seldom, (2,)), (old, (9,))):
        for occurrences in times:
            at = now - timedelta(days=60 if device is old else 1)
            given = {"alert_key": f"{device.id}:spooler", "fingerprint": "spooler"}
            ticket = a_ticket(
                client,
                device=device,
                occurrences=occurrences,
                updated_at=at,
                resolved_at=at,
                status="resolved",
                **given,
            )
            an_entry(ticket, "reopened", at=at)

    found = api.get("reports/recurring?least=3").tree["items"]

    assert [(one["device_name"], one["tickets"], one["occurrences"]) for one in found] == [
        ("b", 2, 7),
        ("a", 1, 3),
    ]
    assert found[0]["ticket"] == Ticket.objects.filter(device=worse).latest("id").id
    assert found[0]["reopened"] == 2
    assert len(api.get("reports/recurring?least=3&days=90").tree["items"]) == 3


def test_the_audit_log_is_for_admins(database: ServerDatabase) -> None:
    record("kim@desk.example", "page", "sign in")

    a_caller(role=Role.DISPATCHER).get("audit", 403)
    refused, entry = a_caller(role=Role.ADMIN).get("audit").tree["items"]
    assert refused["act"] == "refused"
    assert (entry["who"], entry["act"], entry["client"]) == ("kim@desk.example", "sign in", None)


def test_who_is_limited_to_a_client_reads_of_its_affairs_alone(database: ServerDatabase) -> None:
    mine, other = a_client(), a_client()
    for client in (mine.id, other.id, None):
        record("kim@desk.example", "api", "maintenance plan", client_id=client)
    record("ana@desk.example", "api", "maintenance end", client_id=mine.id)
    api = a_caller(mine, role=Role.ADMIN)

    found = api.get("audit").tree["items"]

    assert {one["client"] for one in found} == {mine.id}
    assert [one["who"] for one in api.get("audit?who=ana@desk.example").tree["items"]] == [
        "ana@desk.example"
    ]
    assert len(api.get("audit?act=maintenance%20plan").tree["items"]) == 1
