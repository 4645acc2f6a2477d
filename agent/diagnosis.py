"""Where trouble lies, in one plain sentence.

This computer, its network, the internet, a service elsewhere, or the desk.

Looked at when a person asks, never otherwise. Nothing but the desk's own server is contacted.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from agent.errors import CheckError
from agent.host.connect import Attempt, Place, attempt


class Known(NamedTuple):
    """An open alert of this computer: its title, and which check found it at which target."""

    title: str
    check: str
    target: str

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is about a service on another computer."""
        host = self.target.rpartition(":")[0].strip("[]")
        return self.check in _OF_SERVICES_ELSEWHERE and host not in _LOOPBACK


_OF_SERVICES_ELSEWHERE = ("tcp",)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Tried(NamedTuple):
    """One thing that was tried: ``what`` is gateway, dns or server."""

    what: str
    ok: bool
    detail: str


def verdict(server: str, alerts: Sequence[Known]) -> dict[str, Any]:
    """Return where the trouble is, what to say of it and what was tried.

    ``server`` is the desk's address, ``alerts`` this computer's open alerts as far as the person
    may know them.
    """
    tried = _try_all(server)
    where, says = judge(tried, alerts)
    return {
        "where": where,
        "says": says,
        "tried": [one._asdict() for one in tried],
    }


def judge(tried: Iterable[Tried], alerts: Sequence[Known]) -> tuple[str, str]:
    """Return where the trouble is and what to say of it. Pure."""
    failed = {one.what for one in tried if not one.ok}
    if "gateway" in failed:
        return "network", (
            "This computer has no connection to a network. See whether the cable or Wi-Fi is on."
        )
    if "dns" in failed:
        return "internet", (
            "This computer is on a network, but names on the internet cannot be found: the "
            "internet line or the router may be down."
        )
    if "server" in failed:
        return "desk", (
            "The network works, but our desk cannot be reached: the internet line may be down, "
            "or our server. What you send is kept and goes by itself. Please call if it is urgent."
        )
    own = [alert.title for alert in alerts if not alert.is_elsewhere]
    if own:
        return "computer", f"Something is known about this computer: {_first(own)}."
    if alerts:
        told = _first([alert.title for alert in alerts])
        return "service", (
            f"This computer and the network work, but a service it uses has trouble: {told}. "
            "It is known."
        )
    return "none", (
        "The network and our desk can be reached, and no trouble is known about this computer."
    )


def _first(titles: Sequence[str]) -> str:
    return titles[0] + (f", and {len(titles) - 1} more" if len(titles) > 1 else "")


def _try_all(server: str) -> list[Tried]:
    tried = [_gateway()]
    parts = urlsplit(server)
    place = Place(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    if place.host in _LOOPBACK:
        tried = []  # the desk is on this computer: no network is needed
    outcome = attempt([place])[place]
    if isinstance(outcome, CheckError):
        return [*tried, Tried("dns", ok=False, detail=outcome.reason)]
    if outcome == Attempt("unreachable", 0.0):
        return [*tried, Tried("dns", ok=False, detail=f"{place.host} has no address")]
    reached = outcome.state == "open"
    return [
        *tried,
        Tried("dns", ok=True, detail=place.host),
        Tried("server", ok=reached, detail=outcome.state),
    ]


def _gateway() -> Tried:
    from agent.host import network  # noqa: PLC0415 - when a person asks

    try:
        interfaces = network.read()
    except OSError as error:
        return Tried("gateway", ok=True, detail=f"cannot be told: {error.strerror}")
    gateways = [gateway for one in interfaces for gateway in one.gateways]
    if gateways or not network.TELLS_GATEWAYS:
        return Tried("gateway", ok=bool(interfaces), detail=", ".join(gateways))
    return Tried("gateway", ok=False, detail="no way out of this computer is set up")
