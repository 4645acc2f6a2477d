"""The system's services: systemd units, launchd's daemons and Windows services."""

import sys
from collections.abc import Iterator

from agent.check_api import (
    Check,
    Measured,
    Metric,
    TargetFilter,
    Unit,
    Unreadable,
    UnsupportedCheckError,
)
from agent.host.services import STARTS, STATES, Service
from agent.targets import chosen_services

if sys.platform == "win32":
    from agent.host.scm import NAME, Units
elif sys.platform == "darwin":
    from agent.host.launchd import NAME, Units
else:
    from agent.host.systemd import NAME, Units

_ALL = "services"
_UNITS = Units()


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield the state of the services a rule names, or of all that should run always."""
    if sys.platform not in CHECK.platforms:
        raise UnsupportedCheckError("this system's services cannot be read")
    automatic = "automatic" in targets.options.get("start", ())
    names, impossible = chosen_services(targets, _UNITS, NAME, automatic=automatic)
    for name in impossible:
        yield Unreadable(name, "this cannot be a service's name")
    states = _UNITS.states(names, automatic=automatic)
    wanted = {name: one for name, one in states.items() if _is_wanted(one, targets)}
    if "stopped" not in targets.options.get("count", ()):
        yield from (Measured(name, _values(service)) for name, service in wanted.items())
    else:
        down = [name for name, one in wanted.items() if one.state in {"stopped", "failed"}]
        yield Measured(_ALL, {"stopped_count": len(down)}, about=", ".join(sorted(down)))


def _is_wanted(service: Service, targets: TargetFilter) -> bool:
    if service.state == "missing":
        return not targets.absent_ignored
    if service.triggered and "trigger-started" in targets.options.get("skip", ()):
        return False
    return service.automatic or "automatic" not in targets.options.get("start", ())


def _values(service: Service) -> dict[str, float | int | str]:
    values: dict[str, float | int | str] = {"state": service.state}
    if service.start:
        values["start"] = service.start
    if service.restarts is not None:
        values["restarts"] = service.restarts
    return values


CHECK = Check(
    name="service",
    meaning="the system's services",
    metrics=(
        Metric("state", Unit.WORD, "whether it runs", words=STATES),
        Metric("start", Unit.WORD, "how it starts", words=STARTS),
        Metric("restarts", Unit.COUNT, "how often the system restarted it by itself"),
        Metric("stopped_count", Unit.COUNT, "with `count: [stopped]`, how many do not run"),
    ),
    probe=probe,
    platforms=("linux", "darwin", "win32"),
    options={"start": ("automatic",), "skip": ("trigger-started",), "count": ("stopped",)},
)
