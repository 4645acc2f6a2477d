"""Every route, asked by everybody for what three clients have, on both databases."""

from server_stub.api.interface import operations
from server_stub.intake.application import DeviceRoutes
from tests.server_stub.isolation.matrix import a_desk, faults, leaks
from tests.server_stub.isolation.probe import routes as all_routes
from tests.server_stub.isolation.probes import PROBES


def test_every_route_has_a_row(routes: DeviceRoutes) -> None:
    assert {probe.route for probe in PROBES} == all_routes(routes)


def test_every_operation_that_takes_a_number_is_asked_for_a_foreign_one() -> None:
    named = {(probe.method, probe.route) for probe in PROBES if probe.named}

    for method, path, operation in operations():
        name = operation.view_func.__name__
        if "{" in path or method != "GET":
            assert any(m == method and r.endswith(f" {name}") for m, r in named), (method, path)


def test_nobody_reaches_or_learns_of_a_foreign_row(routes: DeviceRoutes) -> None:
    assert list(leaks(a_desk(routes))) == []


def test_everybody_reaches_their_own_rows(routes: DeviceRoutes) -> None:
    """Where nobody gets in, nothing leaks: the test above would prove nothing."""
    assert list(faults(a_desk(routes))) == []
