"""Real connections on this computer: taken, refused, unanswered."""

import errno
import socket
import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from agent.errors import CheckError, CheckTimeoutError
from agent.host import abandonable, connect
from agent.host.connect import Attempt, Outcome, Place, attempt


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "_known_addresses", {})


@pytest.fixture
def listening() -> Iterator[Place]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield Place("127.0.0.1", server.getsockname()[1])


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def state(outcome: Outcome) -> str:
    assert isinstance(outcome, Attempt)
    return outcome.state


def test_a_listening_service_is_open_and_the_time_is_told(listening: Place) -> None:
    [found] = attempt([listening]).values()
    assert isinstance(found, Attempt)
    assert found.state == "open"
    assert 0 <= found.taken_s < connect.CONNECT_S


def test_a_closed_port_refuses() -> None:
    [found] = attempt([Place("127.0.0.1", closed_port())]).values()
    assert state(found) == "refused"


def test_ipv6_is_spoken() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        [found] = attempt([Place("::1", server.getsockname()[1])]).values()
    assert state(found) == "open"


def test_a_name_is_looked_up_and_each_of_its_addresses_tried(
    listening: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up(monkeypatch, {"both.example": "::1 127.0.0.1"})
    [found] = attempt([Place("both.example", listening.port)]).values()
    assert state(found) == "open"


def test_a_name_without_address_is_unreachable() -> None:
    [found] = attempt([Place("no-such-host.invalid", 80)]).values()
    assert state(found) == "unreachable"


def test_a_service_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full queue of connections: the kernel drops what more comes."""
    monkeypatch.setattr(connect, "CONNECT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        place = Place("127.0.0.1", server.getsockname()[1])
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.settimeout(0)
            filler.connect_ex(place)
        [found] = attempt([place]).values()
        for filler in fillers:
            filler.close()
    assert state(found) == "timeout"


def test_many_places_are_tried_at_once(listening: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "CONNECT_S", 0.3)
    closed = [Place("127.0.0.1", closed_port()) for _ in range(20)]
    found = attempt([listening, *closed])
    assert state(found[listening]) == "open"
    assert {state(found[place]) for place in closed} == {"refused"}


def test_a_port_that_connects_to_itself_is_not_open() -> None:
    """TCP lets a connection meet itself when its own free port is the one it calls."""
    with socket.socket() as connection:
        connection.bind(("127.0.0.1", 0))
        connection.connect(connection.getsockname())
        assert state(connect._ended(connection, 0, time.monotonic())) == "refused"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (0, "open"),
        (errno.ECONNREFUSED, "refused"),
        (errno.ECONNRESET, "refused"),
        (errno.ETIMEDOUT, "timeout"),
        (errno.ENETUNREACH, "unreachable"),
        (errno.EHOSTUNREACH, "unreachable"),
        (errno.EPERM, "unreachable"),
    ],
)
def test_each_error_of_the_network_is_one_of_our_words(code: int, expected: str) -> None:
    assert state(connect._outcome(code, 0.1)) == expected


def test_what_the_agent_itself_lacks_is_no_finding_about_the_service() -> None:
    found = connect._outcome(errno.EMFILE, 0.1)
    assert isinstance(found, CheckError)
    assert "EMFILE" in found.reason


def looked_up(monkeypatch: pytest.MonkeyPatch, known: dict[str, str]) -> list[str]:
    """Answer for the resolver; return the list of the names it will have been asked."""
    asked: list[str] = []

    def ask(
        probe: str, names: Sequence[str], _deadline_s: float
    ) -> Iterator[tuple[str, str | CheckError]]:
        assert probe == "addresses"
        for name in names:
            asked.append(name)
            yield name, known.get(name) or CheckTimeoutError("no answer")

    monkeypatch.setattr(abandonable, "ask", ask)
    return asked


def test_addresses_are_kept_and_asked_again_when_they_are_of_no_use(
    listening: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = looked_up(monkeypatch, {"web.example": "127.0.0.1"})
    now_s = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    good, bad = Place("web.example", listening.port), Place("web.example", closed_port())
    attempt([good])
    now_s += 290
    attempt([good])
    assert asked == ["web.example"]
    now_s += 20
    attempt([good])
    assert asked == ["web.example"] * 2
    attempt([bad])
    now_s += 20
    attempt([bad])
    assert asked == ["web.example"] * 2
    now_s += 20
    attempt([bad])
    assert asked == ["web.example"] * 3


def test_a_resolver_that_hangs_does_not_take_the_time_of_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = looked_up(monkeypatch, {})
    moments = iter(float(n * 4) for n in range(100))
    monkeypatch.setattr(time, "monotonic", lambda: next(moments))
    found = attempt([Place(f"h{n}.example", 80) for n in range(5)])
    assert asked == ["h0.example"]
    assert state(found[Place("h0.example", 80)]) == "unreachable"
    unasked = found[Place("h1.example", 80)]
    assert isinstance(unasked, CheckError)
    assert unasked.reason == "its name could not be looked up in time"


def test_nothing_is_left_open(listening: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        received: list[bytes] = []

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                received.append(connection.recv(10))

        thread = threading.Thread(target=serve)
        thread.start()
        attempt([listening, Place("127.0.0.1", server.getsockname()[1])])
        thread.join(10)
    assert received == [b""], "the service saw us come and go"
