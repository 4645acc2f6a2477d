"""Whether Windows waits for a restart, from what its registry holds."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from agent.host.reboot_windows import MARKS, Pending, instant, pending, replaces

SERVICING, UPDATES = MARKS
MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
SAME = ("PC-7", "pc-7")


def test_a_mark_of_servicing_or_of_the_update_service_is_waiting() -> None:
    assert pending({}, [], SAME) == Pending(waits=False, since=None)
    assert pending({UPDATES: APRIL}, [], SAME) == Pending(waits=True, since=APRIL)
    both: dict[str, datetime | None] = {UPDATES: APRIL, SERVICING: MARCH}
    assert pending(both, [], SAME) == Pending(waits=True, since=MARCH)
    assert pending({SERVICING: None}, [], SAME) == Pending(waits=True, since=None)


def test_a_new_name_is_waiting_and_an_unreadable_one_is_not() -> None:
    assert pending({}, [], ("PC-7", "PC-8")).waits
    assert not pending({}, [], ("PC-7", "")).waits


@pytest.mark.parametrize(
    ("renames", "waits"),
    [
        ([r"\??\C:\Windows\WinSxS\Temp\a.dll", r"!\??\C:\Windows\System32\a.dll"], True),
        ([r"\??\C:\x\b.tmp", "", r"*1\??\C:\x\c", r"\??\C:\WINDOWS\system32\c.dll"], True),
        # Quiet: rubbish to be deleted, programs that update themselves, a list that is cut off.
        ([], False),
        ([r"\??\C:\Windows\Temp\x.tmp", ""], False),
        ([r"\??\C:\Windows\System32\spool\x.tmp", ""], False),
        ([r"\??\C:\a\chrome.new", r"!\??\C:\Program Files\Google\chrome.exe"], False),
        ([r"\??\C:\a", r"\??\C:\Windows\Temp\b"], False),
        ([r"\??\C:\Windows\System32\a.dll"], False),
    ],
)
def test_files_to_be_replaced_count_in_windows_alone(
    renames: Sequence[str], *, waits: bool
) -> None:
    assert replaces(renames) is waits


def test_times_of_windows_are_read() -> None:
    assert instant(133_524_288_000_000_000) == datetime(2024, 2, 15, tzinfo=UTC)
    assert instant(0) is None
    assert instant(2**64 - 1) is None
