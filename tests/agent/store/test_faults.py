"""A disk that is full, read-only or failing: checks go on, criticals are kept, it heals itself."""

import errno
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from agent.errors import NotNowError
from agent.protocol.receipts import Receipt, ReceiptResult
from agent.store import Importance, Store, Trouble, schema
from agent.store.unsaved import MOST_ENVELOPES
from tests.agent.store.samples import ALL, HandClock, accepted, bodies, envelope

CRITICAL = Importance.CRITICAL
FILLER = "x" * 20_000


@contextmanager
def small_files(most_bytes: int) -> Iterator[None]:
    """No file of this process may grow beyond so many bytes: every user can have that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1M,mode=700", "tmpfs", str(disk)]
    subprocess.run(mount, check=True)
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(512))
    return ballast


@pytest.mark.needs("mount")
@pytest.mark.needs_root
def test_a_full_disk_is_told_survived_and_healed(small_disk: Path, clock: HandClock) -> None:
    store = Store(small_disk / "state", read_clock=clock)
    assert store.record({"disk:/": "1"}, [envelope("before")])
    ballast = fill(small_disk)
    assert not store.record({"disk:/": "2"}, [envelope(FILLER, CRITICAL)])
    clock.pass_s(60)
    assert not store.record({"disk:/": "3"}, [envelope("full", CRITICAL)])
    assert store.trouble == Trouble("the disk is full", "2026-11-21T08:16:40.000Z", 2)
    assert "2 messages are kept in memory" in store.trouble.sentence()
    assert store.alert_states() == {"disk:/": "3"}
    assert bodies(store) == ["before", FILLER, "full"]
    assert store.counts().unsaved == 2

    ballast.unlink()
    assert store.retry()
    assert store.trouble is None
    assert store.counters() == {"store_failures": 1}
    store.close()
    store = Store(small_disk / "state", read_clock=clock)
    assert store.alert_states() == {"disk:/": "3"}
    assert bodies(store) == ["before", FILLER, "full"]
    store.close()


@pytest.mark.needs("mount")
@pytest.mark.needs_root
def test_what_was_delivered_from_memory_is_not_sent_again_when_the_disk_heals(
    small_disk: Path, clock: HandClock
) -> None:
    store = Store(small_disk / "state", read_clock=clock)
    stored, refused = envelope(FILLER), envelope(FILLER + "r")
    store.record({}, [stored, refused])
    ballast = fill(small_disk)
    unsaved = [envelope(FILLER + str(number), CRITICAL) for number in range(5)]
    assert not store.record({}, unsaved)
    refusal = Receipt(refused.id, ReceiptResult.REFUSED, None, "no")
    store.settle([accepted(one.id) for one in (stored, *unsaved[:4])] + [refusal])
    assert store.pending(ALL, ALL) == [unsaved[4]]
    ballast.unlink()
    assert store.retry()
    assert store.pending(ALL, ALL) == [unsaved[4]]
    assert [parked.envelope for parked in store.parked()] == [refused]
    store.close()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EIO, "the disk reports an input/output error"),
        (errno.EROFS, "it may only be read"),
        (errno.EMFILE, "[Errno 24] Too many open files"),
    ],
)
def test_an_error_of_the_system_is_told_in_the_words_of_sqlites(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch, code: int, reason: str
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("agent.store.schema.connect", failing)
    store = Store(tmp_path, read_clock=clock)
    assert store.trouble
    assert store.trouble.reason == reason
    store.close()


@pytest.mark.parametrize(
    ("code", "damaged"),
    [
        (sqlite3.SQLITE_IOERR_WRITE, False),
        (sqlite3.SQLITE_IOERR_FSYNC, False),
        (sqlite3.SQLITE_IOERR_READ, True),
    ],
)
def test_a_disk_that_cannot_be_written_is_no_damage_to_the_file(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch, code: int, *, damaged: bool
) -> None:
    """It once was set aside and reported as partly lost, and nothing was wrong with it."""
    store = Store(tmp_path, read_clock=clock)
    store.record({}, [envelope("kept")])
    store.close()
    real, failures = schema.prepare, [sqlite3.OperationalError("disk I/O error")]
    failures[0].sqlite_errorcode = code

    def failing_once(connection: sqlite3.Connection) -> None:
        if failures:
            raise failures.pop()
        real(connection)

    monkeypatch.setattr(schema, "prepare", failing_once)
    store = Store(tmp_path, read_clock=clock)
    clock.pass_s(60)
    assert bodies(store) == ["kept"]
    assert (store.take_damage() is not None) is damaged
    store.close()


@pytest.mark.needs("mount")
@pytest.mark.needs_root
def test_an_agent_starts_on_a_full_disk(small_disk: Path, clock: HandClock) -> None:
    ballast = fill(small_disk)
    os.truncate(ballast, ballast.stat().st_size - 8192)  # for the folder and its lock
    store = Store(small_disk / "state", read_clock=clock)
    assert not store.record({"a": "1"}, [envelope(FILLER, CRITICAL)])
    assert store.trouble is not None
    assert bodies(store) == [FILLER]
    ballast.unlink()
    clock.pass_s(11)
    assert store.retry()
    assert bodies(store) == [FILLER]
    store.close()


@pytest.mark.needs("mount")
@pytest.mark.needs_root
def test_a_file_system_gone_read_only_is_told_and_healed(
    small_disk: Path, clock: HandClock
) -> None:
    store = Store(small_disk / "state", read_clock=clock)
    store.record({"a": "1"}, [envelope("before")])
    store.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    store = Store(small_disk / "state", read_clock=clock)
    assert not store.record({"a": "2"}, [envelope("meanwhile", CRITICAL)])
    assert store.trouble is not None
    assert "meanwhile" in bodies(store)
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    clock.pass_s(11)
    assert store.retry()
    assert bodies(store) == ["before", "meanwhile"]
    assert store.alert_states() == {"a": "2"}
    store.close()


def test_a_write_error_is_survived_and_healed_without_root_too(
    tmp_path: Path, clock: HandClock
) -> None:
    store = Store(tmp_path, read_clock=clock)
    assert store.record({"a": "1"}, [envelope("before")])
    with small_files(100_000):
        for number in range(10):
            store.record({"a": f"in trouble {number}"}, [envelope(FILLER + str(number), CRITICAL)])
            clock.pass_s(60)
        assert store.trouble is not None
        assert len(bodies(store)) == 11
    assert store.retry()
    assert store.trouble is None
    store.close()
    store = Store(tmp_path, read_clock=clock)
    assert bodies(store) == ["before"] + [FILLER + str(number) for number in range(10)]
    assert store.alert_states() == {"a": "in trouble 9"}
    store.close()


def test_a_file_that_another_program_holds_open_is_waited_for(
    tmp_path: Path, clock: HandClock
) -> None:
    """Somebody looks at it with a database browser while the agent starts."""
    Store(tmp_path, read_clock=clock).close()
    browser = sqlite3.connect(tmp_path / "agent.db", isolation_level=None)
    browser.execute("BEGIN EXCLUSIVE")
    store = Store(tmp_path, read_clock=clock)
    assert store.trouble is not None
    assert store.trouble.reason == "another program has it open"
    assert not store.record({"a": "1"}, [envelope("kept")])
    assert bodies(store) == ["kept"]
    browser.close()
    clock.pass_s(11)
    assert store.retry()
    assert store.trouble is None
    assert store.take_damage() is None
    store.close()


def test_memory_keeps_the_newest_criticals_within_bounds(tmp_path: Path, clock: HandClock) -> None:
    store = Store(tmp_path, read_clock=clock)
    with small_files(50_000):
        for number in range(40):
            store.record({}, [envelope(FILLER), envelope(f"{number:06d}" * 20_000, CRITICAL)])
        kept = [one for one in store.pending(ALL, ALL * 1000) if one.importance is CRITICAL]
        assert [int(one.body[:6]) for one in kept] == list(range(40))[-len(kept) :]
        assert sum(len(one.body) for one in kept) <= 2 * 1024 * 1024
        lesser = [one for one in store.pending(ALL, ALL * 1000) if one not in kept]
        assert len(lesser) <= 2
        for number in range(MOST_ENVELOPES + 50):
            store.record({}, [envelope(str(number), CRITICAL)])
        assert store.counts().unsaved <= MOST_ENVELOPES
    assert store.retry()
    counters = store.counters()
    stored = store.counts().waiting
    assert sum(n for name, n in counters.items() if name.startswith("dropped")) + stored == (
        80 + MOST_ENVELOPES + 50
    )
    store.close()


UNDER_STRACE = """
import sys
from pathlib import Path
from agent.store import Store
from tests.agent.store.samples import HandClock, envelope
clock = HandClock()
store = Store(Path(sys.argv[1]), read_clock=clock)
acknowledged = []
for number in range(12):
    one = envelope(str(number))
    if store.record({"alert": str(number)}, [one]):
        acknowledged.append(one.body)
    clock.pass_s(30)
