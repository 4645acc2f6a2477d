"""One table says who may do what, and every way in asks it; on both databases."""

from itertools import pairwise
from pathlib import Path

import pytest
from django.test import Client as Browser

from agent.protocol.problems import ProblemType
from server_stub.api.access import rights_of
from server_stub.api.interface import operations
from server_stub.desk import rights
from server_stub.desk.actions import add_technician
from server_stub.desk.models import Role, Technician
from server_stub.desk.rights import RIGHTS, Right, demand, may
from server_stub.errors import ForbiddenError, InvalidError
from server_stub.staff.acts import ACTS
from server_stub.staff.people import assignable
from server_stub.tickets.models import Ticket, TimelineEntry
from tests.server_stub.api.caller import a_caller
from tests.support.databases import ServerDatabase
from tests.support.rows import a_client, a_device, a_technician, a_ticket

ROLES = Path(__file__).parents[3] / "docs" / "roles.md"
BODIES = {
    "plan_maintenance": {"client": 1, "reason": "x", "starts_at": "2036-03-02T09:00:00Z"},
    "create_ticket": {"client": 1, "title": "x"},
    "change_ticket": {"title": "x"},
    "reply": {"body": "x"},
    "note": {"body": "x"},
    "call": {"body": "x"},
    "review": {"body": "x"},
    "workaround": {"body": "x"},
    "close": {"why": "canceled"},
    "confirm": {"fixed": True},
    "escalate": {"level": "2"},
    "consult": {"level": "3", "body": "x"},
    "appeal": {"body": "x"},
    "approval": {"granted": True},
    "grade": {"urgency": "high", "impact": "many"},
    "date": {"due_at": "2036-03-02T09:00:00Z"},
    "duplicate": {"of": 1},
    "link": {"other": 1, "kind": "related"},
    "unlink": {"other": 1, "kind": "related"},
    "add_participant": {"email": "a@b.example"},
    "leave": {"participant": 1},
    "log_work": {"started_at": "2026-03-02T08:00:00Z", "minutes": 5},
    "delay": {"reason": "x"},
    "contact_attempt": {"way": "phone"},
    "contact_outcome": {"outcome": "canceled"},
    "accept": {"reason": "x"},
    "add_agreement": {"name": "gold", "starts": "2026-01-01"},
    "end_agreement": {"last_day": "2026-01-01"},
    "set_client_importance": {"importance": "vip"},
    "set_contact_importance": {"importance": "vip"},
    "set_device_importance": {"importance": "vip"},
    "change_standing": {"importance": "vip", "reason": "x"},
    "retire_device": {"reason": "x"},
    "restore_device": {"reason": "x"},
}
FORMS = {
    "reply": {"body": "x", "then": ""},
    "note": {"body": "x"},
    "assign": {"assignee": ""},
    "priority": {"priority": "high", "reason": "x"},
    "status": {"status": "waiting"},
    "resolve": {"body": "x"},
    "contact": {"contact": "1"},
    "reopen": {"body": "x"},
    "stage": {"stage": "waiting"},
    "close": {"why": "canceled"},
    "settle": {"how": "good", "reason": "x"},
    "end-acceptance": {},
    "confirm": {"fixed": "yes"},
    "type": {"type": "request"},
    "grade": {"urgency": "high", "impact": "many"},
    "title": {"title": "x"},
    "date": {"clock": "resolution", "due_at": "2036-03-02T09:00", "reason": "x"},
    "approval": {"granted": "yes"},
    "escalate": {"level": "2", "message": "x", "expectation": "x", "reason": "x"},
    "consult": {"level": "3", "body": "x"},
    "appeal": {"body": "x"},
    "attempt": {"way": "phone"},
    "outcome": {"outcome": "canceled"},
    "review": {"body": "x"},
    "work-around": {"body": "x"},
    "participant": {"email": "rui@client.example"},
    "leave": {"participant": "1"},
    "watch": {"on": "yes"},
    "team": {"team": "x"},
    "duplicate": {"other": "2"},
    "link": {"kind": "related", "other": "2"},
    "unlink": {"kind": "related", "other": "2"},
    "work": {"minutes": "5"},
    "scope": {"scope": "direct"},
    "charge": {"to": "yes"},
    "delay": {"reason": "x"},
    "agreement": {"agreement": "none", "reason": "x"},
    "importance": {"importance": "vip", "reason": "x"},
}


