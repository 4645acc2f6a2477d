"""Whose programs are not run: anybody's who could change them, their script or the way to them."""

import os
from pathlib import Path

import pytest

from agent.host.writers import distrust

pytestmark = pytest.mark.needs_root

NOBODY = 65534
NAMES = ("script.py", "plain", "tool", "log.txt", "begins")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Programs of root's, and beside them the home of somebody else."""
    mine = tmp_path / "opt" / "checks" / "bin"
    mine.mkdir(parents=True)
    made(mine / "check")
    home = tmp_path / "home"
    home.mkdir()
    for name in NAMES:
        made(home / name, mode=0o755 if name == "tool" else 0o644)
    (home / "begins").write_text("#!/bin/sh\n")
    for path in (home, *home.iterdir()):
        os.chown(path, NOBODY, 0)
    return tmp_path


def made(path: Path, mode: int = 0o755) -> Path:
    path.touch()
    path.chmod(mode)
    return path


def bobs(folder: Path, name: str) -> str:
    return f"{folder}/home/{name}"


def test_what_root_alone_can_change_is_run(folder: Path) -> None:
    assert distrust([f"{folder}/opt/checks/bin/check", "-w", "5", "/etc/passwd"]) is None
    assert distrust(["/bin/sh", "-c", "exit 0"]) is None


def test_what_is_not_there_is_no_reason() -> None:
    assert distrust(["/no/such/program", "/no/such/script.py"]) is None
    assert distrust(["/bin/a\0b"]) is None


@pytest.mark.parametrize("place", ["opt/checks/bin/check", "opt/checks/bin", "opt/checks", "opt"])
def test_every_folder_on_the_way_counts(folder: Path, place: str) -> None:
    """Who may rename a folder high above may put another in its place."""
    run = [f"{folder}/opt/checks/bin/check"]
    (folder / place).chmod(0o777)
    assert (
        distrust(run) == f"{folder}/{place} can be written by others; chmod go-w {folder}/{place}"
    )
    (folder / place).chmod(0o755)
    os.chown(folder / place, NOBODY, 0)
    told = f"{folder}/{place} belongs to another user (id {NOBODY}); chown root {folder}/{place}"
    assert distrust(run) == told


def test_a_link_of_somebody_else_counts_wherever_it_leads(folder: Path) -> None:
    link = folder / "link"
    link.symlink_to("/bin/true")
    folder.chmod(0o1777)
    assert distrust([str(link)]) is None
    os.chown(link, NOBODY, 0, follow_symlinks=False)
    assert str(distrust([str(link)])).startswith(f"{link} belongs to another user")


@pytest.mark.parametrize(
    "run",
    [
        ("/usr/bin/python3", "script.py"),
        ("/usr/bin/python3.11", "-I", "plain", "/etc/passwd"),
        ("/usr/bin/env", "LANG=C", "bash", "plain"),
        ("/usr/bin/timeout", "5", "tool"),
        ("/usr/bin/nice", "begins"),
        ("/usr/bin/runner", "--command=tool"),
    ],
    ids=" ".join,
)
def test_a_script_of_somebody_else_is_not_run(folder: Path, run: tuple[str, ...]) -> None:
    script = next(one.rpartition("=")[2] for one in run if one.rpartition("=")[2] in NAMES)
    bobs_script = bobs(folder, script)
    argv = [one.replace(script, bobs_script) for one in run]
    told = f"{bobs_script} belongs to another user (id {NOBODY}); chown root {bobs_script}"
    assert distrust(argv) == told


@pytest.mark.parametrize(
    "run", [("/usr/lib/check_log", "-F", "log.txt"), ("/usr/bin/check_file_age", "plain")]
)
def test_a_file_that_is_only_read_may_be_anybodys(folder: Path, run: tuple[str, ...]) -> None:
    assert distrust([run[0], *run[1:-1], bobs(folder, run[-1])]) is None


def test_what_an_interpreters_script_reads_may_be_anybodys(folder: Path) -> None:
    script = f"{folder}/opt/checks/bin/check"
    assert distrust(["/usr/bin/python3", script, bobs(folder, "log.txt")]) is None
