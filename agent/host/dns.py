"""Asking name servers (RFC 1035), many questions at once and in bounded time.

Not by the system's resolver: it knows no deadline, keeps answers, and does not tell a server
that fails from a name that does not exist.
"""

import os
import selectors
import socket
import struct
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

PORT = 53
ANSWER_S = 2.0
"""The time a server has for its answer; then the next one is asked, or the same again."""

KINDS = {
    "A": 1,
    "NS": 2,
    "CNAME": 5,
    "SOA": 6,
    "PTR": 12,
    "MX": 15,
    "TXT": 16,
    "AAAA": 28,
    "SRV": 33,
    "CAA": 257,
}
_HEADER = struct.Struct("!HHHHHH")  # id, flags, and how many of four sections
_FIXED = struct.Struct("!HHIH")  # of a record: kind, class, lifetime, length
_INTERNET, _RECURSION_WANTED = 1, 0x0100
_IS_ANSWER, _IS_CUT, _RCODE = 0x8000, 0x0200, 0x000F
_NO_ERROR, _NO_SUCH_NAME = 0, 3
_LONGEST_LABEL, _LONGEST_NAME, _POINTER = 63, 253, 0xC0
_TRIES = 3


class Question(NamedTuple):
    """What is asked: a name, a kind of record, and of whom ("": the system's servers)."""

    name: str
    kind: str
    server: str = ""


class Answer(NamedTuple):
    """How it went: found, empty (no such record, no such name) or failed, and in what time."""

    state: str
    taken_s: float


def ask(questions: Iterable[Question], servers: Sequence[str]) -> Mapping[Question, Answer]:
    """Ask everything at once; a question that fails goes to the next server, or there again."""
    answers = {question: Answer("failed", 0.0) for question in questions}
    for turn in range(_TRIES):
        asked = {}
        for question, answer in answers.items():
            known = [question.server] if question.server else servers
            if answer.state == "failed" and known:
                asked[question] = known[turn % len(known)]
        if not asked:
            break
        answers |= _turn(asked)
    return answers


def _turn(asked: Mapping[Question, str]) -> dict[Question, Answer]:
    answers: dict[Question, Answer] = {}
    begun_s = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for question, server in asked.items():
            number = int.from_bytes(os.urandom(2), "big")
            asking = _sent(query(number, question), server)
            if asking:
                selector.register(asking, selectors.EVENT_READ, (asking, question, number))
        while selector.get_map():
            ready = selector.select(max(0.0, begun_s + ANSWER_S - time.monotonic()))
            for key in [key for key, _ in ready] or list(selector.get_map().values()):
                asking, question, number = key.data
                state = _received(asking, number, question) if ready else "failed"
                if state:
                    answers[question] = Answer(state, time.monotonic() - begun_s)
                    selector.unregister(asking)
                    asking.close()
    return answers


def _sent(packet: bytes, server: str) -> socket.socket | None:
    """Return a socket that waits for the answer; None when there is no way to the server."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    try:
        asking = socket.socket(family, socket.SOCK_DGRAM)
    except OSError:
        return None
    asking.settimeout(0)
    try:
        asking.connect((server, PORT))
        asking.send(packet)
    except OSError:
        asking.close()
        return None
    return asking


def _received(asking: socket.socket, number: int, question: Question) -> str:
    """Return what has come; nothing when it is no answer to this question."""
    try:
        return read(asking.recv(4096), number, question)
    except BlockingIOError:
        return ""
    except OSError:  # nobody listens there
        return "failed"


def query(number: int, question: Question) -> bytes:
    """Return the packet that asks; raises ValueError for what is no name."""
    head = _HEADER.pack(number, _RECURSION_WANTED, 1, 0, 0, 0)
    return head + _asked(question)


def read(packet: bytes, number: int, question: Question) -> str:
    """Return found, empty or failed; nothing for a packet that is no answer to the question."""
    try:
        told, flags, _, count, _, _ = _HEADER.unpack_from(packet)
        asked = _asked(question)
        at = _HEADER.size + len(asked)
        same = packet[_HEADER.size : at].lower() == asked.lower()
        if told != number or not flags & _IS_ANSWER or not same:
            return ""
        rcode = flags & _RCODE
        if rcode not in (_NO_ERROR, _NO_SUCH_NAME):
            return "failed"
        if flags & _IS_CUT:  # there is more than fits, so there is something
            return "found"
        for _ in range(count):
            at = _after_name(packet, at)
            kind, _, _, length = _FIXED.unpack_from(packet, at)
            if kind == KINDS[question.kind]:
                return "found"
            at += _FIXED.size + length
    except (struct.error, IndexError):
        return "failed"
    return "empty"


def is_name(text: str) -> bool:
    """Tell whether a text can be asked for as a name."""
    labels = text.removesuffix(".").split(".")
    return (
        text.isascii()
        and len(text) <= _LONGEST_NAME
        and all(0 < len(label) <= _LONGEST_LABEL for label in labels)
        and all(char.isalnum() or char in "-_." for char in text)
    )


def _asked(question: Question) -> bytes:
    if not is_name(question.name):
        raise ValueError(f"{question.name!r} is no name")
    labels = question.name.removesuffix(".").encode().split(b".")
    name = b"".join(bytes((len(label),)) + label for label in labels)
    return name + b"\0" + struct.pack("!HH", KINDS[question.kind], _INTERNET)


def _after_name(packet: bytes, at: int) -> int:
    while length := packet[at]:
        if length & _POINTER == _POINTER:
            return at + 2
        at += 1 + length
    return at + 1
