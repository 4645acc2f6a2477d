"""Who made a computer, as its firmware tells (SMBIOS, DSP0134)."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_PLACEHOLDER = re.compile(
    r"|0+|x+|\.+|none|null|n/?a|oem|unknown|default string|not (?:applicable|available|specified)"
    r"|system (?:manufacturer|product name|serial number|version)|to be filled by o\.?e\.?m\.?"
    r"|(?:0?123456789)?(?:abcdef)?|invalid",
    re.IGNORECASE,
)
_SYSTEM, _CHASSIS, _END = 1, 3, 127


class Computer(NamedTuple):
    """Maker, model, serial number (empty: not told) and the chassis' type (0: not told)."""

    maker: str = ""
    model: str = ""
    serial: str = ""
    chassis: int = 0


def known(text: str) -> str:
    """Return a text of the firmware, empty when it is what makers leave in by mistake."""
    text = " ".join(text.split())
    return "" if _PLACEHOLDER.fullmatch(text) else text[:200]


def parse(table: bytes) -> Computer:
    """Return the computer that a raw SMBIOS structure table describes."""
    found = Computer()
    for kind, fixed, texts in _structures(table):
        if kind == _SYSTEM and not found.maker:
            maker, model, serial = (_text(fixed, at, texts) for at in (4, 5, 7))
            found = found._replace(maker=maker, model=model, serial=serial)
        elif kind == _CHASSIS and not found.chassis and len(fixed) > _CHASSIS_AT:
            found = found._replace(chassis=fixed[_CHASSIS_AT] & 0x7F)  # bit 7: it has a lock
    return found


_CHASSIS_AT = 5


def _structures(table: bytes) -> Iterator[tuple[int, bytes, list[bytes]]]:
    """Yield type, fixed part and texts of each structure, as far as the table is sound."""
    at = 0
    while at + 4 <= len(table) and table[at] != _END:
        kind, length = table[at], table[at + 1]
        end = table.find(b"\0\0", at + length)
        if length < 4 or end < 0:  # noqa: PLR2004 - the header alone has four bytes
            return
        yield kind, table[at : at + length], table[at + length : end].split(b"\0")
        at = end + 2


def _text(fixed: bytes, at: int, texts: list[bytes]) -> str:
    number = fixed[at] if at < len(fixed) else 0
    return known(texts[number - 1].decode(errors="replace")) if 0 < number <= len(texts) else ""
