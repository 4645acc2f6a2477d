"""What people do to a running agent: a rules file with mistakes, a message that was refused."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.protocol.problems import ProblemType
from tests.faults.station import Station, rule
from tests.support.agent_process import AgentProcess, enrolled, run_agent
from tests.support.lying_server import LyingServer, problem
from tests.support.polling import until
from tests.support.services import Services


def test_a_rules_file_that_got_worse_changes_nothing_and_is_told(station: Station) -> None:
    [port] = station.services.ports
    station.start()
    station.until_at_rest()
    good = station.rules.read_text()

    station.write_rules(good.replace("state != open", "state != opn").replace("high", "hgh"))
    until(lambda: station.status()["rules"]["problems"], what="the mistakes")

    place = rf"{re.escape(str(station.rules))}:\d+:\d+: "
    *mistakes, kept = station.status()["rules"]["problems"]
    assert len(mistakes) == 2
    assert all(re.match(place, line) for line in mistakes)
    assert "stay in force" in kept
    shown = run_agent("status", "--state", str(station.state))
    for line in (*mistakes, kept):
        assert line in shown
        assert line in station.log_text()
    station.services.stop(port)
    station.until_open(port)

    station.write_rules(good + "# mended\n")
    until(lambda: not station.status()["rules"]["problems"], what="the end of the mistakes")
    station.rules.chmod(0o666)
    until(lambda: station.status()["rules"]["problems"], what="a word on the file's mode")
    assert "chmod go-w" in station.status()["rules"]["problems"][0]
    station.services.start(port)
    station.until_resolved(port)
    assert station.history(port) == ["opened", "resolved"]
    station.assert_no_traceback()


@pytest.fixture
def server() -> Iterator[LyingServer]:
    with LyingServer() as made:
        yield made


def test_what_the_server_refuses_for_good_is_shown_and_a_person_decides(
    server: LyingServer, tmp_path: Path, short_folder: Path
) -> None:
    rules = tmp_path / "rules.yaml"
    with Services(2) as services:
        rules.write_text(rule(services.ports))
        rules.chmod(0o600)
        state = enrolled(short_folder, server.url)
        agent = AgentProcess(state, rules, module="tests.faults.restless_agent")
        try:
            until(lambda: "facts" in server.routes(), what="the facts")
            server.decide = lambda seen: (
                problem(ProblemType.INVALID_REQUEST, 422, detail="no such priority")
                if seen.route == "events"
                else None
            )
            for port in services.ports:
                services.stop(port)
            until(lambda: agent.status()["outbox"]["parked"] == 2, what="two refusals")
            server.decide = lambda _: None

            shown = run_agent("outbox", "--state", str(state))
            ids = re.findall(r"^([0-9a-f-]{36}) .*no such priority", shown, re.MULTILINE)
            assert len(ids) == 2
            assert "--requeue" in shown
            assert "2 refused" in run_agent("status", "--state", str(state))

            run_agent("outbox", "--requeue", ids[0], "--state", str(state))
            run_agent("outbox", "--drop", ids[1], "--state", str(state))
            until(lambda: server.arrived[ids[0]], what="the one that was sent again")
            assert "Nothing was refused" in run_agent("outbox", "--state", str(state))
            assert server.arrived[ids[1]] == 0
        finally:
            agent.stop()
    assert "Traceback" not in agent.log.read_text()
