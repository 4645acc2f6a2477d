"""New lines of a log, each counted once, however the log is rotated."""

import json
import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from agent.host import log_child
from agent.host.child_program import line


def look(
    path: Path, cursor: str, match: tuple[str, ...] = (), ignore: tuple[str, ...] = ()
) -> dict[str, Any]:
    question = {"path": str(path), "cursor": cursor, "match": match, "ignore": ignore}
    told = json.loads(log_child.file(json.dumps(question)))
    assert isinstance(told, dict)
    return told


class Watched:
    """A log and how far it was read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cursor = ""

    def append(self, text: str) -> None:
        with self.path.open("a", encoding="utf-8") as log:
            log.write(text)

    def new(self, *match: str) -> int:
        told = look(self.path, self.cursor, match)
        self.cursor = told["cursor"]
        return int(told["count"])


@pytest.fixture
def log(tmp_path: Path) -> Watched:
    watched = Watched(tmp_path / "app.log")
    watched.append("history\nmore of it\n")
    assert watched.new() == 0, "what was there before the first look is history"
    return watched


def test_each_new_line_counts_once(log: Watched) -> None:
    log.append("a\nb\n")
    assert log.new() == 2
    assert log.new() == 0
    log.append("c\n")
    assert log.new() == 1


def test_a_line_counts_when_it_has_its_end(log: Watched) -> None:
    log.append("whole\nhalf of ")
    assert log.new() == 1
    log.append("a line\n")
    assert log.new("^half of a line$") == 1


def test_a_log_that_is_renamed_is_read_to_its_end_and_then_the_new_one(log: Watched) -> None:
    log.append("a\n")
    log.path.rename(log.path.with_suffix(".log.1"))
    log.append("b\nc\n")
    assert log.new() == 3
    assert log.new() == 0


def later(path: Path, text: str, seconds: float) -> None:
    """Write on to a file as if so much later: two writes may come within one tick of its clock."""
    with path.open("a", encoding="utf-8") as file:
        file.write(text)
    changed = path.stat().st_mtime + seconds
    os.utime(path, (changed, changed))


def test_what_is_written_to_a_renamed_log_before_and_after_the_look_counts_once(
    log: Watched,
) -> None:
    """A program keeps its log open for a while after logrotate has renamed it and made another."""
    log.append("a\n" * 50)
    assert log.new() == 50
    renamed = log.path.with_suffix(".log.1")
    log.path.rename(renamed)
    log.path.touch()
    later(renamed, "reopening logs\n", 5)
    assert log.new() == 1
    log.append("first line of the new file\n")
    assert log.new() == 1
    later(renamed, "flushed at last\n", 5)
    log.append("second\n")
    assert log.new("flushed|second") == 2
    assert log.new() == 0


@pytest.mark.parametrize("exists", [True, False])
def test_what_was_rotated_away_before_the_first_look_is_history(
    tmp_path: Path,
    exists: bool,  # noqa: FBT001
) -> None:
    """A rule may begin on the fresh file of the night; one that is not there has this cursor."""
    log = Watched(tmp_path / "app.log")
    rotated = tmp_path / "app.log.1"
    rotated.write_text("ERROR\n" * 50)
    if exists:
        log.append("")
        assert log.new() == 0
    else:
        log.cursor = "0 0 0 0 0 0"
    log.append("")
    later(rotated, "reopening logs\n", 5)
    log.append("hello\n")
    assert log.new() == 1
    log.append("hello\n")
    assert log.new() == 1


def test_a_log_that_is_added_to_an_archive_and_emptied_is_counted_once(log: Watched) -> None:
    """Only what was the log itself is read on; an archive's lines were the log's before."""
    archive = log.path.with_name("app.log.2031")
    archive.write_text("years of it\n")
    log.cursor = ""
    log.new()
    for day in range(3):
        log.append(f"day {day}\n" * 20)
        assert log.new() == 20
        later(archive, log.path.read_text(), 5)
        os.truncate(log.path, 0)
        assert log.new() == 0
    assert log.new() == 0


def test_a_log_under_two_names_is_read_once(log: Watched) -> None:
    """Some programs write to ``app.log.20310102`` and keep a link of the plain name to it."""
    for day in (1, 2):
        dated = log.path.with_name(f"app.log.2031010{day}")
        dated.write_text("a\n")
        later(dated, "b\n", 5 * day)
        log.path.unlink()
        log.path.symlink_to(dated)
        assert log.new() == 2
        log.append("c\n")
        assert log.new() == 1


def test_a_log_that_was_rotated_twice_between_two_looks(log: Watched) -> None:
    log.append("a\n")
    log.path.rename(log.path.with_suffix(".log.2"))
    log.append("b\nc\n")
    log.path.rename(log.path.with_suffix(".log.1"))
    log.append("d\n")
    now = log.path.stat().st_mtime
    for later, name in enumerate(("app.log.2", "app.log.1", "app.log"), start=1):
        os.utime(log.path.with_name(name), (now + later, now + later))
    assert log.new() == 4


def test_a_log_that_is_copied_and_emptied_in_place(log: Watched) -> None:
    log.append("a\n")
    shutil.copy(log.path, log.path.with_name("app.log-20310101"))
    os.truncate(log.path, 0)
    log.append("b\n")
    assert log.new() == 2
    assert log.new() == 0


def test_a_log_that_is_emptied_and_grows_beyond_what_was_read(log: Watched) -> None:
    """Its size tells nothing then; its beginning is another one."""
    os.truncate(log.path, 0)
    log.append("other lines\n" * 10)
    assert log.new() == 10


def test_a_new_file_that_got_the_inode_of_the_old_one(log: Watched) -> None:
    inode = log.path.stat().st_ino
    os.truncate(log.path, 0)
    log.append("x" * 100 + "\n")
    assert log.path.stat().st_ino == inode
    assert log.new() == 1


def test_packed_and_unrelated_files_are_not_read(log: Watched) -> None:
    log.append("a\n")
    content = log.path.read_bytes()
    for name in ("app.log.1.gz", "app.log.err", "app.logic", "other.log.1"):
        log.path.with_name(name).write_bytes(b"not ours\n" * 5)
    log.path.with_name("app.log.2").write_bytes(content)
    log.path.unlink()
    log.append("b\n")
    assert log.new() == 2


def test_patterns_choose_and_leave_out(log: Watched) -> None:
    log.append("ERROR one\nerror two\nERROR: known bug 7\nFATAL\n")
    told = look(log.path, log.cursor, ("ERROR", "^FATAL"), (r"known bug \d",))
    assert told["count"] == 2
    assert told["last"] == "FATAL"


def test_bytes_that_are_no_text_are_read(log: Watched) -> None:
    with log.path.open("ab") as file:
        file.write(b"caf\xe9 \x00 failed\r\n")
    assert log.new("failed") == 1


def test_a_pattern_that_is_none_is_told(log: Watched) -> None:
    with pytest.raises(ValueError, match="is no regular expression: "):
        look(log.path, log.cursor, ("(",))


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        question = json.dumps(
            {"path": str(tmp_path / name), "cursor": "", "match": [], "ignore": []}
        )
        assert line(log_child.file, question).startswith(b"- ")
    missing = json.dumps({"path": "/no/such", "cursor": "", "match": [], "ignore": []})
    assert line(log_child.file, missing) == b"- No such file or directory\n"


def test_much_is_read_in_several_looks(log: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_child, "MOST_BYTES", 1000)
    log.append("0123456789\n" * 200)
    log.path.rename(log.path.with_suffix(".log.1"))
    log.append("0123456789\n" * 200)
    counts = [log.new() for _ in range(8)]
    assert sum(counts) == 400
    assert counts[-1] == 0
    assert 0 < counts[0] <= 1000 / 11


def test_a_line_without_an_end_is_not_read_for_ever(
    log: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_child, "_CHUNK", 1000)
    log.append("x" * 5_000)
    assert log.new() > 0
    assert log.new() == 0


class Clock:
    """Gives each change of a file a time of its own: real ones come in steps of milliseconds."""

    def __init__(self) -> None:
        self._now_ns = 10**18

    def stamp(self, path: Path) -> None:
        self._now_ns += 10**9
        os.utime(path, ns=(self._now_ns, self._now_ns))


def rotate(log: Watched, name: str, way: str, clock: Clock) -> None:
    rotated = log.path.with_name(f"app.log.{name}")
    if way == "rename":
        log.path.rename(rotated)
        log.path.touch()
    else:
        shutil.copyfile(log.path, rotated)
        clock.stamp(rotated)
        os.truncate(log.path, 0)
    clock.stamp(log.path)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_between_looks_no_line_is_counted_twice_or_lost(
    log: Watched, seed: int
) -> None:
    """Also the lines of a program that has not noticed yet that its log was renamed."""
    dice = random.Random(seed)  # noqa: S311 - a test that repeats itself
    clock = Clock()
    clock.stamp(log.path)
    log.new()
    written = counted = 0
    open_still = log.path
    for turn in range(60):
        for _ in range(dice.randrange(4)):
            written += 1
            with open_still.open("a", encoding="utf-8") as file:
                file.write(f"{seed} {written}: " + "x" * dice.randrange(40) + "\n")
            clock.stamp(open_still)
        if dice.random() < 0.4:
            way = dice.choice(["rename", "copy"])
            if way == "rename" and open_still == log.path:
                open_still = log.path.with_name(f"app.log.{turn}")
            rotate(log, str(turn), way, clock)
        if dice.random() < 0.7:
            counted += log.new(": ")
        if dice.random() < 0.5:
            open_still = log.path
    assert counted + log.new(": ") == written
