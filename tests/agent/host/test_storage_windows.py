"""Who a drive is, from the description Windows gives (STORAGE_DEVICE_DESCRIPTOR)."""

import struct

import pytest

from agent.host.storage_windows import Drive, described


def descriptor(
    bus: int, vendor: str = "", product: str = "", serial: str = "", *, medium: bool = False
) -> bytes:
    """Return the structure: 36 bytes of header and padding, then the texts it points at."""
    content, offsets = b"", []
    for text in (vendor, product, "", serial):
        offsets.append(40 + len(content) if text else 0)
        content += text.encode() + b"\0" if text else b""
    vendor_at, product_at, revision_at, serial_at = offsets
    head = struct.pack(
        "<II4BIIIIII", 40, 40 + len(content), 0, 0, medium, 1,
        vendor_at, product_at, revision_at, serial_at, bus, 0,
    )  # fmt: skip
    return head + bytes(4) + content


@pytest.mark.parametrize(
    ("content", "drive"),
    [
        (
            descriptor(17, "NVMe", "Samsung SSD 980 1TB   ", "0025_3856_21B0_4D9C."),
            Drive(
                0,
                "nvme",
                "Samsung SSD 980 1TB",
                "0025_3856_21B0_4D9C.",
                removable=False,
                virtual=False,
            ),
        ),
        (
            descriptor(11, "", "ST2000DM008-2FR102", "            ZFL0ABCD"),
            Drive(0, "sata", "ST2000DM008-2FR102", "ZFL0ABCD", removable=False, virtual=False),
        ),
        (
            descriptor(7, "Kingston", "DataTraveler 3.0", "E0D55EA5", medium=True),
            Drive(0, "usb", "Kingston DataTraveler 3.0", "E0D55EA5", removable=True, virtual=False),
        ),
        (
            descriptor(7, "WD", "My Passport"),
            Drive(0, "usb", "WD My Passport", "", removable=True, virtual=False),
        ),
        (
            descriptor(10, "VMware", "Virtual disk"),
            Drive(0, "sas", "VMware Virtual disk", "", removable=False, virtual=True),
        ),
        (
            descriptor(14, "Msft", "Virtual Disk"),
            Drive(0, "virtual", "Msft Virtual Disk", "", removable=False, virtual=True),
        ),
        (
            descriptor(16, "Msft", "Storage Space"),
            Drive(0, "spaces", "Msft Storage Space", "", removable=False, virtual=True),
        ),
        (descriptor(99), Drive(0, "unknown", "", "", False, False)),  # noqa: FBT003
    ],
)
def test_a_drive_is_who_it_says(content: bytes, drive: Drive) -> None:
    assert described(0, content) == drive


def test_a_text_beyond_the_end_is_none_and_nonsense_is_made_readable() -> None:
    content = bytearray(descriptor(11, "", "X", "Y"))
    content[16:20] = struct.pack("<I", 5000)
    assert described(0, bytes(content)).model == ""
    assert described(0, descriptor(11, "", "A\x01B\tC", "\x7f  ")).model == "ABC"


def test_a_description_that_is_cut_off_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="cut off"):
        described(0, descriptor(11)[:20])
