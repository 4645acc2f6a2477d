"""The firewall, as its system tells of it."""

import pytest

from agent.check_api import Measured, TargetFilter, Unreadable
from agent.checks import protection_firewall
from agent.host import firewalls


def test_a_firewall_is_on_off_or_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str | None] = ["on", "off", None]
    monkeypatch.setattr(firewalls, "read", lambda: told.pop(0))
    probe = protection_firewall.probe
    assert list(probe(TargetFilter())) == [Measured("system", {"state": "on"})]
    assert list(probe(TargetFilter())) == [Measured("system", {"state": "off"})]
    [unknown] = probe(TargetFilter())
    assert isinstance(unknown, Unreadable)
