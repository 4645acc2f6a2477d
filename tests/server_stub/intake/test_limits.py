import pytest

from server_stub.intake.limits import Allowance, Rate


def test_a_burst_passes_then_the_device_is_told_how_long_to_wait() -> None:
    allowance = Allowance(requests=Rate(per_s=0.5, burst=3))

    assert [allowance.wait_s("a", 100, 1.0) for _ in range(4)] == [0, 0, 0, 2]
    assert allowance.wait_s("b", 100, 1.0) == 0


def test_one_who_waits_as_told_is_let_in() -> None:
    allowance = Allowance(requests=Rate(per_s=0.5, burst=1))
    allowance.wait_s("a", 0, 0.0)

    wait_s = allowance.wait_s("a", 0, 0.5)

    assert allowance.wait_s("a", 0, 0.5 + wait_s) == 0


def test_bytes_are_limited_too_but_no_request_is_too_large_for_ever() -> None:
    allowance = Allowance(size=Rate(per_s=100, burst=1_000))

    assert allowance.wait_s("a", 1_500, 0.0) == 0
    assert allowance.wait_s("a", 1, 0.0) == 5
    assert allowance.wait_s("a", 1_500, 5.1) == 0


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    allowance = Allowance(requests=Rate(per_s=10, burst=2))
    allowance.wait_s("a", 0, 0.0)

    assert [allowance.wait_s("a", 0, 1_000.0) for _ in range(3)] == [0, 0, 1]


def test_quiet_devices_are_forgotten_when_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("server_stub.intake.limits._REMEMBERED", 3)
    allowance = Allowance(requests=Rate(per_s=1, burst=10), size=Rate(per_s=1, burst=10))
    for device in "abc":
        allowance.wait_s(device, 0, 0.0)

    allowance.wait_s("d", 0, 100.0)

    assert set(allowance._buckets) == {"d"}
