"""Where trouble lies: this computer, its network, the internet, a service elsewhere, or the desk.

What to say of it is the tray's, which knows the person's language.

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
_PLACES = {"gateway": "network", "dns": "internet", "server": "desk"}
"""What fails → where the trouble is; the nearest first."""


class Tried(NamedTuple):
    """One thing that was tried: ``what`` is gateway, dns or server."""

    what: str
    ok: bool
    detail: str


def verdict(server: str, alerts: Sequence[Known]) -> dict[str, Any]:
    """Return where the trouble is, the titles of the alerts that tell so, and what was tried.

    ``server`` is the desk's address, ``alerts`` this computer's open alerts as far as the person
    may know them.
    """
    tried = _try_all(server)
    where, known = judge(tried, alerts)
    return {
        "where": where,
        "known": [alert.title for alert in known],
        "tried": [one._asdict() for one in tried],
    }


def judge(tried: Iterable[Tried], alerts: Sequence[Known]) -> tuple[str, Sequence[Known]]:
    """Return where the trouble is, or ``none``, and the alerts that tell so. Pure."""
    failed = {one.what for one in tried if not one.ok}
    for what, where in _PLACES.items():
        if what in failed:
            return where, ()
    if own := [alert for alert in alerts if not alert.is_elsewhere]:
        return "computer", own
    return ("service" if alerts else "none"), alerts


def _try_all(server: str) -> list[Tried]:
    tried = [_gateway()]
    if not server:  # it was never told of one
        return tried
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
