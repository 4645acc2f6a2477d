"""The system's services: systemd units and Windows services."""

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
from agent.host.services import STATES, Service

if sys.platform == "win32":
    from agent.host.scm import NAME, Units
else:
    from agent.host.systemd import NAME, Units

_WILD = frozenset("*?")
_UNITS = Units()


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield the state of the services a rule names, or of all that should run always."""
    if sys.platform not in CHECK.platforms:
        raise UnsupportedCheckError("this system's services cannot be read")
    automatic = "automatic" in targets.options.get("start", ())
    names, patterns = [], []
    for name in filter(targets.named, targets.include):
        if not _WILD.isdisjoint(name):
            patterns.append(name)
        elif NAME.fullmatch(name):
            names.append(name)
        else:
            yield Unreadable(name, "this cannot be a service's name")
    if patterns or not targets.include:
        found = _UNITS.found(tuple(patterns), automatic=automatic)
        names += [name for name in found if targets.wants(name) and name not in names]
    for name, service in _UNITS.states(names, automatic=automatic).items():
        if _is_wanted(service, targets, automatic=automatic):
            yield Measured(name, _values(service))


def _is_wanted(service: Service, targets: TargetFilter, *, automatic: bool) -> bool:
    if service.state == "missing":
        return not targets.absent_ignored
    return service.automatic or not automatic


def _values(service: Service) -> dict[str, float | int | str]:
    values: dict[str, float | int | str] = {"state": service.state}
    if service.restarts is not None:
        values["restarts"] = service.restarts
    return values


CHECK = Check(
    name="service",
    meaning="the system's services",
    metrics=(
        Metric("state", Unit.WORD, "whether it runs", words=STATES),
        Metric("restarts", Unit.COUNT, "how often the system restarted it by itself"),
    ),
    probe=probe,
    platforms=("linux", "win32"),
    options={"start": ("automatic",)},
)
