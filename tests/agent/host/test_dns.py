"""Asking name servers: packets, and a server of our own that answers as told."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.host import dns
from agent.host.dns import Question, ask, is_name, query, read

A = Question("www.example.com", "A", "127.0.0.1")
ADDRESS = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes((10, 0, 0, 7))
ALIAS = b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 60, 2) + b"\xc0\x0c"


def replied(asked: bytes, *records: bytes, flags: int = 0x8180) -> bytes:
    """Return the answer to a packet that asks."""
    return asked[:2] + struct.pack("!HHHHH", flags, 1, len(records), 0, 0) + asked[12:] + b"".join(
        records
    )  # fmt: skip


@contextlib.contextmanager
def name_server(
    monkeypatch: pytest.MonkeyPatch, reply: Callable[[bytes], bytes | None]
) -> Iterator[list[bytes]]:
    """Serve on loopback; what it was asked is listed."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        monkeypatch.setattr(dns, "PORT", listening.getsockname()[1])
        leave = b"leave"

        def serve() -> None:
            while True:
                packet, sender = listening.recvfrom(4096)
                if packet == leave:
                    return
                asked.append(packet)
                answer = reply(packet)
                if answer is not None:
                    listening.sendto(answer, sender)

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield asked
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
                ending.sendto(leave, listening.getsockname())
            serving.join()


def test_a_question_is_written_as_the_standard_has_it() -> None:
    assert query(7, Question("a.example.", "MX")) == bytes.fromhex(
        "0007 0100 0001 0000 0000 0000 0161 076578616d706c65 00 000f 0001".replace(" ", "")
    )


@pytest.mark.parametrize(
    ("records", "flags", "state"),
    [
        ((ADDRESS,), 0x8180, "found"),
        ((ALIAS, ADDRESS), 0x8180, "found"),
        ((), 0x8380, "found"),  # cut: what is there does not fit
        ((), 0x8180, "empty"),
        ((ALIAS,), 0x8180, "empty"),  # it leads to nothing
        ((), 0x8183, "empty"),  # no such name
        ((), 0x8182, "failed"),  # the server failed
        ((), 0x8185, "failed"),  # it refuses us
        ((ADDRESS[:5],), 0x8180, "failed"),
        ((ADDRESS,), 0x0100, ""),  # a question is no answer
    ],
)
def test_an_answer_is_read(records: tuple[bytes, ...], flags: int, state: str) -> None:
    assert read(replied(query(7, A), *records, flags=flags), 7, A) == state


def test_an_answer_to_another_question_is_none() -> None:
    """Anybody can send us a packet."""
    answer = replied(query(7, A), ADDRESS)
    assert read(answer, 8, A) == ""
    assert read(answer, 7, A._replace(name="www.example.net")) == ""
    assert read(answer, 7, A._replace(name="WWW.example.com")) == "found"


@given(st.binary(max_size=200), st.integers(0, 3))
def test_whatever_comes_is_read(tail: bytes, cut: int) -> None:
    answer = replied(query(7, A), ADDRESS, ALIAS)[: 33 + cut] + tail
    assert read(answer, 7, A) in {"found", "empty", "failed", ""}


@pytest.mark.parametrize("name", ["a", "example.com", "example.com.", "_sip._tcp.a-b.example"])
def test_a_name_is_one(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name", ["", ".", "a..b", "a b", "bücher.example", "a" * 64, "a." * 127 + "a", "a/b", "x\n"]
)
def test_what_is_no_name_is_not_asked(name: str) -> None:
    assert not is_name(name)
    with pytest.raises(ValueError, match="is no name"):
        query(1, Question(name, "A"))


def test_many_names_are_asked_of_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    questions = [A._replace(name=f"n{number}.example.com") for number in range(20)]
    with name_server(monkeypatch, lambda asked: replied(asked, ADDRESS)) as asked:
        answers = ask(questions, [])
    assert {answer.state for answer in answers.values()} == {"found"}
    assert all(answer.taken_s > 0 for answer in answers.values())
    assert len(asked) == 20


def test_a_lost_packet_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    def second_time(asked: bytes) -> bytes | None:
        seen.append(asked)
        return replied(asked, ADDRESS) if len(seen) > 1 else None

    monkeypatch.setattr(dns, "ANSWER_S", 0.5)
    with name_server(monkeypatch, second_time):
        assert ask([A], [])[A].state == "found"


def test_when_a_server_fails_the_next_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    anyone = A._replace(server="")
    with name_server(monkeypatch, lambda asked: replied(asked, ADDRESS)):
        assert ask([anyone], ["127.0.0.2", "127.0.0.1"])[anyone].state == "found"


def test_what_nobody_answers_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    with name_server(monkeypatch, lambda asked: replied(asked, flags=0x8182)) as asked:
        assert ask([A], [])[A].state == "failed"
    assert len(asked) == 3
    assert ask([A], [])[A].state == "failed", "nobody listens any more"
    assert ask([A._replace(server="")], [])[A._replace(server="")].state == "failed"


def test_a_packet_that_is_no_answer_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a forger's would end the waiting."""
    monkeypatch.setattr(dns, "ANSWER_S", 0.2)
    with name_server(monkeypatch, lambda asked: b"\0\0" + replied(asked, ADDRESS)[2:]):
        assert ask([A], [])[A].state == "failed"
