"""Services that the system restarts again and again: each restart looks healthy by itself."""

import sys
from collections.abc import Iterator

from agent.check_api import (
    Check,
    Increase,
    Measured,
    Metric,
    TargetFilter,
    Unit,
    Unreadable,
    UnsupportedCheckError,
)
from agent.targets import chosen_services

if sys.platform == "darwin":
    from agent.host.launchd import NAME, Units
else:
    from agent.host.systemd import NAME, Units

_UNITS = Units()
_HOUR_S = 3600.0


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield how often each service was restarted that a rule names, or should run always."""
    if sys.platform not in CHECK.platforms:
        raise UnsupportedCheckError("this system does not count restarts")
    names, impossible = chosen_services(targets, _UNITS, NAME, automatic=False)
    for name in impossible:
        yield Unreadable(name, "this cannot be a service's name")
    for name, service in _UNITS.states(names, automatic=False).items():
        if service.restarts is not None and service.state != "missing":
            yield Measured(name, {"restarts_total": service.restarts})
        elif service.state == "missing" and not targets.absent_ignored:
            yield Unreadable(name, "this computer has no such service")


CHECK = Check(
    name="service.restarts",
    meaning="services that are restarted again and again",
    metrics=(
        Metric("restarts_total", Unit.COUNT, "how often the system restarted it"),
        Metric(
            "restarts_1h",
            Unit.COUNT,
            "how often in the last hour",
            derived=Increase("restarts_total", _HOUR_S),
        ),
    ),
    probe=probe,
    platforms=("linux", "darwin"),
)
