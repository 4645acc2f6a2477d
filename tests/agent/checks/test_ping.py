"""What ping says, of several makers, and a real one."""

import pytest

from agent.check_api import Measured, TargetFilter, Unreadable, UnsupportedCheckError
from agent.checks import ping
from agent.checks.ping import CHECK, GATEWAY, values
from agent.host import network, program
from agent.host.network import Interface

IPUTILS = """\
PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data.

--- 127.0.0.1 ping statistics ---
5 packets transmitted, {received} received, {lost}% packet loss, time 805ms
"""


@pytest.mark.parametrize(
    ("said", "loss", "answer_s"),
    [
        (
            IPUTILS.format(received=5, lost=0) + "rtt min/avg/max/mdev = 0.1/250.5/1/0.5 ms",
            0,
            0.2505,
        ),
        (
            IPUTILS.format(received=4, lost=20) + "rtt min/avg/max/mdev = 1.0/2.0/3.0/0.5 ms",
            20,
            2e-3,
        ),
        (IPUTILS.format(received="0", lost=100), 100, None),
        (
            "5 packets transmitted, 0 received, +5 errors, 100% packet loss, time 4ms, pipe 3",
            100,
            None,
        ),
        (
            (
                "5 packets transmitted, 5 packets received, 0.0% packet loss\n"
                "round-trip min/avg/max/stddev = 0.050/0.080/0.107/0.024 ms"
            ),
            0,
            8e-5,
        ),
        (
            (
                "5 packets transmitted, 3 packets received, 40% packet loss\n"
                "round-trip min/avg/max = 11.5/12.0/12.5 ms"
            ),
            40,
            0.012,
        ),
        # duplicates, as a broadcast makes: more answers than packets are no gain
        ("5 packets transmitted, 9 received, +4 duplicates, 0% packet loss", 0, None),
    ],
)
def test_the_summary_is_read(said: str, loss: float, answer_s: float | None) -> None:
    expected = {"loss_percent": loss} | ({} if answer_s is None else {"answer_s": answer_s})
    assert values(said) == pytest.approx(expected)


@pytest.mark.parametrize("said", ["", "ping: unknown option", "0 packets transmitted, 0 received"])
def test_what_is_no_summary_tells_nothing(said: str) -> None:
    assert values(said) is None


@pytest.mark.needs("ping")
def test_this_computer_answers_itself() -> None:
    names = ("127.0.0.1", "no-such-host.invalid", "-f", "a b", "$HOME")
    here, unknown, *rest = CHECK.probe(TargetFilter(names))
    assert isinstance(here, Measured)
    assert here.values["loss_percent"] == 0
    assert 0 < float(here.values["answer_s"]) < 10
    assert unknown == Unreadable("no-such-host.invalid", "its name cannot be looked up")
    assert [one.reason for one in rest if isinstance(one, Unreadable)] == [
        "this is no host's name or address"
    ] * 3


@pytest.mark.needs("ping")
@pytest.mark.parametrize(
    ("gateways", "found"),
    [((), None), (("127.0.0.1",), "127.0.0.1"), (("fe80::1",), "fe80::1%lan0")],
)
def test_the_default_gateway_is_asked(
    monkeypatch: pytest.MonkeyPatch, gateways: tuple[str, ...], found: str | None
) -> None:
    asked: list[str] = []
    interfaces = [Interface("lo0", "", ()), Interface("lan0", "", (), gateways)]
    monkeypatch.setattr(network, "read", lambda: interfaces)

    def nothing(argv: list[str], _deadline_s: float) -> program.Ended:
        asked.append(argv[-1])
        return program.Ended(2, b"", b"", cut=False)

    monkeypatch.setattr(program, "run", nothing)
    [one] = CHECK.probe(TargetFilter((GATEWAY,)))
    assert isinstance(one, Unreadable)
    assert asked == ([] if found is None else [found])
    assert one.reason.startswith("this computer has no default gateway" if not asked else "ping")


def test_a_system_without_ping_is_unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "find", lambda _name: None)
    with pytest.raises(UnsupportedCheckError, match="this system has no ping"):
        list(CHECK.probe(TargetFilter(("127.0.0.1",))))


def test_what_ping_is_told_cannot_be_an_option() -> None:
    command = ping.command("/bin/ping", "host")
    assert command[0] == "/bin/ping"
    assert command[-1] == "host"
    assert not ping._HOST.fullmatch("-c1000000")
