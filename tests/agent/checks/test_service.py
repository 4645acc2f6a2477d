"""All services that do not run, as one target; ``test_service_systemd`` asks a real system."""

from typing import Any

import pytest

from agent.check_api import Measured, TargetFilter
from agent.checks import service
from agent.host.services import Service


class Units:
    """A system with these services."""

    def __init__(self, states: dict[str, str]) -> None:
        self._states = {
            name: Service(state, None, automatic=True) for name, state in states.items()
        }

    def states(self, _names: object, **_: Any) -> dict[str, Service]:
        return self._states


def test_those_that_do_not_run_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    states = {"web": "stopped", "print": "failed", "cron": "running", "old": "missing"}
    monkeypatch.setattr(service, "_UNITS", Units(states))
    targets = TargetFilter(tuple(states), options={"count": ("stopped",)})

    assert list(service.CHECK.probe(targets)) == [
        Measured("services", {"stopped_count": 2}, "print, web")
    ]
