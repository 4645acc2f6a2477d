import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.clock import Now
from agent.errors import ConfigError
from agent.rules.rules_file import RulesFile, distrust
from tests.agent.rules.checks_for_tests import CHECKS

START = Now(1.0, 1.0, datetime(2024, 3, 5, 9, 0, tzinfo=UTC))
LATER = Now(9.0, 9.0, START.wall + timedelta(hours=1))


def write(path: Path, *names: str) -> None:
    rules = [f"- {{name: {n}, check: cpu, critical: {{when: busy_percent > 95}}}}" for n in names]
    path.write_text("\n".join(["version: 1", "rules:", *rules]), encoding="utf-8")
    path.chmod(0o600)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    write(path, "one")
    return path


def names(file: RulesFile) -> list[str]:
    return [rule.name for rule in file.rules.rules]


def test_an_unchanged_file_is_not_read_again(path: Path) -> None:
    file = RulesFile(path, CHECKS, START)
    rules = file.rules
    assert not file.reread(LATER)
    assert file.rules is rules
    assert file.loaded_at == "2024-03-05T09:00:00.000Z"


def test_a_changed_file_is_read_again(path: Path) -> None:
    file = RulesFile(path, CHECKS, START)
    write(path, "one", "two")
    assert file.reread(LATER)
    assert names(file) == ["one", "two"]
    assert file.loaded_at == "2024-03-05T10:00:00.000Z"
    assert not file.reread(LATER)


def test_a_file_replaced_by_another_of_the_same_size_and_time_is_read_again(path: Path) -> None:
    file = RulesFile(path, CHECKS, START)
    before = path.stat()
    other = path.with_name("other.yaml")
    write(other, "two")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)
    assert file.reread(LATER)
    assert names(file) == ["two"]


def test_a_change_for_the_worse_keeps_the_old_rules_and_says_so(path: Path) -> None:
    file = RulesFile(path, CHECKS, START)
    write(path, "not a name")
    assert not file.reread(LATER)
    assert names(file) == ["one"]
    assert file.problems[0].startswith(f"{path}:3:10: “not a name” is no name for a rule")
    assert file.problems[-1] == "the rules loaded at 2024-03-05T09:00:00.000Z stay in force"
    assert not file.reread(LATER)
    assert file.problems, "told until the file is right again"
    write(path, "two")
    assert file.reread(LATER)
    assert file.problems == ()


def test_a_file_that_vanished_keeps_the_old_rules_until_it_is_back(path: Path) -> None:
    file = RulesFile(path, CHECKS, START)
    path.unlink()
    assert not file.reread(LATER)
    assert "the file cannot be read: No such file" in file.problems[0]
    assert names(file) == ["one"]
    write(path, "two")
    assert file.reread(LATER)


def test_without_a_good_file_there_is_nothing_to_start_with(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent.yaml:1:1: the file cannot be read"):
        RulesFile(tmp_path / "absent.yaml", CHECKS, START)


def test_a_file_that_anyone_may_write_is_not_trusted(path: Path) -> None:
    path.chmod(0o602)
    assert distrust(path) == f"{path} can be written by others; chmod go-w {path}"
    with pytest.raises(ConfigError, match="can be written by others"):
        RulesFile(path, CHECKS, START)


def test_a_file_that_became_writable_is_not_read_again_until_that_is_mended(path: Path) -> None:
    file = RulesFile(path, CHECKS, START)
    write(path, "two")
    path.chmod(0o602)
    assert not file.reread(LATER)
    assert "can be written by others" in file.problems[0]
    path.chmod(0o600)
    assert file.reread(LATER)
    assert names(file) == ["two"]


def test_a_folder_that_anyone_may_write_is_not_trusted(path: Path) -> None:
    path.parent.chmod(0o777)
    assert distrust(path) == f"{path.parent} can be written by others; chmod go-w {path.parent}"
    path.parent.chmod(0o1777)
    assert distrust(path) is None, "the sticky bit keeps others from replacing the file"


@pytest.mark.needs_root
def test_root_trusts_neither_the_file_of_a_user_nor_of_a_users_group(path: Path) -> None:
    os.chown(path, 12_345, 0)
    assert distrust(path) == f"{path} belongs to another user (id 12345); chown root {path}"
    os.chown(path, 0, 12_345)
    path.chmod(0o660)
    assert distrust(path) == f"{path} can be written by others; chmod go-w {path}"
    path.chmod(0o640)
    assert distrust(path) is None


def test_the_file_behind_a_link_is_judged(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    path.chmod(0o606)
    assert distrust(link) == f"{path} can be written by others; chmod go-w {path}"


def test_what_reads_the_file_is_gone_afterwards() -> None:
    """The agent stays for months and keeps only what judges: model, expression, windows."""
    program = (
        "import sys\n"
        "from agent.clock import now\n"
        "from agent.rules.rules_file import RulesFile\n"
        "from agent.settings import shipped_rules_file\n"
        "from agent.checks import discover\n"
        "from agent.rules import rules_file\n"
        "rules_file.distrust = lambda path: None\n"
        "file = RulesFile(shipped_rules_file(), discover(), now())\n"
        "print(len(file.rules.rules) > 0)\n"
        "print(*sorted(name for name in sys.modules if 'agent.rules.' in name or 'yaml' in name))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded, kept = done.stdout.splitlines()
    assert loaded == "True"
    assert kept.split() == [
        "agent.rules.borrow",
        "agent.rules.expression",
        "agent.rules.maintenance",
        "agent.rules.model",
        "agent.rules.rules_file",
    ]


def test_rules_that_are_not_wanted_are_left_out_with_their_checks(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    condition = "critical: {when: busy_percent > 99}"
    file.write_text(
        f"version: 1\nrules:\n- {{name: here, check: cpu, {condition}}}\n"
        "- {name: elsewhere, only: {os: [macos]}, check: no.such.check}\n"
        "maintenance: [{name: night, from: '22:00', to: '23:00', rules: [elsewhere]}]\n"
    )
    file.chmod(0o600)

    rules = RulesFile(file, CHECKS, START, lambda only: not only.os).rules

    assert [rule.name for rule in rules.rules] == ["here"]
    assert rules.maintenance[0].rules == ("elsewhere",)
