"""Technicians' programs work on tickets by REST, on both databases."""

from itertools import pairwise
from typing import Any

import pytest

from agent.protocol.problems import ProblemType
from server_stub.desk.models import Role
from server_stub.tickets.models import Ticket, TimelineEntry
from tests.server_stub.api.caller import Caller, a_caller
from tests.support.rows import a_client, a_device, a_site, a_technician, a_ticket


def kinds(ticket: Ticket) -> list[str]:
    """Return what happened, but for promises that the ticket's age broke."""
    rows = TimelineEntry.objects.filter(ticket=ticket).exclude(kind="breached").order_by("id")
    return list(rows.values_list("kind", flat=True))


def test_a_ticket_is_opened_worked_on_and_resolved(api: Caller) -> None:
    client = a_client("Mill Joinery")
    a_site(client, "Mill Lane")

    opened = api.post(
        "tickets",
        {"client": "mill joinery", "site": "Mill Lane", "title": "No sound", "source": "phone"},
        201,
    )
    path = opened.headers["location"]
    number = opened.tree["number"]
    assert path == f"/api/v1/tickets/{number}"
    assert (opened.tree["status"], opened.tree["client"]) == ("new", "Mill Joinery")
    assert api.get(path).etag == opened.etag == f'"{opened.tree["revision"]}"'

    answered = api.post(f"{path}/reply", {"body": "Which machine?", "status": "waiting"}).tree
    assert answered["status"] == "waiting"
    api.post(f"{path}/note", {"body": "Their sound cards are old."})
    resolved = api.post(f"{path}/resolve", {"body": "It was muted."}).tree
    assert resolved["status"] == "resolved"
    assert {clock["state"] for clock in resolved["clocks"]} == {"stopped"}
    assert api.post(f"{path}/reopen").tree["status"] == "open"

    told = api.get(f"{path}/timeline").tree["items"]
    assert [entry["kind"] for entry in told] == [
        *("opened", "reply", "status", "status", "note", "resolved", "reopened")
    ]
    assert {entry["actor"] for entry in told} == {api.email}
    assert [entry["channel"] for entry in told] == ["phone", *["api"] * 6]


def test_a_device_names_its_client_and_site(api: Caller) -> None:
    client = a_client()
    site = a_site(client)
    device = a_device(client, site=site, facts='{"os": "linux"}')

    opened = api.post("tickets", {"device": device.id, "title": "Slow"}, 201).tree

    assert (opened["client"], opened["site"]) == (client.name, site.name)
    assert opened["device"]["id"] == device.id
    assert "facts" not in opened  # an act's answer is kept for ever
    assert api.get(f"tickets/{opened['number']}").tree["facts"] == {"os": "linux"}


def test_clients_and_sites_may_be_named_by_number(api: Caller) -> None:
    client = a_client("17")
    site = a_site(client)

    opened = api.post("tickets", {"client": client.id, "site": site.id, "title": "x"}, 201).tree
    assert (opened["client"], opened["site"]) == ("17", site.name)
    assert api.post("tickets", {"client": "17", "title": "x"}, 201).tree["client"] == "17"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": "x"}, "client"),
        ({"title": "", "client": 1}, "title"),
        ({"title": "two\nlines", "client": 1}, "title"),
        ({"title": "x" * 301, "client": 1}, "title"),
        ({"title": "x", "client": 1, "priority": "very"}, "priority"),
        ({"title": "x", "client": 1, "source": "monitor"}, "source"),
        ({"title": "x", "client": 1, "number": 5}, "number"),
        ({"title": "x", "client": True}, "client"),
        ({"title": "x", "client": 1, "body": None}, "body"),
        ({"title": "x", "client": 1, "body": "y" * 16_385}, "body"),
        ([], ""),
        ("text", ""),
        (None, "body"),
    ],
)
def test_what_is_wrong_with_a_new_ticket_is_told_by_field(
    api: Caller, body: object, field: str
) -> None:
    a_client()
    problem = api.ask("POST", "tickets", body, idempotency_key="1")
    assert problem.status in (400, 422)  # 400: not even JSON that can be stored

    assert problem.problem is ProblemType.INVALID_REQUEST
    assert field in problem.tree["detail"]
    assert not Ticket.objects.exists()


