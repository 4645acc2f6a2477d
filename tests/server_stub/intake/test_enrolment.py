from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.protocol import MEDIA_TYPE
from agent.protocol.credentials import CredentialPrefix, credential_hash, new_credential
from agent.protocol.device import Enrolment
from agent.protocol.problems import ProblemType
from server_stub.clients.actions import new_enrolment_token
from server_stub.clients.models import Client, Device, EnrolmentToken, Site
from server_stub.clients.scope import ALL
from server_stub.fleet.retiring import restore, retire
from server_stub.intake.application import DeviceRoutes
from tests.server_stub.intake.caller import Caller, Response
from tests.server_stub.intake.messages import a_heartbeat, an_enrolment
from tests.support.rows import a_client, a_site

InThreads = Callable[[int, Callable[[int], Any]], list[Any]]


@pytest.fixture
def site(routes: DeviceRoutes) -> Site:
    return a_site(a_client("Acme"), "Lyon")


def a_token(client: Client, site: Site | None = None, **limits: Any) -> str:
    given: dict[str, Any] = {
        "uses": 1,
        "valid": timedelta(hours=24),
        "now": datetime.now(UTC),
    } | limits
    return new_enrolment_token(client, site, **given)


def own_token() -> str:
    return new_credential(CredentialPrefix.DEVICE)


def enrol(routes: DeviceRoutes, token: str, enrolment: Enrolment) -> Response:
    return Caller(routes, token).post("enroll", enrolment.to_text())


def uses() -> int:
    return EnrolmentToken.objects.get().used


def test_a_device_is_known_from_then_on_and_told_where_it_belongs(
    routes: DeviceRoutes, site: Site
) -> None:
    token = own_token()
    enrolment = an_enrolment(token, name="büro-1")

    response = enrol(routes, a_token(site.client, site), enrolment)

    assert (response.status, response.headers["content-type"]) == (200, MEDIA_TYPE)
    told = response.tree
    assert (told["device_id"], told["client"], told["site"]) == (
        enrolment.device_id,
        "Acme",
        "Lyon",
    )
    assert told["heartbeat_every_s"] == 300
    assert datetime.fromisoformat(told["server_time"]).tzinfo
    device = Device.objects.get()
    assert (device.id, device.client, device.site) == (enrolment.device_id, site.client, site)
    assert (device.name, device.kind, device.os) == ("büro-1", "workstation", "linux")
    assert device.token_hash == credential_hash(token)
    assert Caller(routes, token).post("heartbeat", a_heartbeat().to_text()).status == 200


def test_asking_again_is_the_same_enrolment_and_costs_nothing(
    routes: DeviceRoutes, site: Site
) -> None:
    """The answer may have been lost; the token may have been spent or expired meanwhile."""
    token = a_token(site.client)
    enrolment = an_enrolment(own_token())
    enrol(routes, token, enrolment)
    EnrolmentToken.objects.update(expires_at=datetime.now(UTC) - timedelta(days=1))

    again = enrol(routes, token, enrolment)

    assert again.status == 200
    assert again.tree["site"] is None
    assert (uses(), Device.objects.count()) == (1, 1)


def test_a_device_that_lost_its_token_keeps_its_id(routes: DeviceRoutes, site: Site) -> None:
    token = a_token(site.client, uses=2)
    before, after = own_token(), own_token()
    enrolment = an_enrolment(before)
    enrol(routes, token, enrolment)
    Caller(routes, before).post("heartbeat", a_heartbeat().to_text())

    response = enrol(routes, token, an_enrolment(after, device_id=enrolment.device_id))

    assert response.status == 200
    assert (uses(), Device.objects.count()) == (2, 1)
    assert Caller(routes, after).post("heartbeat", a_heartbeat().to_text()).status == 200
    assert Caller(routes, before).post("heartbeat", "{}").problem is ProblemType.UNKNOWN_DEVICE


def test_another_clients_device_is_not_taken_over(routes: DeviceRoutes, site: Site) -> None:
    enrolment = an_enrolment(own_token())
    enrol(routes, a_token(site.client), enrolment)
    other = a_token(a_client("Other"))

    response = enrol(routes, other, an_enrolment(own_token(), device_id=enrolment.device_id))

    assert (response.status, response.problem) == (409, ProblemType.CONFLICT)
    assert Device.objects.get().token_hash == credential_hash(enrolment.device_token)
    assert b"Acme" not in response.body


