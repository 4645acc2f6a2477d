"""The check of what the system's own log tells, with the kernel's log of this machine."""

from pathlib import Path

import pytest

from agent.check_api import Measured, TargetFilter, Unreadable
from agent.checks.log_events import probe
from agent.host.kernel_log import KINDS
from tests.support import volumes
from tests.support.polling import until


def looked(memory: dict[str, str], targets: TargetFilter = TargetFilter()) -> dict[str, object]:  # noqa: B008 - frozen
    return {
        one.target: one.reason if isinstance(one, Unreadable) else one.values["count_total"]
        for one in probe(targets, memory)
    }


@pytest.mark.needs_root
def test_an_error_of_a_real_file_system_is_counted_once(tmp_path: Path) -> None:
    memory: dict[str, str] = {}
    assert looked(memory) == dict.fromkeys(KINDS, 0)
    volume = volumes.ext4(tmp_path)
    try:
        volume.fail()
    finally:
        volume.unmount()
    only = TargetFilter(("filesystem-corrupt",))
    seen = until(lambda: looked(memory, only)["filesystem-corrupt"], what="the error in the log")
    # Other tests may break file systems of theirs at the same moment.
    assert isinstance(seen, int)
    assert seen >= 1


@pytest.mark.needs_root
def test_targets_choose_among_the_kinds() -> None:
    assert looked({}, TargetFilter(("disk-*", "whea"), ("whea",))) == {"disk-bad-block": 0}
    found = looked({}, TargetFilter(("disk-bad-blocks",)))
    assert found == {"disk-bad-blocks": f"the log has no such kind; it has {', '.join(KINDS)}"}
    assert looked({}, TargetFilter(("disk-bad-blocks",), absent_ignored=True)) == {}


def test_without_a_wanted_kind_the_log_is_not_read() -> None:
    memory: dict[str, str] = {}
    assert list(probe(TargetFilter(exclude=("*",)), memory)) == []
    assert memory == {}


@pytest.mark.needs_root
def test_what_was_remembered_is_taken_up_again() -> None:
    memory: dict[str, str] = {"boot": "an earlier boot", "record": "9", "whea": "7"}
    found = {one.target: one for one in probe(TargetFilter(), memory) if isinstance(one, Measured)}
    assert found["whea"].values["count_total"] == int(memory["whea"])
    assert int(memory["whea"]) >= 7
