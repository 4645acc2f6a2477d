import socket
import threading
from pathlib import Path

import pytest

from tests.support.fake_agent import FakeAgent
from tray.agent_link import PLACES, Link, link_to
from tray.errors import AgentUnreachableError, RefusedError
from tray.known import Known


def test_the_agent_answers(agent: FakeAgent) -> None:
    known = Known.read(Link(agent.path).ask("known"))

    assert [alert.title for alert in known.alerts] == ["Disk C: is nearly full"]
    assert known.desk is not None
    assert known.desk.phone == "+44 20 7946 0000"


def test_a_socket_deep_in_the_file_system_is_reached(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 20) / ("deeper" * 10)
    folder.mkdir(parents=True)
    short = tmp_path / "s"
    short.symlink_to(folder)
    agent = FakeAgent(short)

    assert Link(folder / "agent.sock").ask("known")["ok"]
    agent.stop()


def test_what_the_agent_refuses_is_told_with_its_field(agent: FakeAgent) -> None:
    with pytest.raises(RefusedError) as refused:
        Link(agent.path).ask("submit", id="no id", title="x")

    assert refused.value.field == "id"


@pytest.mark.parametrize("line", [b"", b"nonsense\n", b"[1]\n"])
def test_an_answer_that_makes_no_sense_is_an_agent_out_of_reach(
    line: bytes, tmp_path: Path
) -> None:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "agent.sock"))
    listening.listen()

    def answer() -> None:
        with listening, listening.accept()[0] as connection:
            connection.recv(1000)
            connection.sendall(line)

    thread = threading.Thread(target=answer)
    thread.start()

    with pytest.raises(AgentUnreachableError, match=r"[Aa]gent"):
        Link(tmp_path / "agent.sock").ask("known")
    thread.join()


def test_without_an_agent_nothing_is_lost(tmp_path: Path) -> None:
    with pytest.raises(AgentUnreachableError, match="Nothing is lost"):
        Link(tmp_path / "agent.sock").ask("known")


def test_another_agent_leaves_another_mark(agent: FakeAgent) -> None:
    link = Link(agent.path)
    first = link.mark()
    agent.stop()
    gone = link.mark()
    agent.start()

    assert gone is None
    assert link.mark() not in (None, first)


def test_the_link_is_named_or_in_its_usual_place(tmp_path: Path) -> None:
    assert link_to(tmp_path).address == tmp_path / "agent.sock"
    assert link_to(None, {"WATCHDESK_LINK": "/x/agent.sock"}).address == Path("/x/agent.sock")
    assert link_to(None, {}).address in PLACES


def test_an_answer_of_another_version_is_read_as_far_as_it_goes() -> None:
    known = Known.read({"alerts": ["?", {}], "desk": {"hours": None}, "tickets": "?", "new": 1})

    assert len(known.alerts) == 1
    assert known.tickets == ()
