"""A damaged agent.db: never a failed start, never a wrong row; what can be saved is saved."""

import logging
import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.errors import StateError
from agent.store import Envelope, Importance, Store
from agent.store.opening import MOST_ASIDE, SALVAGED_NAME
from tests.agent.store.samples import ALL, HandClock, bodies, envelope

MUTATIONS = 1000 if os.environ.get("WATCHDESK_LONG") else 200
ROWS = 120
PAGE = 4096


@dataclass
class Original:
    """A closed store and what is in it."""

    folder: Path
    envelopes: dict[str, Envelope]
    states: dict[str, str]

    def copy(self, to: Path) -> Path:
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.folder, to)
        return to / "agent.db"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    """A store with one state and one envelope a record, the last ones still in its log."""
    chance = random.Random(7)  # noqa: S311 - the same every time
    folder = tmp_path_factory.mktemp("original")
    store = Store(folder / "live")
    made = Original(folder / "copy", {}, {})
    for number in range(ROWS):
        one = envelope(f'{{"n":{number},"x":"{"y" * chance.randrange(2500)}"}}')
        state = f'{{"n":{number}}}'
        store.record({f"rule:{number % 30}": state}, [one])
        made.envelopes[one.id] = one
        made.states[f"rule:{number % 30}"] = state
        if number == ROWS - 20:
            store.close()
            store = Store(folder / "live")
    shutil.copytree(folder / "live", made.folder)  # as a kill leaves it: with its log
    store.close()
    return made


