"""A person files a report: kept while the server is down, a ticket once it is up, then answered."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from agent.local_link.client import ask
from server_stub.clients.scope import ALL
from server_stub.contacts.models import Attachment
from server_stub.tickets import acts
from server_stub.tickets.actions import amend
from server_stub.tickets.amendment import Actor
from server_stub.tickets.models import Ticket
from tests.agent.report_samples import a_file, a_report, pieces
from tests.end_to_end.conftest import Desk
from tests.support.agent_process import AgentProcess
from tests.support.local_users import LocalUser, folder_for_users
from tests.support.polling import until

RULES = """
version: 1
rules:
  - name: service
    check: tcp
    every: 1s
    startup_grace: 0s
    targets: {include: ["127.0.0.1:9"]}
    critical: {when: state != open, for: 1s, priority: high}
    ticket: {title: "Nothing answers at {target}", advice: "Start it."}
"""
ANN, BOB = 65_533, 65_532

pytestmark = pytest.mark.needs_root


class Office:
    """A computer with two people at it."""

    def __init__(self, desk: Desk, socket: Path, agent: AgentProcess) -> None:
        self.desk = desk
        self.agent = agent
        self.ann, self.bob = LocalUser(socket, ANN), LocalUser(socket, BOB)

    def ticket(self, user: LocalUser, report: str) -> dict[str, Any]:
        """Return a user's ticket as their tray shows it."""
        for one in user.ask("tickets").get("tickets", ()):
            if one["report"] == report:
                found: dict[str, Any] = one
                return found
        return {}


@pytest.fixture
def start_office(desk: Desk, tmp_path: Path) -> Iterator[Callable[..., Office]]:
    """Enrol this computer and start its agent; it ends with the test."""
    started: list[Office] = []

    def start(kind: str = "workstation") -> Office:
        desk.enrol("--kind", kind)
        socket = folder_for_users(tmp_path) / "agent.sock"
        agent = AgentProcess(
            desk.state, desk.rules(RULES), environment={"WATCHDESK_LINK": str(socket)}
        )
        started.append(Office(desk, socket, agent))
        return started[-1]

    yield start
    for office in started:
        for user in (office.ann, office.bob):
            user.__exit__()
        office.agent.stop()


def a_picture() -> bytes:
    """Return a picture of some 100 kB, which goes in several pieces."""
    out = io.BytesIO()
    Image.effect_noise((400, 300), 90).save(out, "PNG")
    return out.getvalue()


def staff_does(number: int, *steps: acts.Step) -> None:
    actor = Actor("tess@example.com")
    amend(ALL, number, actor, *steps, now=datetime.now(UTC))


def test_a_report_filed_with_the_server_down_becomes_a_ticket_and_its_answer_comes_back(
    start_office: Callable[..., Office], desk: Desk
) -> None:
    office = start_office()
    ann = office.ann
    until(lambda: ann.ask("known")["agent"]["connected"], what="the first contact")
    facts = until(lambda: ann.ask("facts")["facts"], what="the facts")
    assert "os" in facts
    desk.stop_server()

    picture = a_picture()
    file = a_file(picture)
    text = "It says password=Hunter2Hunter2 👩🏽"
    report = a_report(text=text, without=["os"], attachments=[file])
    assert ann.ask("submit", **report)["state"] == "saved"
    until(lambda: office.ticket(ann, report["id"]).get("state") == "saved", what="what is kept")
    for piece in pieces(report["id"], file["id"], picture):
        assert not office.bob.ask("attach", **piece)["ok"]
        assert ann.ask("attach", **piece)["ok"]
    desk.start_server()

    ticket: Any = until(
        lambda: (one := office.ticket(ann, report["id"])).get("due_at") and one,
        within_s=60,
        what="the ticket's number and due time",
    )
    row = Ticket.objects.get(id=ticket["number"])
    assert (row.source, ticket["status"], ticket["priority"]) == ("tray", "new", "normal")
    assert row.device is not None
    assert "Hunter2" not in row.timeline.get().body
    assert "👩🏽" in row.timeline.get().body
    until(lambda: Attachment.objects.get().state == "kept", within_s=60, what="the picture")

    assert office.bob.ask("tickets")["tickets"] == []
    said = office.bob.ask("reply", id=report["id"], ticket=row.id, text="mine")
    assert said["problem"] == f"you have no ticket {row.id}"
    assert not office.bob.ask("status")["ok"]

    staff_does(row.id, acts.reply("Is it plugged in?"), acts.resolve("It was not."))
    reply = a_report()["id"]
    until(lambda: ann.ask("reply", id=reply, ticket=row.id, text="It was!")["ok"], what="the reply")
    seen: Any = until(
        lambda: (one := office.ticket(ann, report["id"])).get("entries", [])[2:] and one,
        within_s=60,
        what="the answers",
    )
    kinds = [(one["kind"], one["own"]) for one in seen["entries"]]
    assert kinds == [("reply", False), ("resolved", False), ("reply", True)]
    assert seen["status"] == "open"


