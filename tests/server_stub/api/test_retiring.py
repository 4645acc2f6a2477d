"""Retiring a device through the interface; on both databases."""

from server_stub.desk.models import Role
from tests.server_stub.api.caller import a_caller
from tests.support.databases import ServerDatabase
from tests.support.rows import a_client, a_device


def test_a_device_leaves_the_list_and_comes_back(database: ServerDatabase) -> None:
    device = a_device(a_client(), "pc-1")
    api = a_caller(role=Role.DISPATCHER)
    one = f"devices/{device.id}"

    told = api.post(f"{one}/retire", {"reason": "sold"}).tree

    assert (told["id"], told["retired_by"], told["retired_because"]) == (
        *(device.id, api.email, "sold"),
    )
    assert told["retired_at"] is not None
    assert api.get("devices").tree["items"] == []
    (listed,) = api.get("devices?retired=true").tree["items"]
    assert (listed["id"], listed["retired_because"]) == (device.id, "sold")
    assert api.get(one).tree["retired_at"] == listed["retired_at"]
    assert "retired already" in api.post(f"{one}/retire", {"reason": "x"}, 409).tree["detail"]

    back = api.post(f"{one}/restore", {"reason": "bought back"}).tree

    assert (back["retired_at"], back["retired_by"], back["retired_because"]) == (None, "", "")
    assert [each["id"] for each in api.get("devices").tree["items"]] == [device.id]
    api.post(f"{one}/restore", {"reason": "x"}, 409)


def test_it_needs_a_reason_and_a_device_that_may_be_seen(database: ServerDatabase) -> None:
    device, other = a_device(a_client()), a_client()
    api = a_caller(role=Role.DISPATCHER)

    api.post(f"devices/{device.id}/retire", {}, 422)
    api.post(f"devices/{device.id}/retire", {"reason": " "}, 422)
    limited = a_caller(other, role=Role.DISPATCHER)
    foreign = limited.post(f"devices/{device.id}/retire", {"reason": "x"}, 404)
    missing = limited.post("devices/0193a1f0/retire", {"reason": "x"}, 404)

    assert foreign.body == missing.body
    device.refresh_from_db()
    assert device.retired_at is None
