"""What trays are told of their desk: fetched when a cursor moved, costing nothing until then."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agent.protocol.words import ReplyKind, Urgency
from server_stub.clients.models import Client, Device
from server_stub.clients.scope import ALL
from server_stub.contacts.models import Contact, Report
from server_stub.intake.application import DeviceRoutes
from server_stub.knowledge.actions import keep_note, remove_note
from server_stub.knowledge.queries import notes_counted
from server_stub.sla import policy as policies
from server_stub.sla.models import PolicyVersion
from server_stub.tickets.models import Ticket
from tests.server_stub.intake.caller import Caller
from tests.server_stub.intake.messages import a_heartbeat, an_event, events_body
from tests.server_stub.intake.reports import a_reply, a_report
from tests.server_stub.sla.test_desk import SECTION
from tests.server_stub.sla.test_policy import TEXT
from tests.support.rows import a_client, a_policy_version

NOTE = "# Blank pages\n\nWords: printer, toner\n\nTake the strip off the new toner."


def told(device: Caller, name: str) -> dict[str, Any]:
    answer = device.call("GET", f"/api/v1/device/{name}")
    assert answer.status == 200, answer.body
    tree: dict[str, Any] = answer.tree
    return tree


def cursors(device: Caller) -> dict[str, Any]:
    """Return the cursors of a heartbeat's answer, once the server has looked again."""
    device.routes._devices.forget()
    found: dict[str, Any] = device.post("heartbeat", a_heartbeat().to_text()).tree["changes"]
    return found


def note(text: str = NOTE, client: Client | None = None) -> int:
    return keep_note(text, client, datetime.now(UTC))[0].id


def follow(text: str, name: str = "default") -> None:
    found = policies.load(text)
    PolicyVersion.objects.create(name=name, hash=found.hash, text=text)


def client_of(device: Caller) -> Client:
    return Device.objects.select_related("client").latest("enrolled_at").client


def test_a_device_is_told_the_desk_of_its_clients_policy(device: Caller) -> None:
    before = cursors(device)
    shipped = told(device, "profile")
    assert shipped["time_zone"] == "Europe/Paris", "the site's"
    assert shipped["hours"] == [
        {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}
    ]
    assert shipped["changes"] == before

    follow(TEXT + SECTION)
    after = cursors(device)
    assert after["profile"] != before["profile"]
    assert (after["tickets"], after["notes"]) == (before["tickets"], before["notes"])
    assert told(device, "profile")["provider"] == "Northwind IT"


def test_a_profile_is_made_of_what_its_cursor_names(
    device: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = cursors(device)["profile"]
    Device.objects.update(kind="server")
    after = cursors(device)["profile"]
    assert after != before
    assert told(device, "profile")["tray"] == "menu_only"
    monkeypatch.setattr("server_stub.intake.feeds._PROFILE_SHAPE", 2)
    assert cursors(device)["profile"] != after


def test_a_policy_that_this_version_cannot_read_is_no_reason_to_fail(device: Caller) -> None:
    a_policy_version("default", text="desk: [of the future]")
    device.routes._devices.forget()
    assert told(device, "profile")["provider"] == ""


def test_notes_are_those_of_the_client_and_those_for_all(
    new_device: Callable[..., Caller],
) -> None:
    ours, theirs = a_client(), a_client()
    device, other = new_device(client=ours), new_device(client=theirs)
    before = cursors(other)["notes"]
    own = note(client=ours)

    assert cursors(other)["notes"] == before, "nothing of theirs has changed"
    common = note("Slow?\nRestart it.")
    assert cursors(other)["notes"] != before
    assert [one["id"] for one in told(other, "notes")["notes"]] == [str(common)]
    assert told(device, "notes")["notes"] == [
        {
            "id": str(own),
            "title": "Blank pages",
            "words": "printer toner",
            "text": "Take the strip off the new toner.",
        },
        {"id": str(common), "title": "Slow?", "words": "", "text": "Restart it."},
    ]
    assert told(device, "notes")["changes"] == cursors(device)
    before = cursors(device)["notes"]
    remove_note(ALL, own)
    assert cursors(device)["notes"] != before


def test_cursors_cost_no_query_of_their_own(device: Caller, routes: DeviceRoutes) -> None:
    """They come with the one statement by which a device is known, once in ten seconds."""
    routes._devices.forget()
    with CaptureQueriesContext(connection) as first:
        assert device.post("events", events_body(an_event())).status == 200
    with CaptureQueriesContext(connection) as second:
        assert device.post("events", events_body(an_event(target="D:"))).status == 200
    asked = [query["sql"] for query in first if "notes_version" in query["sql"]]
    assert len(asked) == 1
    assert [
        q["sql"] for q in second if "policyversion" in q["sql"] or "knowledge" in q["sql"]
    ] == []


@pytest.mark.parametrize(
    ("urgency", "priority"),
    [(Urgency.CANNOT_WORK, "urgent"), (Urgency.SLOWS_ME, "normal"), (Urgency.CAN_WAIT, "normal")],
)
def test_the_policy_makes_the_priority_of_how_bad_it_is(
    device: Caller, urgency: Urgency, priority: str
) -> None:
    follow(TEXT + SECTION)
    device.post("tickets", a_report(urgency=urgency).to_text())
    assert Ticket.objects.get().priority == priority


def test_an_account_that_the_policy_calls_shared_is_nobodys_contact(device: Caller) -> None:
    """Whatever the device says: its copy of the profile may be an old one."""
    follow(TEXT + SECTION)
    report = a_report(account="1001:reception", account_name="SHOP\\Reception", shared=False)
    device.post("tickets", report.to_text())

    filed = Report.objects.get()
    assert filed.shared
    assert filed.tree["name"] == "Ann Smith"
    assert (Contact.objects.get().name, Contact.objects.get().email) == ("", "")


def test_a_note_that_helped_is_counted_once_however_often_it_is_told(device: Caller) -> None:
    number = note(client=client_of(device))
    solved = a_reply(ReplyKind.SOLVED, note=str(number)).to_text()

    answers = [device.post("replies", solved) for _ in range(3)]
    assert [one.receipts[0].result.value for one in answers] == ["accepted", *["duplicate"] * 2]
    assert notes_counted(ALL).get().solved == 1  # type: ignore[attr-defined] # annotated
    assert Ticket.objects.count() == 0


@pytest.mark.parametrize("which", ["foreign", "gone", "words", "9" * 40, "²"])
def test_a_note_that_is_not_theirs_counts_nothing_and_is_told_alike(
    device: Caller, which: str
) -> None:
    foreign = note(client=a_client())
    name = {"foreign": str(foreign), "gone": "123456"}.get(which, which)
    answer = device.post("replies", a_reply(ReplyKind.SOLVED, note=name).to_text())

    assert answer.receipts[0].result.value == "accepted"
    assert notes_counted(ALL).get().solved == 0  # type: ignore[attr-defined] # annotated