def flip(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def flip_many(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randrange(2, 65)):
        flip(data, chance)


def scribble(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randrange(2, 65)):
        data[chance.randrange(len(data))] = chance.randrange(256)


def spoil_header(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(100)] = chance.randrange(256)


def spoil_page(data: bytearray, chance: random.Random) -> None:
    start = PAGE * chance.randrange(len(data) // PAGE)
    data[start : start + PAGE] = chance.choice([bytes(PAGE), chance.randbytes(PAGE)])


def swap_pages(data: bytearray, chance: random.Random) -> None:
    pages = range(0, len(data) - PAGE + 1, PAGE)
    one, two = chance.choice(pages), chance.choice(pages)
    kept = data[one : one + PAGE]
    data[one : one + PAGE] = data[two : two + PAGE]
    data[two : two + PAGE] = kept


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def empty(data: bytearray, _chance: random.Random) -> None:
    data.clear()


def zero(data: bytearray, _chance: random.Random) -> None:
    data[:] = bytes(len(data))


def lengthen(data: bytearray, chance: random.Random) -> None:
    data += chance.randbytes(chance.randrange(1, 3 * PAGE))


KINDS = [
    flip,
    flip_many,
    scribble,
    spoil_header,
    spoil_page,
    swap_pages,
    cut,
    empty,
    zero,
    lengthen,
    None,
]


def mutate(path: Path, chance: random.Random) -> str:
    """Damage the file or its log in some way; return which."""
    if chance.random() < 0.2:
        path = path.with_name("agent.db-wal")
    kind = chance.choice(KINDS)
    if kind is None:
        path.unlink()
        return f"{path.name} is gone"
    data = bytearray(path.read_bytes())
    kind(data, chance)
    path.write_bytes(data)
    return f"{kind.__name__} {path.name}"


def test_no_damage_keeps_the_agent_from_starting_or_makes_a_row_wrong(
    original: Original, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    for seed in range(MUTATIONS):
        chance = random.Random(seed)  # noqa: S311 - the same every time
        path = original.copy(tmp_path / "state")
        what = f"seed {seed}: {mutate(path, chance)}"
        store = Store(tmp_path / "state", read_clock=HandClock())
        assert store.trouble is None, what
        found = {one.id: one for one in store.pending(ALL, ALL)}
        assert found.items() <= original.envelopes.items(), what
        states = store.alert_states()
        assert states.keys() <= original.states.keys(), what
        fresh = envelope("after")
        assert store.record({"after": "1"}, [fresh]), what
        damage = store.take_damage()
        if "wal" not in what and len(found) < ROWS and "gone" not in what and "empty" not in what:
            assert damage is not None, what
        store.close()
        store = Store(tmp_path / "state", read_clock=HandClock())
        assert store.pending(ALL, ALL) == [*found.values(), fresh], what
        assert store.alert_states() == states | {"after": "1"}, what
        assert store.take_damage() is None, what
        store.close()


def settled(original: Original, to: Path) -> Path:
    """Copy the store with its log written back into the file."""
    path = original.copy(to)
    Store(to).close()
    return path


def test_a_damaged_page_costs_no_row_of_another_page(original: Original, tmp_path: Path) -> None:
    sound = settled(original, tmp_path / "sound").read_bytes()
    lost = 0
    pages = len(sound) // PAGE
    for page in range(pages):
        path = settled(original, tmp_path / "state")
        data = bytearray(sound)
        data[page * PAGE : (page + 1) * PAGE] = b"\xa5" * PAGE
        path.write_bytes(data)
        store = Store(tmp_path / "state")
        here = ROWS - len(store.pending(ALL, ALL))
        on_page = sum(
            one.id.encode() in data_of(sound, page) for one in original.envelopes.values()
        )
        assert here == 0 or is_tree(sound, page) or here <= on_page + 1, f"page {page}"
        lost += 0 if is_tree(sound, page) else here
        store.close()
    assert lost <= 2 * ROWS


def data_of(data: bytes, page: int) -> bytes:
    return data[page * PAGE : (page + 1) * PAGE]


def is_tree(data: bytes, page: int) -> bool:
    """Tell an interior page of a table: below it nothing can be found."""
    return data_of(data, page)[0] == 5


@pytest.mark.parametrize("size", ["whole", "half"])
def test_without_its_first_page_a_file_still_gives_its_rows(
    original: Original, tmp_path: Path, size: str
) -> None:
    path = settled(original, tmp_path / "state")
    data = bytearray(path.read_bytes())
    data[:PAGE] = bytes(PAGE)
    if size == "half":
        del data[len(data) // 2 + 100 :]
    path.write_bytes(data)
    store = Store(tmp_path / "state")
    damage = store.take_damage()
    assert damage is not None
    found = store.pending(ALL, ALL)
    assert len(found) == ROWS if size == "whole" else len(found) > ROWS // 4
    assert store.alert_states().items() <= original.states.items()
    assert damage.recovered == len(found) + len(store.alert_states())
    store.close()


def test_damage_is_told_once_counted_and_kept_aside(original: Original, tmp_path: Path) -> None:
    path = settled(original, tmp_path / "state")
    path.write_bytes(b"this is no database" * 1000)
    store = Store(tmp_path / "state", read_clock=HandClock())
    damage = store.take_damage()
    assert damage is not None
    assert damage.aside == tmp_path / "state" / "agent.db.damaged-20261121T081640Z"
    assert damage.aside.exists()
    assert damage.sentence() == (
        "The agent's store was damaged (file is not a database). 0 alert states and messages were "
        f"recovered, what could not be read is lost. The damaged file is kept as {damage.aside}; "
        "check this computer's disk."
    )
    assert store.take_damage() is None
    assert store.counters() == {"store_damaged": 1}
    store.close()


def test_only_the_last_damaged_files_are_kept(tmp_path: Path) -> None:
    clock = HandClock()
    for _ in range(MOST_ASIDE + 3):
        Store(tmp_path, read_clock=clock).close()
        (tmp_path / "agent.db").write_bytes(b"rubbish" * 1000)
        clock.pass_s(1)
    store = Store(tmp_path, read_clock=clock)
    assert len(list(tmp_path.glob("agent.db.damaged-*"))) == MOST_ASIDE
    store.close()


def test_a_bit_flipped_within_a_message_is_found_when_it_is_read(
    original: Original, tmp_path: Path
) -> None:
    """SQLite has no checksum of its own: it would give the wrong text away."""
    path = settled(original, tmp_path / "state")
    data = path.read_bytes()
    place = data.index(b'{"n":77,')
    path.write_bytes(data[: place + 5] + b"8" + data[place + 6 :])
    store = Store(tmp_path / "state")
    assert store.take_damage() is None
    found = store.pending(ALL, ALL)
    assert len(found) == ROWS - 1
    assert not any(
        '{"n":87,' in one.body for one in found if one not in original.envelopes.values()
    )
    damage = store.take_damage()
    assert damage is not None
    assert damage.reason == "a message's checksum does not fit"
    assert store.record({}, [envelope()])
    assert store.trouble is None
    store.close()


def test_damage_that_shows_while_running_is_salvaged_while_running(
    original: Original, tmp_path: Path
) -> None:
    path = settled(original, tmp_path / "state")
    clock = HandClock()
    store = Store(tmp_path / "state", read_clock=clock)
    db = store._file._db
    assert db is not None
    db.execute("PRAGMA shrink_memory")  # SQLite would go on with what it has in mind
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xa5" * (size - size // 2))
    for number in range(3):
        store.record({f"new:{number}": "1"}, [envelope(f"new {number}", Importance.CRITICAL)])
    assert store.retry()
    assert store.trouble is None
    assert store.take_damage() is not None
    assert bodies(store)[-3:] == ["new 0", "new 1", "new 2"]
    assert len(bodies(store)) > ROWS // 3
    assert len(store.alert_states()) == 33
    store.close()


def test_a_store_of_a_newer_agent_is_left_alone(original: Original, tmp_path: Path) -> None:
    path = settled(original, tmp_path / "state")
    store = Store(tmp_path / "state")
    db = store._file._db
    assert db is not None
    db.execute("PRAGMA user_version = 2")
    db.execute("UPDATE texts SET text = '2' WHERE name = 'schema'")
    store.close()
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(StateError, match=r"newer agent \(schema 2, this one knows 1\)"):
            Store(tmp_path / "state")
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*damaged*"))


def test_a_flipped_bit_in_the_version_is_damage_and_no_newer_agent(
    original: Original, tmp_path: Path
) -> None:
    path = settled(original, tmp_path / "state")
    data = bytearray(path.read_bytes())
    data[63] ^= 2
    path.write_bytes(data)
    store = Store(tmp_path / "state")
    assert store.take_damage() is not None
    assert len(store.pending(ALL, ALL)) == ROWS
    store.close()


@pytest.mark.parametrize("moment", ["half written", "damaged file moved", "its log not yet"])
def test_a_kill_while_a_damaged_file_is_replaced_loses_nothing(
    original: Original, tmp_path: Path, moment: str
) -> None:
    path = original.copy(tmp_path / "state")
    fresh = path.with_name(SALVAGED_NAME)
    log = path.with_name("agent.db-wal")
    if moment == "half written":
        fresh.write_bytes(b"half" * 1000)
    else:
        shutil.copy(settled(original, tmp_path / "whole"), fresh)
        path.rename(path.with_name("agent.db.damaged-1"))
        if moment == "damaged file moved":
            log.rename(log.with_name("agent.db.damaged-1-wal"))
    store = Store(tmp_path / "state")
    assert {one.id for one in store.pending(ALL, ALL)} == original.envelopes.keys()
    assert not fresh.exists()
    store.close()
