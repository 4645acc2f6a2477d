"""Computers and devices that must answer: asked by the system's ping, on Windows by a call."""

import re
import sys
from collections.abc import Iterator
from functools import partial

from agent.check_api import (
    Check,
    CheckError,
    Measured,
    Metric,
    TargetFilter,
    Unit,
    Unreadable,
    UnsupportedCheckError,
)

GATEWAY = "default-gateway"
"""The target that stands for the gateways of this computer's default routes."""

_COUNT = 5
_DEADLINE_S = 12.0
_HOST = re.compile(
    r"[A-Za-z0-9_][\w.-]{0,252}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[\w.-]+)?", re.ASCII
)
_SENT = re.compile(r"(\d+) packets transmitted, (\d+)(?: packets)? received")
_TIMES = re.compile(r"= ?[\d.]+/([\d.]+)/[\d.]+")
_UNKNOWN = re.compile(r"not known|cannot resolve|[Nn]o address|failure in name resolution")


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield how many answers are lost of each target, and how long one takes."""
    from agent.host import program  # noqa: PLC0415 - many devices have no such rule

    wanted = list(filter(targets.named, targets.include))
    if not wanted:
        return
    ping = program.find("ping")
    if ping is None:
        raise UnsupportedCheckError("this system has no ping")
    asking = [partial(_ask, str(ping), target) for target in wanted]
    for target, answer in zip(wanted, program.together(asking), strict=True):
        if isinstance(answer, str):
            yield Unreadable(target, answer)
        else:
            yield Measured(target, answer)


def _ask(ping: str, target: str) -> dict[str, float | int | str] | str:
    """Return the metrics of one target, or why there are none."""
    host = _gateway() if target == GATEWAY else target
    if host is None:
        return "this computer has no default gateway, or cannot tell it"
    if not _HOST.fullmatch(host):
        return "this is no host's name or address"
    return _answers(ping, host)


if sys.platform == "win32":

    def _answers(_ping: str, host: str) -> dict[str, float | int | str] | str:
        from agent.host import echo_windows  # noqa: PLC0415 - many devices have no such rule

        try:
            found = echo_windows.ask(host, _COUNT, 1000)
        except OSError as error:
            return f"Windows sends no echo request: {error}"
        if found is None:
            return "its name cannot be looked up"
        told: dict[str, float | int | str] = {
            "loss_percent": 100.0 * (found.sent - found.answered) / found.sent
        }
        return told | {"answer_s": found.mean_s} if found.answered else told

else:

    def _answers(ping: str, host: str) -> dict[str, float | int | str] | str:
        from agent.host import program  # noqa: PLC0415 - the same

        try:
            ended = program.run(command(ping, host), _DEADLINE_S)
        except CheckError as error:
            return error.reason
        said = (ended.out + b"\n" + ended.err).decode(errors="replace")
        found = values(said)
        if found is not None:
            return found
        if _UNKNOWN.search(said):
            return "its name cannot be looked up"
        return f"ping ended with {ended.code}: {' '.join(said.split())[:200]}"


def command(ping: str, host: str) -> list[str]:
    """Return how ping is asked: five packets in a second, each a second's time, no names."""
    second = "1000" if sys.platform == "darwin" else "1"  # BSD's counts milliseconds
    return [ping, "-n", "-q", "-c", str(_COUNT), "-i", "0.2", "-W", second, host]


def values(said: str) -> dict[str, float | int | str] | None:
    """Return the metrics in what ping said (iputils, BusyBox, BSD); None when it told nothing."""
    counts = _SENT.search(said)
    if counts is None or int(counts[1]) == 0:
        return None
    sent, received = int(counts[1]), min(int(counts[2]), int(counts[1]))
    found: dict[str, float | int | str] = {"loss_percent": 100.0 * (sent - received) / sent}
    times = _TIMES.search(said)
    if times and received:
        found["answer_s"] = float(times[1]) / 1000
    return found


def _gateway() -> str | None:
    """Return the first default gateway; an IPv6 one of a link is told with its interface."""
    from agent.host import network  # noqa: PLC0415 - only this target needs it

    try:
        interfaces = network.read()
    except OSError:
        return None
    for interface in interfaces:
        for gateway in interface.gateways:
            return f"{gateway}%{interface.name}" if gateway.startswith("fe80:") else gateway
    return None


CHECK = Check(
    name="ping",
    meaning="computers and devices that must answer on the network",
    metrics=(
        Metric("loss_percent", Unit.SHARE, "share of the packets that were not answered"),
        Metric("answer_s", Unit.SECONDS, "mean time until an answer came"),
    ),
    probe=probe,
    aside=True,
    needs_targets=True,
    deadline_s=60.0,
)