def test_two_devices_do_not_share_a_token(routes: DeviceRoutes, site: Site) -> None:
    """A state folder copied by hand, its id changed."""
    token, own = a_token(site.client, uses=2), own_token()
    enrol(routes, token, an_enrolment(own))

    response = enrol(routes, token, an_enrolment(own))

    assert (response.status, response.problem) == (409, ProblemType.CONFLICT)
    assert uses() == 1


def test_a_token_nobody_made_lets_nobody_in(routes: DeviceRoutes, site: Site) -> None:
    token = new_credential(CredentialPrefix.ENROLMENT)

    response = enrol(routes, token, an_enrolment(own_token()))

    assert (response.status, response.problem) == (401, ProblemType.UNAUTHENTICATED)
    assert not Device.objects.exists()


def test_a_token_that_expired_lets_nobody_in(routes: DeviceRoutes, site: Site) -> None:
    token = a_token(site.client, now=datetime.now(UTC) - timedelta(days=2))

    response = enrol(routes, token, an_enrolment(own_token()))

    assert (response.status, response.problem) == (403, ProblemType.TOKEN_SPENT)
    assert "expired" in response.tree["detail"]


def test_a_token_lets_in_as_many_as_it_says_however_they_come(
    routes: DeviceRoutes, site: Site, in_threads: InThreads
) -> None:
    token = a_token(site.client, uses=3)

    responses = in_threads(8, lambda _: enrol(routes, token, an_enrolment(own_token())))

    assert sorted(r.status for r in responses) == [200] * 3 + [403] * 5
    assert (Device.objects.count(), uses()) == (3, 3)


def test_one_device_that_asks_eight_times_at_once_is_one_device(
    routes: DeviceRoutes, site: Site, in_threads: InThreads
) -> None:
    token = a_token(site.client, uses=5)
    enrolment = an_enrolment(own_token())

    responses = in_threads(8, lambda _: enrol(routes, token, enrolment))

    assert {r.status for r in responses} == {200}
    assert (Device.objects.count(), uses()) == (1, 1)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("{}", "device_id"),
        ("[]", None),
        (an_enrolment("wdd_short").to_text(), "device_token"),
        (an_enrolment(own_token(), name="\0").to_text(), "name"),
        (an_enrolment(own_token(), name="x" * 256).to_text(), "name"),
        (an_enrolment(own_token()).to_text().replace("workstation", "toaster"), "kind"),
    ],
)
def test_a_wrong_request_is_refused_by_its_field(
    routes: DeviceRoutes, site: Site, body: str, field: str | None
) -> None:
    response = Caller(routes, a_token(site.client)).post("enroll", body)

    assert (response.status, response.problem) == (400, ProblemType.INVALID_REQUEST)
    assert response.tree.get("field") == field
    assert uses() == 0


def test_a_retired_device_is_unknown_until_a_person_takes_it_back(
    routes: DeviceRoutes, site: Site
) -> None:
    """Nor does a roll-out's enrolment token, used over and over, bring it back."""
    token, enrolment_token = own_token(), a_token(site.client, uses=9)
    enrolment = an_enrolment(token)
    enrol(routes, enrolment_token, enrolment)
    now = datetime.now(UTC)
    retire(ALL, "kim@desk.example", enrolment.device_id, "sold", now)

    refused = Caller(routes, token).post("heartbeat", a_heartbeat().to_text())
    assert (refused.status, refused.problem) == (401, ProblemType.UNKNOWN_DEVICE)
    for own in (token, own_token()):
        again = enrol(routes, enrolment_token, an_enrolment(own, device_id=enrolment.device_id))
        assert (again.status, again.problem) == (409, ProblemType.CONFLICT)
        assert "device restore" in again.tree["detail"]
    assert uses() == 1
    assert Device.objects.get().token_hash == credential_hash(token)

    restore(ALL, "kim@desk.example", enrolment.device_id, "a mistake", now)

    assert Caller(routes, token).post("heartbeat", a_heartbeat().to_text()).status == 200
