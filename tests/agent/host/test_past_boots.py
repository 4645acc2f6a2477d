"""How the boot before ended, by what journalctl told of a system that was shut down and killed."""

from pathlib import Path

import pytest

from agent.host import past_boots, procfs, program
from agent.host.past_boots import boot_before, boots_of
from tests.support.nspawn import booted
from tests.support.polling import until

ONE, TWO, THREE = (digit * 32 for digit in "abc")
LISTED = f"""\
IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY
 -1 {ONE} Sun 2026-11-22 13:40:31 UTC Sun 2026-11-22 13:40:33 UTC
  0 {TWO} Sun 2026-11-22 13:40:35 UTC Sun 2026-11-22 13:40:36 UTC
"""
UNTITLED = f"""\
-1 {ONE} Sun 2026-11-22 13:40:31 UTC—Sun 2026-11-22 13:40:33 UTC
 0 {TWO} Sun 2026-11-22 13:40:35 UTC—Sun 2026-11-22 13:40:36 UTC
"""
MACHINE = "5f0c5ad8e2d54c1b9c9f0d3d1a2b3c4d"


@pytest.mark.parametrize("listed", [LISTED, UNTITLED])
def test_boots_are_read_from_the_list_of_old_and_new_systems(listed: str) -> None:
    assert boots_of(listed) == [ONE, TWO]


def test_the_boot_before_is_found_also_when_this_one_is_not_written_yet() -> None:
    this = f"{TWO[:8]}-{TWO[8:12]}-{TWO[12:16]}-{TWO[16:20]}-{TWO[20:]}"
    assert boot_before([ONE, TWO], this) == ONE
    assert boot_before([ONE, TWO, THREE], this) == ONE
    assert boot_before([ONE], this) == ONE
    assert boot_before([TWO], this) is None


IN_ORDER = "Stopped target basic.target - Basic System.\n"


@pytest.fixture
def journalctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to put in what a journalctl prints, as a real one did: ``list`` and the boots."""
    answers = tmp_path / "answers"
    answers.mkdir()
    tool = tmp_path / "journalctl"
    tool.write_text(
        f"#!/bin/sh\ncd {answers}\n"
        f'echo "$*" >> asked\ntest "$1" = --directory={tmp_path}/{MACHINE} || exit 9\n'
        'case "$4" in --list-boots) cat list ;; *) cat "${4#--boot=}" ;; esac\n'
    )
    tool.chmod(0o755)
    (tmp_path / MACHINE).mkdir()
    monkeypatch.setattr(past_boots, "_KEPT", str(tmp_path))
    monkeypatch.setattr(procfs, "text", lambda _: f"{MACHINE}\n")
    monkeypatch.setattr(program, "find", lambda _: tool)
    return answers


def test_a_boot_that_was_ended_in_order(journalctl: Path) -> None:
    (journalctl / "list").write_text(LISTED)
    (journalctl / ONE).write_text(IN_ORDER)
    assert past_boots.read_meant(TWO) is True
    asked = (journalctl / "asked").read_text().splitlines()[-1]
    assert asked.endswith("--lines=1 --output=cat _PID=1 JOB_TYPE=stop UNIT=basic.target")


def test_a_boot_that_was_cut_off(journalctl: Path) -> None:
    (journalctl / "list").write_text(LISTED)
    (journalctl / ONE).write_text("")
    assert past_boots.read_meant(TWO) is False


def test_a_first_boot_is_meant(journalctl: Path) -> None:
    (journalctl / "list").write_text(LISTED)
    assert past_boots.read_meant(ONE) is True


def test_a_journal_that_cannot_be_read_tells_nothing(journalctl: Path) -> None:
    assert past_boots.read_meant(TWO) is None, "no list"
    (journalctl / "list").write_text("")
    assert past_boots.read_meant(TWO) is None, "an empty one"
    (journalctl / "list").write_text(LISTED)
    assert past_boots.read_meant(TWO) is None, "the boot before cannot be read"


def test_without_a_journal_that_is_kept_nothing_is_told(journalctl: Path) -> None:
    (journalctl / "list").write_text(LISTED)
    (journalctl.parent / MACHINE).rmdir()
    assert past_boots.read_meant(TWO) is None


@pytest.mark.needs("systemd-nspawn", "nsenter", "pgrep", "journalctl")
@pytest.mark.needs_root
def test_a_real_systemd_writes_down_that_it_is_shut_down(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it is, its journal looks like that of one that was cut off."""
    folder = tmp_path_factory.mktemp("boots")
    kept = folder / "kept"
    kept.mkdir()
    monkeypatch.setattr(past_boots, "_KEPT", str(kept))
    monkeypatch.setattr(procfs, "text", lambda _: f"{MACHINE}\n")
    root = ("--private-network", "--directory=/", "--volatile=yes", f"--uuid={MACHINE}")
    with booted(folder, [*root, f"--bind={kept}:/var/log/journal"]) as container:
        container.run("journalctl", "--flush")
        assert past_boots.read_meant(THREE) is False
        container.run("systemctl", "--no-block", "halt")
        until(lambda: past_boots.read_meant(THREE), what="the end in order")
