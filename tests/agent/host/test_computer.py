"""What kind of computer this is, from recorded firmware and folders like the kernel's."""

from pathlib import Path

import pytest

from agent.host import computer, smbios
from agent.host.computer import kind_of
from agent.host.smbios import Computer
from agent.protocol.words import DeviceKind


@pytest.mark.parametrize(
    ("chassis", "battery", "desktop", "kind"),
    [
        (10, True, True, DeviceKind.LAPTOP),
        (10, False, True, DeviceKind.LAPTOP),  # its battery was taken out
        (31, True, True, DeviceKind.LAPTOP),
        (0, True, True, DeviceKind.LAPTOP),
        (3, False, True, DeviceKind.WORKSTATION),
        (35, False, True, DeviceKind.WORKSTATION),
        (3, False, False, DeviceKind.SERVER),  # a PC nobody signs in at
        (23, False, True, DeviceKind.SERVER),
        (17, True, True, DeviceKind.SERVER),  # a UPS looks like a battery
        (1, False, False, DeviceKind.SERVER),  # a virtual machine
        (1, False, True, DeviceKind.WORKSTATION),
        (0, False, False, DeviceKind.SERVER),
    ],
)
def test_chassis_battery_and_desktop_tell_the_kind(
    chassis: int,
    battery: bool,  # noqa: FBT001
    desktop: bool,  # noqa: FBT001
    kind: DeviceKind,
) -> None:
    assert kind_of(chassis, battery=battery, desktop=desktop) is kind


def dmi(folder: Path, **parts: str) -> str:
    for name, text in parts.items():
        (folder / name).write_text(f"{text}\n")
    return str(folder)


def test_linux_tells_what_the_firmware_says(tmp_path: Path) -> None:
    folder = dmi(
        tmp_path,
        sys_vendor="LENOVO",
        product_name="20XW004TGE",
        product_serial=" PF3XK9ZT ",
        chassis_type="10",
    )
    assert computer.read(folder) == Computer("LENOVO", "20XW004TGE", "PF3XK9ZT", 10)


def test_what_makers_leave_in_by_mistake_is_nothing(tmp_path: Path) -> None:
    folder = dmi(
        tmp_path,
        sys_vendor="To Be Filled By O.E.M.",
        product_name="System Product Name",
        product_serial="Default string",
        chassis_type="x",
    )
    assert computer.read(folder, str(tmp_path)) == Computer()


@pytest.mark.parametrize(
    "text", ["", "0", "0000000", "None", "n/a", "123456789", "0123456789", "Not Specified", "...."]
)
def test_a_placeholder_is_not_known(text: str) -> None:
    assert smbios.known(text) == ""


@pytest.mark.parametrize("text", ["Dell Inc.", "OptiPlex 7010", "CZC1234ABC", "0X7K2"])
def test_real_names_are_known(text: str) -> None:
    assert smbios.known(text) == text


def test_a_board_without_firmware_tables_tells_its_model(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "model").write_bytes(b"Raspberry Pi 4 Model B Rev 1.4\0")
    (tree / "serial-number").write_bytes(b"10000000abcdef12\0")
    found = computer.read(str(tmp_path / "none"), str(tree))
    assert found == Computer("", "Raspberry Pi 4 Model B Rev 1.4", "10000000abcdef12", 0)


@pytest.mark.parametrize(
    ("supplies", "expected"),
    [
        ({"AC": {"type": "Mains"}}, False),
        ({"BAT0": {"type": "Battery", "scope": "System"}}, True),
        ({"BAT0": {"type": "Battery"}}, True),
        ({"hidpp_battery_0": {"type": "Battery", "scope": "Device"}}, False),
        ({"ups": {"type": "UPS"}}, False),
        ({}, False),
    ],
)
def test_only_the_computers_own_battery_counts(
    tmp_path: Path,
    supplies: dict[str, dict[str, str]],
    expected: bool,  # noqa: FBT001
) -> None:
    for name, files in supplies.items():
        (tmp_path / name).mkdir()
        for file, text in files.items():
            (tmp_path / name / file).write_text(f"{text}\n")
    assert computer.has_battery(str(tmp_path)) is expected


def test_this_computer_is_something() -> None:
    assert computer.name()
    assert "." not in computer.name()
    assert computer.kind() in DeviceKind
    assert not computer.has_battery("/nonexistent")


def structure(kind: int, fixed: bytes, *texts: str) -> bytes:
    header = bytes([kind, 4 + len(fixed), 0, 0])
    ending = b"".join(text.encode() + b"\0" for text in texts) or b"\0"
    return header + fixed + ending + b"\0"


BIOS = structure(0, bytes([1, 2, 0, 0, 3]), "Maker", "1.2", "01/01/2025")
SYSTEM = structure(1, bytes([1, 2, 3, 4]) + bytes(19), "Dell Inc.", "OptiPlex 7010", " ", "5XK2")
CHASSIS = structure(3, bytes([1, 0x80 | 3, 0, 0, 0]), "Dell Inc.")
END = structure(127, b"")


def test_windows_reads_the_same_from_the_firmwares_table() -> None:
    found = smbios.parse(BIOS + SYSTEM + CHASSIS + END + b"\xff\xff garbage")
    assert found == Computer("Dell Inc.", "OptiPlex 7010", "5XK2", 3)


def test_a_damaged_table_tells_what_came_before() -> None:
    whole = BIOS + SYSTEM + CHASSIS + END
    for cut in range(len(whole)):
        found = smbios.parse(whole[:cut])
        assert found.maker in {"", "Dell Inc."}
    assert smbios.parse(b"\x01\x00\x00\x00" * 50) == Computer()
    assert smbios.parse(b"") == Computer()
