"""Time servers: their packets, and one of our own that is off as told."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import clock
from agent.errors import CheckError, CheckTimeoutError
from agent.host import sntp
from agent.host.sntp import Offset, offset, read, timestamp

NOW = datetime(2031, 6, 6, 22, 30, tzinfo=UTC)
SECOND = 1 << 32


def answered(
    cookie: int, received: int, transmitted: int, *, flags: int = 0x24, stratum: int = 2
) -> bytes:
    head = struct.pack("!BBbb3I", flags, stratum, 0, 0, 0, 0, 0)
    return head + struct.pack("!4Q", 0, cookie, received, transmitted)


def now() -> datetime:
    return clock.now().wall


@contextlib.contextmanager
def time_server(
    monkeypatch: pytest.MonkeyPatch, reply: Callable[[bytes], bytes | None]
) -> Iterator[None]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        monkeypatch.setattr(sntp, "PORT", listening.getsockname()[1])

        def serve() -> None:
            while True:
                packet, sender = listening.recvfrom(1024)
                if packet == b"leave":
                    return
                answer = reply(packet)
                if answer is not None:
                    listening.sendto(answer, sender)

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
                ending.sendto(b"leave", listening.getsockname())
            serving.join()


def off_by(ahead: timedelta) -> Callable[[bytes], bytes]:
    def reply(asked: bytes) -> bytes:
        there = timestamp(now() + ahead)
        return answered(int.from_bytes(asked[40:48]), there, there)

    return reply


@pytest.mark.parametrize(
    ("there", "back", "ahead_s"),
    [(0, 0, 0), (10, 10, 10), (-10, -10, -10), (3, -1, 1), (0.25, 0.25, 0.25)],
)
def test_the_way_there_and_back_is_taken_off(there: float, back: float, ahead_s: float) -> None:
    sent, come = timestamp(NOW), timestamp(NOW + timedelta(seconds=4))
    packet = answered(7, sent + int(there * SECOND), come + int(back * SECOND))
    assert read(packet, 7, sent, come) == Offset(ahead_s)


def test_the_end_of_ntps_era_is_no_jump() -> None:
    """On 2036-02-07 its 32 bits of seconds begin anew."""
    before = datetime(2036, 2, 7, 6, 28, 15, tzinfo=UTC)
    sent, there = timestamp(before), timestamp(before + timedelta(seconds=5))
    assert there < sent
    assert read(answered(7, there, there), 7, sent, sent) == Offset(5.0)


@pytest.mark.parametrize(
    ("flags", "stratum", "transmitted"), [(0xE4, 2, 1), (0x24, 0, 1), (0x24, 16, 1), (0x24, 2, 0)]
)
def test_a_server_that_does_not_know_the_time_says_so(
    flags: int, stratum: int, transmitted: int
) -> None:
    with pytest.raises(CheckError, match="does not know the time itself"):
        read(answered(7, 1, transmitted, flags=flags, stratum=stratum), 7, 1, 1)


def test_a_packet_of_somebody_else_is_no_answer() -> None:
    assert read(answered(8, 1, 1), 7, 1, 1) is None
    assert read(answered(7, 1, 1, flags=0x23), 7, 1, 1) is None
    assert read(answered(7, 1, 1)[:47], 7, 1, 1) is None


@given(st.binary(max_size=60))
def test_whatever_comes_is_read(packet: bytes) -> None:
    with contextlib.suppress(CheckError):
        found = read(packet, int.from_bytes(packet[24:32]), 1, 1)
        assert found is None or isinstance(found.ahead_s, float)


@pytest.mark.parametrize("ahead_s", [0, 300, -86_400, 10 * 365 * 86_400])
def test_a_real_exchange_tells_the_offset(monkeypatch: pytest.MonkeyPatch, ahead_s: int) -> None:
    with time_server(monkeypatch, off_by(timedelta(seconds=ahead_s))):
        assert offset("localhost", now).ahead_s == pytest.approx(ahead_s, abs=5)


def test_a_lost_packet_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    def second_time(asked: bytes) -> bytes | None:
        seen.append(asked)
        return off_by(timedelta())(asked) if len(seen) > 1 else None

    monkeypatch.setattr(sntp, "ANSWER_S", 0.5)
    with time_server(monkeypatch, second_time):
        assert abs(offset("127.0.0.1", now).ahead_s) < 5
    assert seen[0] != seen[1]


def test_what_is_no_answer_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sntp, "ANSWER_S", 0.1)
    with (
        time_server(monkeypatch, lambda _asked: b"nonsense"),
        pytest.raises(CheckTimeoutError, match=r"it did not answer within 0\.2 s"),
    ):
        offset("127.0.0.1", now)
    with pytest.raises(CheckError, match="it cannot be asked: Connection refused"):
        offset("127.0.0.1", now)
    with pytest.raises(CheckError, match="its name cannot be looked up"):
        offset("no-such-host.invalid", now)
