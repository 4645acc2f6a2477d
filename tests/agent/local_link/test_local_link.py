"""Both ends of the local link over real sockets: who may ask, how much, what people are told."""

import json
import os
import random
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.errors import AgentError, LinkError
from agent.local_link import server as server_module
from agent.local_link.client import ask
from agent.local_link.peer import Peer
from agent.local_link.server import LinkServer
from agent.protocol.link import MAX_LINE_BYTES
from tests.support.polling import until

Respond = Callable[[dict[str, Any], Peer], dict[str, Any]]


def _echo(request: dict[str, Any], peer: Peer) -> dict[str, Any]:
    return {"request": request, "peer": list(peer)}


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Callable[..., LinkServer]]:
    """Open local links: ``listen(answer, state_dir)``; all are closed."""
    opened: list[LinkServer] = []

    def listen(answer: Respond = _echo, state_dir: Path = tmp_path) -> LinkServer:
        opened.append(LinkServer(state_dir, answer))
        return opened[-1]

    yield listen
    for one in opened:
        one.close()


def _connect(state_dir: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(20)
    connection.connect(str(state_dir / "agent.sock"))
    return connection


def _all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_a_request_gets_its_answer_and_the_agent_knows_who_asks(
    listen: Callable[..., LinkServer], tmp_path: Path
) -> None:
    listen()
    answer = ask(tmp_path, {"verb": "status", "note": "Ümläut\n"})
    assert answer == {
        "ok": True,
        "request": {"verb": "status", "note": "Ümläut\n"},
        "peer": [str(os.getuid()), os.getpid(), os.getuid() == 0],
    }


def test_one_connection_may_carry_several_requests(
    listen: Callable[..., LinkServer], tmp_path: Path
) -> None:
    listen(lambda request, _: {"n": request["n"]})
    with _connect(tmp_path) as connection:
        connection.sendall(b'{"verb":"a","n":1}\n{"verb":"a","n":2}\n{"verb":')
        connection.sendall(b'"a","n":3}\n')
        connection.shutdown(socket.SHUT_WR)
        assert [json.loads(line)["n"] for line in _all(connection).splitlines()] == [1, 2, 3]


def test_an_answer_may_be_long(listen: Callable[..., LinkServer], tmp_path: Path) -> None:
    listen(lambda *_: {"checks": ["x" * 1000] * 2000})
    assert len(ask(tmp_path, {"verb": "status"})["checks"]) == 2000


def test_the_socket_is_open_to_its_owner_only(
    listen: Callable[..., LinkServer], tmp_path: Path
) -> None:
    before = os.umask(0)
    try:
        listen()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "agent.sock").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["agent.sock"]


@pytest.mark.needs_root
def test_another_user_is_turned_away_and_told_so(
    listen: Callable[..., LinkServer], tmp_path: Path
) -> None:
    listen()
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    script = (
        "import os, sys; from pathlib import Path; from agent.local_link.client import ask\n"
        "from agent.errors import LinkError; os.setuid(65534)\n"
        "try: ask(Path(sys.argv[1]), {'verb': 'status'})\n"
        "except LinkError as error: print(error)"
    )
    asked = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "this user may not ask" in asked.stdout


def test_a_state_folder_of_any_depth_works(
    listen: Callable[..., LinkServer], tmp_path: Path
) -> None:
    """The kernel takes no socket path beyond 107 bytes."""
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 12)
    deep.mkdir(parents=True)
    listen(_echo, deep)
    assert ask(deep, {"verb": "status"})["ok"]
    assert (deep / "agent.sock").is_socket()


@pytest.mark.parametrize("length", range(85, 112))
def test_every_length_of_path_around_the_limit_works(
    listen: Callable[..., LinkServer], tmp_path: Path, length: int
) -> None:
    folder = tmp_path / ("x" * max(1, length - len(str(tmp_path)) - 1))
    folder.mkdir()
    listen(_echo, folder)
    assert ask(folder, {"verb": "status"})["ok"]


def test_without_an_agent_one_is_told_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="no agent runs on"):
        ask(tmp_path, {"verb": "status"})


def test_a_socket_that_a_killed_agent_left_is_replaced(
    listen: Callable[..., LinkServer], tmp_path: Path
) -> None:
    for name in ("agent.sock", ".agent.sock.new"):
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(tmp_path / name))
    with pytest.raises(LinkError, match="no agent runs on"):
        ask(tmp_path, {"verb": "status"})
    listen()
    assert ask(tmp_path, {"verb": "status"})["ok"]


def test_a_socket_that_answers_is_not_replaced(
    listen: Callable[..., LinkServer], tmp_path: Path
) -> None:
    listen(lambda *_: {"first": True})
    with pytest.raises(LinkError, match="another agent answers"):
        LinkServer(tmp_path, _echo)
    assert ask(tmp_path, {"verb": "status"})["first"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="nowhere: No such file"):
        LinkServer(tmp_path / "nowhere", _echo)