def test_parts_of_different_clients_make_no_ticket(api: Caller) -> None:
    mine, other = a_client(), a_client()
    device = a_device(other)

    wrong = api.post("tickets", {"client": mine.id, "device": device.id, "title": "x"}, 422)

    assert wrong.tree["problems"][0]["field"] == "device"
    api.post("tickets", {"client": mine.id, "site": a_site(other).id, "title": "x"}, 404)


def test_a_change_names_the_revision_it_is_based_on(api: Caller, ticket: Ticket) -> None:
    path = f"tickets/{ticket.id}"
    seen = api.get(path).etag

    after = api.patch(path, {"priority": "high", "reason": "VIP"}, match=seen)
    assert after.tree["priority"] == "high"
    assert after.etag == api.get(path).etag != seen

    stale = api.patch(path, {"title": "x"}, 412, match=seen)
    assert stale.problem is ProblemType.STALE
    assert stale.etag == after.etag
    missing = api.call("PATCH", path, {"title": "x"}, status=428)
    assert missing.problem is ProblemType.PRECONDITION_REQUIRED
    assert api.patch(path, {"title": "Printer"}, match="*").tree["title"] == "Printer"


def test_a_change_is_whole_or_not_at_all(api: Caller, ticket: Ticket) -> None:
    a_technician("kim@desk.example")
    path = f"tickets/{ticket.id}"

    api.patch(path, {"title": "x", "assignee": "kim@desk.example", "status": "closed"}, 409)
    api.patch(path, {"title": "x", "assignee": "nobody@desk.example"}, 422)
    assert kinds(ticket) == ["opened"]

    after = api.patch(
        path,
        {"title": "Printer", "assignee": "KIM@desk.example", "priority": "low", "reason": "spare",
         "status": "waiting"},
    ).tree  # fmt: skip
    assert (after["title"], after["assignee"], after["priority"], after["status"]) == (
        *("Printer", "kim@desk.example", "low", "waiting"),
    )
    assert kinds(ticket) == ["opened", "title", "assigned", "status", "priority", "status"]


def test_a_ticket_is_taken_and_given_back(api: Caller, ticket: Ticket) -> None:
    path = f"tickets/{ticket.id}"

    assert api.patch(path, {"assignee": "me"}).tree["assignee"] == api.email
    assert api.patch(path, {"assignee": None}).tree["assignee"] is None


def test_what_is_so_already_changes_nothing(api: Caller, ticket: Ticket) -> None:
    path = f"tickets/{ticket.id}"
    before = api.get(path)

    same = {"title": ticket.title, "priority": "normal", "status": "new", "assignee": None}
    assert api.patch(path, same, match=before.etag).etag == before.etag
    assert api.patch(path, {}, match=before.etag).etag == before.etag
    assert kinds(ticket) == ["opened"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"priority": "high"}, "reason"),
        ({"priority": "high", "reason": " "}, "reason"),
        ({"status": "new2"}, "status"),
        ({"title": None}, "title"),
        ({"level": 2}, "level"),
        ({"assignee": ""}, "assignee"),
        ({"assignee": "x" * 255}, "assignee"),
    ],
)
def test_what_is_wrong_with_a_change_is_told_by_field(
    api: Caller, ticket: Ticket, change: Any, field: str
) -> None:
    problem = api.patch(f"tickets/{ticket.id}", change, 422).tree

    assert field in {one["field"] for one in problem["problems"]}
    assert kinds(ticket) == ["opened"]


