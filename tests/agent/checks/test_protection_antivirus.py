"""Protection against malware, as Windows tells of it."""

from datetime import timedelta

import pytest

from agent import clock
from agent.check_api import Measured, TargetFilter, Unreadable, UnsupportedCheckError
from agent.checks import protection_antivirus
from agent.host.security_center import Antivirus


def test_the_age_of_signatures_is_told_with_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    at = clock.now().wall - timedelta(days=9)
    monkeypatch.setattr(protection_antivirus, "read", lambda: Antivirus("on", at))
    [one] = protection_antivirus.probe(TargetFilter())
    assert isinstance(one, Measured)
    assert one.values["state"] == "on"
    age = one.values["signatures_age"]
    assert isinstance(age, float)
    assert timedelta(days=9) <= timedelta(seconds=age) < timedelta(days=10)


def test_signatures_of_tomorrow_have_no_age(monkeypatch: pytest.MonkeyPatch) -> None:
    at = clock.now().wall + timedelta(days=1)
    monkeypatch.setattr(protection_antivirus, "read", lambda: Antivirus("off", at))
    assert list(protection_antivirus.probe(TargetFilter())) == [
        Measured("system", {"state": "off"})
    ]


def test_an_antivirus_nobody_watches_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protection_antivirus, "read", lambda: Antivirus(None, None))
    [one] = protection_antivirus.probe(TargetFilter())
    assert isinstance(one, Unreadable)


def test_elsewhere_nothing_tells_of_antivirus() -> None:
    with pytest.raises(UnsupportedCheckError, match="only Windows"):
        list(protection_antivirus.probe(TargetFilter()))