def test_after_closing_no_thread_and_no_socket_is_left(tmp_path: Path) -> None:
    link = LinkServer(tmp_path, _echo)
    ask(tmp_path, {"verb": "status"})
    with _connect(tmp_path):
        link.close()
    assert not list(tmp_path.iterdir())
    until(lambda: not any(t.name.startswith("local-link") for t in threading.enumerate()))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"nonsense\n", "not JSON"),
        (b"[]\n", "a JSON object"),
        (b"{}\n", "verb: missing"),
        (b'{"verb":7}\n', "verb: missing"),
        (b'{"verb":"a","n":NaN}\n', "n: "),
        (b'{"verb":"\\ud800"}\n', "surrogate"),
        (b"[" * 60_000 + b"\n", "nested"),
        (b'{"verb":"' + b"x" * MAX_LINE_BYTES + b'"}\n', "at most 262144 bytes"),
    ],
)
def test_a_request_that_makes_no_sense_is_answered_with_the_reason(
    listen: Callable[..., LinkServer], tmp_path: Path, line: bytes, words: str
) -> None:
    listen()
    with _connect(tmp_path) as connection:
        connection.sendall(line)
        answer = json.loads(connection.makefile("rb").readline())
    assert answer["ok"] is False
    assert words in answer["problem"]
    assert ask(tmp_path, {"verb": "status"})["ok"]


def test_what_the_agent_says_no_to_is_told_and_what_breaks_in_it_is_not(
    listen: Callable[..., LinkServer], tmp_path: Path
) -> None:
    def answer(request: dict[str, Any], _: Peer) -> dict[str, Any]:
        if request["verb"] == "no":
            raise AgentError("there is no verb 'no'")
        raise RuntimeError("canary of the inside")

    listen(answer)
    with pytest.raises(LinkError, match="there is no verb 'no'"):
        ask(tmp_path, {"verb": "no"})
    with pytest.raises(LinkError, match="its log says why") as caught:
        ask(tmp_path, {"verb": "status"})
    assert "canary" not in str(caught.value)


def test_a_slow_caller_keeps_nobody_waiting_and_is_cut_off(
    listen: Callable[..., LinkServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "CONNECTION_S", 0.5)
    listen()
    with _connect(tmp_path) as slow:
        slow.sendall(b'{"verb":')
        assert ask(tmp_path, {"verb": "status"})["ok"]
        assert _all(slow) == b""


def test_one_user_cannot_take_all_connections(
    listen: Callable[..., LinkServer], tmp_path: Path
) -> None:
    listen()
    held = [_connect(tmp_path) for _ in range(server_module.CONNECTIONS_OF_USER)]
    with _connect(tmp_path) as another:
        assert b"too many connections" in _all(another)
    for connection in held:
        connection.close()
    until(lambda: _asks(tmp_path))


def test_who_asks_too_often_is_told_and_may_ask_again_later(
    listen: Callable[..., LinkServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "BURST", 5.0)
    listen()
    answers = [_asks(tmp_path) for _ in range(30)]
    assert answers[0]
    assert not all(answers)
    until(lambda: _asks(tmp_path))


def _asks(state_dir: Path) -> bool:
    try:
        return bool(ask(state_dir, {"verb": "status"})["ok"])
    except LinkError as error:
        if "too many" not in str(error):
            raise
        return False


def test_an_agent_that_does_not_answer_in_time_is_told_as_such(
    listen: Callable[..., LinkServer], tmp_path: Path
) -> None:
    silent = threading.Event()

    def wait(*_: object) -> dict[str, Any]:
        silent.wait(20)
        return {}

    listen(wait)
    with pytest.raises(LinkError, match=r"did not answer within 0\.3 s"):
        ask(tmp_path, {"verb": "status"}, 0.3)
    silent.set()


def test_an_agent_that_breaks_off_is_told_as_such(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "agent.sock"))
        listening.listen()
        for said, words in ((b'{"ok": tr', "broke off"), (b"nonsense\n", "cannot be read")):
            answering = threading.Thread(target=_say, args=(listening, said))
            answering.start()
            with pytest.raises(LinkError, match=words):
                ask(tmp_path, {"verb": "status"})
            answering.join()


def _say(listening: socket.socket, said: bytes) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(said)


def test_a_thousand_mutated_frames_leave_it_answering(
    listen: Callable[..., LinkServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "BURST", 1e9)
    listen()
    dice = random.Random(3)  # noqa: S311 - a test that repeats itself
    good = b'{"verb":"status","list":[1,2.5,"\\u00e4",null],"deep":{"a":{"b":[]}}}\n'
    for _ in range(1000):
        frame = bytearray(good * dice.randrange(1, 4))
        for _ in range(dice.randrange(1, 12)):
            frame[dice.randrange(len(frame))] = dice.randrange(256)
        with _connect(tmp_path) as connection:
            connection.sendall(frame)
            connection.shutdown(socket.SHUT_WR)
            for line in _all(connection).splitlines():
                assert isinstance(json.loads(line)["ok"], bool)
    assert ask(tmp_path, {"verb": "status"})["ok"]
