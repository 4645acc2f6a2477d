"""Windows: who may change a file, by the text of its access list (SDDL). Pure.

The words are those of Microsoft's "Security Descriptor String Format" and "ACE Strings". A list
that cannot be read is one that others may write.
"""

import re

TRUSTED = frozenset(
    {
        *("SY", "BA", "S-1-5-18", "S-1-5-32-544"),  # the system and its administrators
        "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",  # TrustedInstaller
    }
)
PRIVATE = "O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
"""A folder for the system and administrators alone; nothing is inherited from above."""

_RIGHTS = {
    "GA": 0x1000_0000, "GX": 0x2000_0000, "GW": 0x4000_0000, "GR": 0x8000_0000,
    "RC": 0x2_0000, "SD": 0x1_0000, "WD": 0x4_0000, "WO": 0x8_0000,
    "FA": 0x1F_01FF, "FR": 0x12_0089, "FW": 0x12_0116, "FX": 0x12_00A0,
    "CC": 0x1, "DC": 0x2, "LC": 0x4, "SW": 0x8, "RP": 0x10, "WP": 0x20, "DT": 0x40,
    "LO": 0x80, "CR": 0x100,
}  # fmt: skip
_REPLACE = 0x1000_0000 | 0x1_0000 | 0x4_0000 | 0x8_0000 | 0x40
"""All, delete, change the list, take possession, delete what is in it."""
_CHANGE = _REPLACE | 0x4000_0000 | 0x2 | 0x4
"""These, and write, append, make files in it."""
_ACE = re.compile(
    r"\((?P<type>\w+);(?P<flags>\w*);(?P<rights>\w*);[^;]*;[^;]*;(?P<who>[^;)]*)[^)]*\)"
)
_OWNER = re.compile(r"O:(?P<who>S-[\d-]+|[A-Z]{2})")


def owner_of(sddl: str) -> str:
    """Return who owns it; empty when that cannot be told."""
    owner = _OWNER.match(sddl)
    return owner["who"] if owner else ""


def weakness(sddl: str, *, on_the_way: bool, besides: frozenset[str] = frozenset()) -> str:
    """Return what lets others change a file or folder; empty when nothing does.

    ``on_the_way``: it is a folder above, in which others may make files of their own, but not
    put another folder in the place of ours. ``besides``: accounts that may change it too.
    """
    trusted = TRUSTED | besides
    owner = owner_of(sddl)
    if owner not in trusted:
        return f"it belongs to {owner or 'nobody known'}, not to the administrators"
    _, found, entries = sddl.partition("D:")
    if not found or "NO_ACCESS_CONTROL" in entries:
        return "it has no access list, so everybody may change it"
    forbidden = _REPLACE if on_the_way else _CHANGE
    for entry in _ACE.finditer(entries):
        if not entry["type"].endswith("A") or "IO" in re.findall("..", entry["flags"]):
            continue  # it denies, or is for what is made in it
        if entry["who"] not in trusted and _mask(entry["rights"]) & forbidden:
            return f"{entry['who']} may change it"
    return ""


def is_private(sddl: str) -> bool:
    """Tell whether nobody else has any right to it."""
    _, found, entries = sddl.partition("D:")
    return (
        owner_of(sddl) in TRUSTED
        and bool(found)
        and "NO_ACCESS_CONTROL" not in entries
        and all(
            entry["who"] in TRUSTED
            for entry in _ACE.finditer(entries)
            if entry["type"].endswith("A")
        )
    )


def _mask(rights: str) -> int:
    if rights.startswith("0x"):
        return int(rights, 16)
    mask = 0
    for word in re.findall("..?", rights):
        mask |= _RIGHTS.get(word, 0xFFFF_FFFF)
    return mask
