"""The services that tests watch stay their own, whatever else is tested on this computer."""

import random

import pytest

from tests.support.services import Services


def test_the_port_of_a_stopped_service_is_given_to_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It looked well again for a moment when another run drew it: a ticket reopened."""
    monkeypatch.setattr(random, "sample", lambda drawn, _: list(drawn))
    with Services(1) as one:
        one.stop(one.ports[0])
        with Services(1) as other:
            assert other.ports != one.ports
