"""Who may change a file on Windows, by texts as Windows has them and Microsoft documents them."""

import pytest

from agent.host.access import PRIVATE, is_private, owner_of, weakness

INSTALLER = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
DRIVE = (
    f"O:{INSTALLER}G:{INSTALLER}D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)"
    "(A;OICIIO;SDGXGWGR;;;AU)(A;;LC;;;AU)"
)
PROGRAM_FILES = (
    f"O:{INSTALLER}D:PAI(A;;FA;;;{INSTALLER})(A;CIIO;GA;;;{INSTALLER})(A;;0x1301bf;;;SY)"
    "(A;OICIIO;GA;;;SY)(A;;0x1301bf;;;BA)(A;OICIIO;GA;;;BA)(A;;0x1200a9;;;BU)"
    "(A;OICIIO;GXGR;;;BU)(A;OICIIO;GA;;;CO)(A;;0x1200a9;;;AC)"
)
IN_PROGRAM_FILES = (
    f"O:BAD:AI(A;ID;FA;;;{INSTALLER})(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;0x1200a9;;;BU)"
    "(A;ID;0x1200a9;;;AC)"
)
ON_THE_DRIVE = (
    "O:BAD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;0x1200a9;;;BU)(A;ID;0x1301bf;;;AU)"
)
PROGRAM_DATA = (
    "O:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICIIO;GA;;;CO)(A;OICI;0x1200a9;;;BU)"
    "(A;CI;DCLCRPCR;;;BU)"
)
USERS_OWN = "O:S-1-5-21-1-2-3-1001D:P(A;;FA;;;SY)(A;;FA;;;BA)"


@pytest.mark.parametrize(
    ("sddl", "on_the_way"),
    [
        (DRIVE, True), (PROGRAM_FILES, True), (PROGRAM_FILES, False), (IN_PROGRAM_FILES, False),
        (PRIVATE, False), (PROGRAM_DATA, True), ("O:SYD:P", False),
        ("O:BAD:(D;;FA;;;WD)(A;;FA;;;SY)", False),
    ],
)  # fmt: skip
def test_what_administrators_alone_can_change_is_fine(sddl: str, on_the_way: bool) -> None:  # noqa: FBT001 - a case
    assert weakness(sddl, on_the_way=on_the_way) == ""


@pytest.mark.parametrize(
    ("sddl", "on_the_way", "why"),
    [
        (DRIVE, False, "AU may change it"),  # make folders in it
        (ON_THE_DRIVE, False, "AU may change it"),
        (ON_THE_DRIVE, True, "AU may change it"),  # delete it, put another in its place
        (PROGRAM_DATA, False, "BU may change it"),
        (USERS_OWN, True, "it belongs to S-1-5-21-1-2-3-1001, not to the administrators"),
        ("O:BAD:(A;;GA;;;WD)", True, "WD may change it"),
        ("O:BAD:(A;;GW;;;WD)", False, "WD may change it"),
        ("O:BAD:(A;;WO;;;BU)", True, "BU may change it"),
        ("O:BAD:(A;;??;;;BU)(A;;ZZ;;;IU)", True, "IU may change it"),
        ("O:BAD:(XA;;FA;;;BU;(@User.x==1))", False, "BU may change it"),
        ("O:BAD:NO_ACCESS_CONTROL", True, "it has no access list, so everybody may change it"),
        ("O:BA", True, "it has no access list, so everybody may change it"),
        ("", True, "it belongs to nobody known, not to the administrators"),
    ],
)
def test_what_lets_others_change_it_is_told(sddl: str, on_the_way: bool, why: str) -> None:  # noqa: FBT001 - a case
    assert weakness(sddl, on_the_way=on_the_way) == why


def test_the_agents_own_account_may_be_trusted_besides() -> None:
    own = frozenset({"S-1-5-21-1-2-3-1001"})
    assert weakness(USERS_OWN, on_the_way=False, besides=own) == ""
    listed = "O:BAD:(A;;FA;;;S-1-5-21-1-2-3-1001)"
    assert weakness(listed, on_the_way=False, besides=own) == ""
    assert weakness(listed, on_the_way=False) == "S-1-5-21-1-2-3-1001 may change it"


def test_whose_it_is_is_read_whole() -> None:
    assert owner_of("O:S-1-5-180D:P") == "S-1-5-180", "not the system, S-1-5-18"
    assert owner_of("O:BAG:SYD:") == "BA"
    assert owner_of("D:(A;;FA;;;SY)") == ""


def test_what_others_may_only_read_is_not_private() -> None:
    assert is_private(PRIVATE)
    assert is_private("O:SYD:P(D;;FA;;;WD)(A;;FA;;;SY)")
    for sddl in (IN_PROGRAM_FILES, PROGRAM_DATA, "O:BAD:NO_ACCESS_CONTROL", "O:BA", USERS_OWN):
        assert not is_private(sddl), sddl