def test_what_is_known_about_the_computer_comes_with_its_ticket(
    start_office: Callable[..., Office], desk: Desk
) -> None:
    office = start_office()
    alert: Any = until(
        lambda: next((a for a in office.ann.ask("known").get("alerts", ()) if a["ticket"]), None),
        within_s=60,
        what="the alert with its ticket",
    )
    assert alert["title"] == "Nothing answers at 127.0.0.1:9"
    assert (alert["evaluation"], alert["ticket_status"]) == ("critical", "new")

    report = a_report(same_as=alert["fingerprint"])
    until(lambda: office.ann.ask("submit", **report)["ok"], what="the report")
    until(lambda: office.ticket(office.ann, report["id"]).get("number"), what="its number")
    seen = until(lambda: office.ticket(office.ann, report["id"]), what="the ticket")
    assert seen["number"] == alert["ticket"]
    [ticket] = desk.tickets()
    assert ticket["number"] == alert["ticket"]
    checked: Any = until(lambda: (a := office.ann.ask("check"))["ok"] and a, what="a check")
    assert checked["checks"][0]["evaluation"] == "critical"
    assert checked["verdict"]["where"] == "computer"


def test_a_servers_users_are_not_told_what_is_wrong_with_it_and_its_owner_is(
    start_office: Callable[..., Office], desk: Desk
) -> None:
    office = start_office("server")

    def told_to_owner() -> Any:
        return ask(desk.state, {"verb": "known"})["alerts"]

    [alert] = until(lambda: [a for a in told_to_owner() if a["ticket"]], what="the alert's ticket")
    assert alert["title"] == "Nothing answers at 127.0.0.1:9"
    assert office.ann.ask("known")["alerts"] == []
    assert office.ann.ask("verdict")["verdict"]["where"] != "computer"


def test_ten_kills_on_the_way_make_one_ticket_of_each_report(
    start_office: Callable[..., Office], desk: Desk, tmp_path: Path
) -> None:
    """The tray asks again until it is told ``saved``; whatever died meanwhile, there is one."""
    office = start_office()
    reports = [a_report(title=f"Report {number}") for number in range(10)]
    for number, report in enumerate(reports):
        line = json.dumps({"verb": "submit", **report}).encode()
        for _ in range(2):
            office.ann.send(line)  # answered or not
            if number % 2:
                office.agent.kill()
                office.agent = AgentProcess(
                    desk.state,
                    tmp_path / "rules.yaml",
                    environment={"WATCHDESK_LINK": str(tmp_path / "users" / "agent.sock")},
                )
        until(lambda r=report: office.ann.ask("submit", **r)["ok"], what="the report")  # type: ignore[misc] # bound early

    def numbers() -> set[int]:
        told = office.ann.ask("tickets").get("tickets", ())
        return {one["number"] for one in told if one["number"] is not None}

    until(lambda: len(numbers()) == len(reports), within_s=90, what="ten numbers")
    filed = [one for one in desk.tickets() if one["source"] == "tray"]
    assert sorted(one["title"] for one in filed) == sorted(one["title"] for one in reports)
