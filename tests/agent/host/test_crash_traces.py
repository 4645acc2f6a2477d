"""What crashes of Linux and macOS leave behind: each crash once, by the times of its files."""

import os
from pathlib import Path

import pytest

from agent.errors import UnsupportedCheckError
from agent.host.crash_traces import ONE_CRASH_S, Trace, fold, in_words, read

START = 1_000_000.0


def test_one_crash_is_counted_once_however_many_files_it_left() -> None:
    memory: dict[str, str] = {}
    old = [START - 5000, START - 10]
    assert fold(memory, old, START) == 0, "what was before the first look is history"
    crash = [START + 60, START + 60.5, START + 61, START + 200]
    assert fold(memory, old + crash[:3], START + 300) == 1
    assert fold(memory, old + crash, START + 400) == 1, "systemd copied them at the boot"
    assert fold(memory, crash, START + 500) == 1
    later = START + 60 + ONE_CRASH_S + 1
    assert fold(memory, [*crash, later], later + 60) == 2


def test_a_file_from_the_future_waits() -> None:
    memory: dict[str, str] = {}
    fold(memory, [], START)
    assert fold(memory, [START + 9000], START + 10) == 0
    assert fold(memory, [START + 100, START + 9000], START + 200) == 1
    assert fold(memory, [START + 100, START + 9000], START + 9001) == 2


def test_the_times_are_those_of_the_files_that_match(tmp_path: Path) -> None:
    for name, at_s in [("dmesg-efi-1", 100), ("dmesg-efi-2", 101), ("console-ramoops", 5)]:
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (at_s, at_s))
    (tmp_path / "dmesg-folder").mkdir()
    roots = [(str(tmp_path), "dmesg-*"), (str(tmp_path / "none"), "*")]
    assert sorted(one.at_s for one in read(roots)) == [100, 101]


def test_where_nothing_is_kept_it_is_unsupported(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedCheckError, match="keeps nothing of its crashes"):
        read([(str(tmp_path / "none"), "*")])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"Panic#1 Part1\n<0>[ 42.1] Kernel panic - not syncing: Fatal exception in interrupt\n",
            ": Kernel panic - not syncing: Fatal exception in interrupt",
        ),
        (
            b"<1>[ 7.0] BUG: kernel NULL pointer dereference, address: 0000000000000010\n<4>RIP\n",
            ": BUG: kernel NULL pointer dereference, address: 0000000000000010",
        ),
        (
            b'panic(cpu 2 caller 0xfffffff0): "a freed zone element has been modified"\nBacktrace',
            ': panic(cpu 2 caller 0xfffffff0): "a freed zone element has been modified"',
        ),
        (b"\x7fELF\x00\xff" * 100, ""),
        (b"", ""),
    ],
)
def test_the_latest_crash_is_told_by_its_last_words(
    tmp_path: Path, content: bytes, said: str
) -> None:
    earlier, later, dump = (tmp_path / name for name in ("dmesg-1", "dmesg-2", "vmcore"))
    earlier.write_bytes(b"Kernel panic - not syncing: another one")
    later.write_bytes(content)
    crash = START + 60.0009  # a file's time is finer than what is remembered
    traces = [Trace(START - 9000, earlier), Trace(crash, later), Trace(crash + 5, dump)]
    memory: dict[str, str] = {}
    fold(memory, [START - 9000], START)
    assert in_words(memory, traces) == "", "none since the first look"
    fold(memory, [one.at_s for one in traces], START + 100)
    assert in_words(memory, traces) == f"the last one on 1970-01-12 13:47 UTC{said}"
    assert in_words(memory, []) == "the last one on 1970-01-12 13:47 UTC"
