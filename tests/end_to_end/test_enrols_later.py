"""A computer that was set up before its server could be reached: it checks, keeps, and enrols."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.delivery import waiting
from agent.delivery.waiting import Waiting
from server_stub.clients.actions import new_enrolment_token
from server_stub.clients.models import Device
from tests.end_to_end.conftest import Desk
from tests.support.agent_process import AgentProcess, run_agent
from tests.support.databases import ServerDatabase
from tests.support.polling import until
from tests.support.server_process import ServerProcess

RULES = """
version: 1
rules:
  - name: service
    check: tcp
    every: 1s
    startup_grace: 0s
    targets: {include: ["127.0.0.1:9"]}
    critical: {when: state != open, for: 1s, priority: high}
    ticket: {title: "nothing answers on {target}"}
"""


@pytest.mark.parametrize("way", ["by itself", "by hand"])
def test_what_was_found_before_the_enrolment_becomes_a_ticket_after_it(
    sqlite: ServerDatabase, server_process: Callable[..., ServerProcess], tmp_path: Path, way: str
) -> None:
    desk = Desk(sqlite, server_process, tmp_path)
    by_hand = way == "by hand"
    token = new_enrolment_token(
        desk.client, None, uses=1, valid=timedelta(hours=1), now=datetime.now(UTC)
    )
    desk.stop_server()
    if not by_hand:
        waiting.keep(desk.state, Waiting(desk.url, token))
    agent = AgentProcess(desk.state, desk.rules(RULES))
    until(lambda: agent.status()["outbox"]["waiting"], what="the alert in the outbox")
    status = agent.status()
    assert "not enrolled yet" in status["troubles"][0]
    until(lambda: agent.status()["delivery"]["last_problem"], what="a first try")
    problem = agent.status()["delivery"]["last_problem"]
    assert ("nothing answers" if not by_hand else "not enrolled yet") in problem
    assert "not enrolled yet" in run_agent("status", "--state", str(desk.state))

    desk.start_server()
    if by_hand:
        run_agent("enroll", "--server", desk.url, "--token-file", "-",
                  "--state", str(desk.state), stdin=token)  # fmt: skip
    until(desk.tickets, 150, what="its ticket")

    status = agent.status()
    assert status["troubles"] == []
    assert status["device_id"] == str(Device.objects.get().id)
    assert not (desk.state / "enrolment.json").exists()
    assert token not in json.dumps(status) + agent.log.read_text()
    assert agent.stop() == 0
    again = AgentProcess(desk.state, desk.rules(RULES))
    until(lambda: again.status()["delivery"]["last_success_at"], what="its heartbeat")
    (ticket,) = desk.tickets()
    kinds = [entry["kind"] for entry in desk.timeline(ticket["number"])]
    assert kinds.count("created") <= 1, "nothing is told twice"
    again.stop()
