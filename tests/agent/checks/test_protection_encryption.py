"""The encryption of the system's volume, as its system tells of it."""

import pytest

from agent.check_api import Measured, TargetFilter
from agent.checks import protection_encryption
from agent.host import encryption


def test_the_volume_of_the_system_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "read", lambda: "suspended")
    assert list(protection_encryption.probe(TargetFilter())) == [
        Measured("system", {"system_volume": "suspended"})
    ]
