from datetime import UTC, datetime

import pytest

from server_stub.staff.facts import MAX_ROWS, FactGroup, groups


def test_single_values_come_first_and_known_ones_in_their_order() -> None:
    facts = {
        "zebra": "striped",
        "user": "HARBOUR\\reception",
        "boot_at": "2026-11-17T06:58:11.000Z",
        "computer": "FRONTDESK-03",
    }
    assert groups(facts) == [
        FactGroup(
            "Computer",
            (
                ("computer", "FRONTDESK-03"),
                ("signed-in user", "HARBOUR\\reception"),
                ("started", datetime(2026, 11, 17, 6, 58, 11, tzinfo=UTC)),
                ("zebra", "striped"),
            ),
        )
    ]


def test_a_list_of_things_is_a_table_of_all_their_members() -> None:
    volumes = [
        {"name": "C:", "total_bytes": 255_328_219_136},
        {"name": "D:", "encrypted": True, "total_bytes": None},
    ]
    (group,) = groups({"volumes": volumes})
    assert group == FactGroup(
        "Volumes",
        columns=("name", "total", "encrypted"),
        table=(("C:", "238 GiB", "–"), ("D:", "–", "yes")),
    )


def test_a_computer_with_members_takes_the_single_values_in() -> None:
    (group,) = groups({"computer": {"name": "vm", "kind": "server"}, "serial": "X1"})
    assert group == FactGroup("Computer", (("name", "vm"), ("kind", "server"), ("serial", "X1")))


def test_things_with_many_details_are_a_group_each() -> None:
    """A table of them would not fit beside a ticket."""
    interface = {"name": "eth0", "mac": "02:fc", "addresses": ["10.0.0.4", "fd00::2"]}
    more = {"gateways": ["10.0.0.1"], "dns": []}
    first, second = groups({"network": [interface | more, {"name": "eth1"}]})
    assert first.name == "Network: eth0"
    assert first.rows == (
        ("name", "eth0"),
        ("MAC", "02:fc"),
        ("addresses", "10.0.0.4, fd00::2"),
        ("gateways", "10.0.0.1"),
    )
    assert second == FactGroup("Network: eth1", (("name", "eth1"),))


def test_what_tells_things_apart_comes_first_however_the_device_orders_its_facts() -> None:
    """An agent sends its members in the order of the alphabet."""
    volume = {"free_percent": 70, "target": "/", "type": "ext4"}
    interface = {
        "addresses": ["10.0.0.4"], "dns": ["10.0.0.1"], "gateways": ["10.0.0.1"],
        "mac": "02:fc", "name": "eth0",
    }  # fmt: skip

    volumes, network = groups({"volumes": [volume], "network": [interface]})

    assert volumes.columns == ("target", "free", "type")
    assert network.name == "Network: eth0"


def test_things_by_name_are_a_table_too() -> None:
    (group,) = groups({"network": {"eth0": {"ipv4": ["10.0.0.4", "10.0.0.5"]}}})
    assert group.columns == ("name", "IPv4")
    assert group.table == (("eth0", "10.0.0.4, 10.0.0.5"),)


def test_sizes_are_told_in_their_unit() -> None:
    (group,) = groups({"memory": {"total_bytes": 17_058_197_504, "used_percent": 63}})
    assert group.rows == (("total", "16 GiB"), ("used", "63 %"))


def test_what_is_not_shown_is_counted() -> None:
    volumes = [{"name": f"/mnt/{n}"} for n in range(MAX_ROWS + 3)]
    (group,) = groups({"volumes": volumes})
    assert len(group.table) == MAX_ROWS
    assert group.left_out == 3


@pytest.mark.parametrize("facts", [None, [], "x", {}, {"volumes": []}, {"memory": {}}])
def test_no_facts_are_no_groups(facts: object) -> None:
    assert groups(facts) == []


def test_unexpected_shapes_are_shown_as_text() -> None:
    facts = {"user": {"name": "ana", "sid": None}, "tags": ["a", {"b": [1]}], "dns": ["9.9.9.9"]}
    shown = {group.name: group for group in groups(facts)}
    assert shown["Signed-in user"].rows == (("name", "ana"),)
    assert shown["Tags"].table == (("1",),)
    assert shown["DNS"].rows == (("DNS", "9.9.9.9"),)