def without(right: Right, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take one right from technicians."""
    left = frozenset(Right) - {right}
    monkeypatch.setattr(rights, "RIGHTS", {**RIGHTS, Role.TECHNICIAN: left})


def test_every_role_is_in_the_table_and_staff_may_read() -> None:
    assert set(RIGHTS) == set(Role)
    assert {role for role in Role if not may(role, Right.READ)} == {Role.CONTACT}


def test_each_role_may_what_the_one_below_may() -> None:
    order = [Role.CONTACT, Role.READ_ONLY, Role.TECHNICIAN, Role.DISPATCHER, Role.ADMIN]
    assert all(RIGHTS[lower] < RIGHTS[upper] for lower, upper in pairwise(order))


def test_the_page_of_roles_says_what_the_table_says() -> None:
    told = {}
    for line in ROLES.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == len(Role) + 1:
            told[cells[0]] = cells[1:]
    columns = told.pop("right")
    del told["---"]

    assert sorted(columns) == sorted(Role)
    assert told == {
        str(right): ["yes" if may(role, right) else "" for role in columns] for right in Right
    }


def test_a_clients_contact_reaches_nothing_of_the_desk(database: ServerDatabase) -> None:
    client = a_client()
    ticket = a_ticket(client)
    contact = a_technician("", client, role=Role.CONTACT)
    browser = Browser()
    browser.force_login(contact)

    for address in ("/", f"/tickets/{ticket.id}", "/devices"):
        assert browser.get(address).status_code == 403, address
    assert browser.post(f"/tickets/{ticket.id}/note", {"body": "x"}).status_code == 403
    api = a_caller(role=Role.CONTACT)
    for path in ("tickets", f"tickets/{ticket.id}/timeline", "devices", "clients", "audit"):
        assert api.get(path, 403).problem is ProblemType.FORBIDDEN, path


def test_who_may_only_read_reads_and_does_nothing(database: ServerDatabase) -> None:
    ticket = a_ticket(a_client())
    reader = a_technician(role=Role.READ_ONLY)
    browser = Browser()
    browser.force_login(reader)

    assert browser.get(f"/tickets/{ticket.id}").status_code == 200
    for name in ACTS:
        answer = browser.post(f"/tickets/{ticket.id}/{name}", FORMS[name])
        assert answer.status_code == 403, name
    assert not TimelineEntry.objects.exists()


def test_nobody_is_given_a_ticket_who_cannot_work_it(database: ServerDatabase) -> None:
    reader = a_technician(role=Role.READ_ONLY)
    ticket = a_ticket(a_client())
    api = a_caller()

    api.patch(f"tickets/{ticket.id}", {"assignee": reader.email}, 422)

    assert reader.email not in {email for email, _ in assignable(ticket)}


def test_a_contact_is_some_clients(sqlite: ServerDatabase) -> None:
    with pytest.raises(InvalidError, match="whose contact"):
        add_technician("a@b.example", Role.CONTACT, "x")


def test_a_role_that_is_none_may_nothing() -> None:
    assert not any(may("owner", right) for right in Right)


def test_who_may_instead_is_told() -> None:
    with pytest.raises(ForbiddenError, match=r"technician may not reassign.*admin or dispatcher"):
        demand(Role.TECHNICIAN, Right.TAKE_OVER)


def test_every_operation_asks_for_its_right(
    database: ServerDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = a_client()
    numbers = {"number": a_ticket(client).id, "device_id": a_device(client).id,
               "client_id": client.id, "attachment": 1, "agreement": 1, "contact": 1,
               "window": 1}  # fmt: skip
    api = a_caller(role=Role.TECHNICIAN)
    asked = set()
    for method, path, operation in operations():
        name = operation.view_func.__name__
        right = rights_of(operation.view_func)[0]
        with monkeypatch.context() as less:
            without(right, less)
            answer = api.call(
                method,
                path.format(**numbers),
                BODIES.get(name),
                status=403,
                idempotency_key="1",
                if_match="*",
            )
        assert answer.problem is ProblemType.FORBIDDEN, name
        assert "may not" in answer.tree["detail"]
        asked.add(name)

    assert len(asked) == len({view.view_func for _, _, view in operations()})
    assert not TimelineEntry.objects.exists()


@pytest.mark.parametrize(
    ("change", "right"),
    [
        ({"title": "x"}, Right.TITLE),
        ({"assignee": None}, Right.ASSIGN),
        ({"priority": "high", "reason": "x"}, Right.PRIORITY),
        ({"status": "waiting"}, Right.STATUS),
        ({"priority": "high", "reason": "x", "title": "x"}, Right.TITLE),
    ],
)
def test_each_change_asks_for_its_own_right(
    database: ServerDatabase,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, str | None],
    right: Right,
) -> None:
    ticket = a_ticket(a_client())
    api = a_caller()
    without(right, monkeypatch)

    api.patch(f"tickets/{ticket.id}", change, 403)

    assert Ticket.objects.get().version == 0


def test_every_act_on_the_page_asks_for_its_right(
    database: ServerDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = a_ticket(a_client())
    browser = Browser()
    browser.force_login(a_technician())
    assert set(FORMS) == set(ACTS)

    for name, act in ACTS.items():
        with monkeypatch.context() as less:
            without(act.right, less)
            answer = browser.post(f"/tickets/{ticket.id}/{name}", FORMS[name])
        assert answer.status_code == 403, name
        assert "may not" in answer.content.decode()

    assert not TimelineEntry.objects.exists()
    assert Technician.objects.count() == 1
