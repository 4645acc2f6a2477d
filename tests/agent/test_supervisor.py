"""What the service manager's watchdog is told: that rules are looked at, not only that we live."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from agent.supervisor import STUCK_S, checks_go_on

NOW_S = 100_000.0


def runner(*due_s: float, unsupported: str = "") -> Any:
    schedules = [SimpleNamespace(due_boot_s=at, unsupported=unsupported) for at in due_s]
    return SimpleNamespace(schedules=schedules)


@pytest.mark.parametrize(
    ("watched", "names", "goes_on"),
    [
        (runner(NOW_S + 60), ["MainThread", "checks"], True),
        (runner(), ["checks"], True),
        (runner(0.0), ["checks"], True),
        (runner(NOW_S - STUCK_S / 2), ["checks"], True),
        (runner(NOW_S - STUCK_S * 2, NOW_S), ["checks", "checks aside"], False),
        (runner(NOW_S - STUCK_S * 2, unsupported="no such thing here"), ["checks"], True),
        (runner(NOW_S + 60), ["MainThread", "courier"], False),
    ],
    ids=["at rest", "no rules", "just asked for", "slow", "stuck", "unsupported", "dead"],
)
def test_a_worker_that_is_dead_or_stuck_is_no_sign_of_life(
    monkeypatch: pytest.MonkeyPatch, watched: Any, names: list[str], *, goes_on: bool
) -> None:
    threads = [SimpleNamespace(name=name) for name in names]
    monkeypatch.setattr(threading, "enumerate", lambda: threads)

    assert checks_go_on(watched, NOW_S) is goes_on
