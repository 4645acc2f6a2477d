"""Drives' own bytes: NVMe's health log and ATA's SMART tables, laid out as the standards say."""

import random
import struct

import pytest

from agent.host.smart_bytes import ata, ata_verdict, nvme


def health_log(
    warning: int = 0, celsius: int = 38, spare: int = 100, wear: int = 3, media_errors: int = 0
) -> bytes:
    log = bytearray(512)
    struct.pack_into("<BHBBB", log, 0, warning, celsius + 273, spare, 10, wear)
    log[32:48] = (18_000_000).to_bytes(16, "little")  # what was read, in 512,000 bytes
    log[128:144] = (9_120).to_bytes(16, "little")  # hours
    log[160:176] = media_errors.to_bytes(16, "little")
    return bytes(log)


def table(*entries: tuple[int, int, int, int]) -> bytes:
    """Return a table of (number, flags, value, raw), its sum made right."""
    content = bytearray(512)
    content[0] = 16
    for at, (number, flags, value, raw) in enumerate(entries):
        struct.pack_into("<BHBB", content, 2 + 12 * at, number, flags, value, value)
        content[2 + 12 * at + 5 : 2 + 12 * at + 11] = raw.to_bytes(6, "little")
    content[511] = -sum(content) % 256
    return bytes(content)


def limits(*entries: tuple[int, int]) -> bytes:
    content = bytearray(512)
    for at, entry in enumerate(entries):
        struct.pack_into("<BB", content, 2 + 12 * at, *entry)
    content[511] = -sum(content) % 256
    return bytes(content)


HEALTHY = table(
    (1, 0x0F, 82, 150_000_000),
    (5, 0x33, 100, 0),
    (9, 0x32, 40, 53_000),
    (194, 0x22, 34, 0x0014_0000_0022),  # 34 °C, lowest and highest packed above
    (197, 0x12, 100, 0),
    (198, 0x10, 100, 0),
)
LIMITS = limits((1, 6), (5, 10), (9, 0), (194, 0), (197, 0), (198, 0))


def test_a_healthy_nvme_drive_has_passed() -> None:
    assert nvme(health_log()) == (
        {
            "verdict": "passed",
            "critical_warning": 0,
            "nvme_wear_percent": 3,
            "nvme_spare_percent": 100,
            "media_errors": 0,
        },
        38,
    )


@pytest.mark.parametrize(
    ("log", "values"),
    [
        (health_log(warning=1, spare=5), {"verdict": "failing", "critical_warning": 1}),
        (health_log(warning=8), {"verdict": "failing", "critical_warning": 8}),
        (health_log(wear=112), {"nvme_wear_percent": 100, "verdict": "passed"}),
        (health_log(media_errors=12), {"media_errors": 12, "verdict": "passed"}),
    ],
)
def test_what_an_nvme_drive_warns_of_is_told(log: bytes, values: dict[str, object]) -> None:
    told, _ = nvme(log)
    assert told.items() >= values.items()


@pytest.mark.parametrize(
    ("log", "missing"),
    [
        (health_log(warning=0xFF), {"verdict", "critical_warning"}),
        (health_log(spare=255), {"nvme_spare_percent"}),
        (health_log(media_errors=2**100), {"media_errors"}),
    ],
)
def test_what_cannot_be_true_of_an_nvme_drive_is_left_out(log: bytes, missing: set[str]) -> None:
    told, _ = nvme(log)
    assert not missing & told.keys()


@pytest.mark.parametrize("celsius", [-273, 0, -1, 127, 255])
def test_a_temperature_that_cannot_be_is_none(celsius: int) -> None:
    assert nvme(health_log(celsius=celsius))[1] is None
    assert ata(table((194, 0x22, 1, max(celsius, 0))), b"")[1] is None


def test_a_log_that_is_none_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="cut off"):
        nvme(health_log()[:500])
    with pytest.raises(ValueError, match="empty"):
        nvme(bytes(512))


def test_a_healthy_ata_drive_tells_counts_and_leaves_the_verdict_to_its_own_word() -> None:
    assert ata(HEALTHY, LIMITS) == ({"reallocated": 0, "pending": 0, "uncorrectable": 0}, 34)
    assert ata_verdict(0x4F, 0xC2) == "passed"
    assert ata_verdict(0xF4, 0x2C) == "failing"
    assert ata_verdict(0, 0) is None


def test_sectors_that_wait_or_were_replaced_are_counted() -> None:
    told, _ = ata(
        table((5, 0x33, 90, 0x0007_0000_0018), (197, 0x12, 100, 8), (198, 0x10, 100, 2)), b""
    )
    assert told == {"reallocated": 24, "pending": 8, "uncorrectable": 2}


def test_a_packed_count_is_left_out() -> None:
    told, _ = ata(table((197, 0x12, 100, 0x0100_0000_0000), (198, 0x10, 100, 1)), b"")
    assert told == {"uncorrectable": 1}


@pytest.mark.parametrize(
    ("entry", "limit", "fails"),
    [
        ((5, 0x33, 10, 900), (5, 10), True),
        ((5, 0x33, 3, 900), (5, 10), True),
        # Quiet: above it; an age attribute; no threshold; values that stand for something else.
        ((5, 0x33, 11, 900), (5, 10), False),
        ((9, 0x32, 1, 90_000), (9, 10), False),
        ((5, 0x33, 1, 0), (5, 0), False),
        ((5, 0x33, 0, 0), (5, 10), False),
        ((5, 0x33, 254, 0), (5, 255), False),
    ],
)
def test_a_prefailure_attribute_at_its_threshold_is_failing(
    entry: tuple[int, int, int, int], limit: tuple[int, int], *, fails: bool
) -> None:
    told, _ = ata(table(entry), limits(limit))
    assert ("verdict" in told) is fails


def test_a_table_whose_sum_is_wrong_tells_nothing() -> None:
    damaged = bytearray(HEALTHY)
    damaged[20] ^= 1
    assert ata(bytes(damaged), LIMITS) == ({}, None)
    assert ata(HEALTHY[:300], LIMITS) == ({}, None)
    assert ata(b"", b"") == ({}, None)


def test_any_bytes_are_read_without_an_error() -> None:
    dice = random.Random(6)  # noqa: S311 - to be repeated
    for _ in range(300):
        content = bytearray(dice.randbytes(512))
        content[511] = (content[511] - sum(content)) % 256
        told, celsius = ata(bytes(content), dice.randbytes(512))
        values, _ = nvme(bytes(content))
        for value in (*told.values(), *values.values()):
            assert isinstance(value, str) or 0 <= value < 2**53
        assert celsius is None or 0 < celsius < 120