print(",".join(acknowledged), store.trouble, store.counts().unsaved)
sys.stdout.flush()
import os
os._exit(0)
"""


SYNCS = [("fdatasync", when) for when in (1, 2, 5, 9)]
WRITES = [("pwrite64", when) for when in (1, 4, 20, 60, 90)]
OPENINGS = [("openat", when) for when in (1, 2)] + [("pread64", 1)]


@pytest.mark.needs("strace")
@pytest.mark.parametrize("error", ["EIO", "ENOSPC", "EMFILE"])
@pytest.mark.parametrize(("call", "when"), [*SYNCS, *WRITES, *OPENINGS])
def test_a_failing_call_never_makes_a_false_acknowledgement(
    tmp_path: Path, call: str, error: str, when: int
) -> None:
    """The disk fails twice at the given call; what was said to be durable is there afterwards."""
    state = tmp_path / "state"
    where = ["-P", str(state / "agent.db"), "-P", str(state / "agent.db-wal")]
    inject = f"{call}:error={error}:when={when}..{when + 1}"
    traced = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-o",
        str(tmp_path / "trace"),
        *where,
        "-e",
        f"trace={call}",
    ]
    program = [sys.executable, "-c", UNDER_STRACE, str(state)]
    ended = subprocess.run(
        [*traced, "-e", f"inject={inject}", *program],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "INJECTED" in (tmp_path / "trace").read_text()
    said, trouble, unsaved = ended.stdout.split()
    assert (trouble, unsaved) == ("None", "0"), "it must have healed"
    store = Store(state)
    found = bodies(store)
    assert sorted(found, key=int) == found
    assert set(said.split(",")) <= set(found)
    assert found[-1] == "11"
    assert store.alert_states() == {"alert": "11"}
    store.close()


def test_what_cannot_be_read_just_now_is_not_taken_for_what_is_not_there(
    tmp_path: Path, clock: HandClock
) -> None:
    store = Store(tmp_path, read_clock=clock)
    store.record({}, [], {"memory:log": "a cursor"})
    store.close()
    (tmp_path / "agent.db").rename(tmp_path / "aside")
    (tmp_path / "agent.db").mkdir()
    store = Store(tmp_path, read_clock=clock)

    assert store.text("memory:log") is None
    with pytest.raises(NotNowError, match=r"cannot be read just now \("):
        store.recall("memory:log")

    (tmp_path / "agent.db").rmdir()
    (tmp_path / "aside").rename(tmp_path / "agent.db")
    clock.pass_s(60)
    assert store.recall("memory:log") == "a cursor"
    assert store.recall("another") is None
    store.close()