def test_as_things_stand_is_told_in_words(api: Caller, ticket: Ticket) -> None:
    path = f"tickets/{ticket.id}"

    assert (
        "is new: there is nothing to reopen" in api.post(f"{path}/reopen", {}, 409).tree["detail"]
    )
    api.post(f"{path}/resolve", {})
    again = api.post(f"{path}/resolve", {}, 409)
    assert again.problem is ProblemType.CONFLICT
    assert "is resolved already, since" in again.tree["detail"]


def test_a_technician_leaves_a_colleagues_ticket_to_the_dispatcher(
    api: Caller, ticket: Ticket
) -> None:
    kim, dispatcher = a_caller(), a_caller(role=Role.DISPATCHER)
    path = f"tickets/{ticket.id}"
    api.patch(path, {"assignee": kim.email})

    refused = api.patch(path, {"assignee": "me"}, 403)
    assert refused.problem is ProblemType.FORBIDDEN
    assert "a dispatcher can reassign it" in refused.tree["detail"]
    assert dispatcher.patch(path, {"assignee": api.email}).tree["assignee"] == api.email
    assert api.patch(path, {"assignee": kim.email}).tree["assignee"] == kim.email


def test_nobody_learns_who_has_an_account_by_assigning(api: Caller, ticket: Ticket) -> None:
    """One who does not see the client, one who left and one who never was: the same answer."""
    blind = a_technician("blind@desk.example", a_client("Elsewhere"))
    left = a_technician("left@desk.example", is_active=False)

    told = {
        api.patch(f"tickets/{ticket.id}", {"assignee": email}, 422).body
        for email in (blind.email, blind.email.upper(), left.email, "never@desk.example")
    }

    assert len(told) == 1


def test_the_ledger_explains_each_clock(api: Caller, ticket: Ticket) -> None:
    api.post(f"tickets/{ticket.id}/reply", {"body": "Which one?", "status": "waiting"})

    page = api.get(f"tickets/{ticket.id}/clocks").tree

    assert page["next"] is None
    response, resolution = page["items"]
    assert (response["name"], response["state"]) == ("response", "stopped")
    assert (resolution["name"], resolution["state"]) == ("resolution", "paused")
    assert resolution["breached_at"] == resolution["due_at"] == "2026-03-04T17:00:00Z"
    for clock in page["items"]:
        assert clock["sentence"].startswith(clock["name"].capitalize())
        assert clock["target_s"] - clock["elapsed_s"] == clock["remaining_s"]
        assert clock["promise"].startswith("row 7 ")
        spans = [(i["start_at"], i["end_at"]) for i in clock["intervals"]]
        assert all(end == start for (_, end), (start, _) in pairwise(spans))
        assert all(interval["why"] for interval in clock["intervals"])
    assert {"weekend", "calendar office"} <= {i["why"] for i in resolution["intervals"]}


def test_a_paused_clock_has_no_due_time(api: Caller) -> None:
    number = api.post("tickets", {"client": a_client().id, "title": "x"}, 201).tree["number"]
    api.post(f"tickets/{number}/reply", {"body": "Which one?", "status": "waiting"})

    _, resolution = api.get(f"tickets/{number}/clocks").tree["items"]

    assert (resolution["state"], resolution["due_at"]) == ("paused", None)


def test_clocks_that_cannot_be_explained_are_told_as_stored(api: Caller, ticket: Ticket) -> None:
    assert ticket.site is not None
    ticket.site.time_zone = "Mars/Olympus_Mons"
    ticket.site.save()

    response, _ = api.get(f"tickets/{ticket.id}/clocks").tree["items"]

    assert "cannot be explained now" in response["sentence"]
    assert response["due_at"] == "2026-03-02T13:00:00Z"
    assert response["intervals"] == []


def test_a_ticket_without_clocks_has_an_empty_ledger(api: Caller) -> None:
    bare = a_ticket(a_client())

    assert api.get(f"tickets/{bare.id}/clocks").tree == {"items": [], "next": None}
