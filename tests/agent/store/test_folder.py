"""The state folder is private, and one agent has it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.errors import StateError, StateLockedError
from agent.store import Store
from tests.agent.store.samples import envelope


def mode(path: Path) -> int:
    return path.lstat().st_mode & 0o777


def test_folder_and_files_are_for_the_agents_account_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = Store(tmp_path / "a" / "state")
        store.record({}, [envelope()])
    finally:
        os.umask(before)
    folder = tmp_path / "a" / "state"
    assert mode(folder) == 0o700
    files = sorted(path.name for path in folder.iterdir())
    assert files == ["agent.db", "agent.db-wal", "agent.lock"]
    assert {mode(folder / name) for name in files} == {0o600}
    store.close()


def test_a_folder_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    (state / "agent.db").touch(mode=0o644)
    Store(state).close()
    assert mode(state) == 0o700
    assert mode(state / "agent.db") == 0o600


@pytest.mark.needs_root
def test_a_folder_of_another_account_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, 65534, 65534)
    with pytest.raises(StateError, match="belongs to another account"):
        Store(state)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(StateError, match="cannot be used"):
        Store(tmp_path / "state")


def test_links_planted_in_the_folder_are_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "agent.lock").symlink_to(victim)
    with pytest.raises(StateError, match="cannot be opened"):
        Store(state)
    (state / "agent.lock").unlink()
    (state / "agent.db").symlink_to(victim)
    store = Store(state)
    assert store.trouble is not None
    assert not store.record({"a": "b"}, [])
    store.close()
    assert victim.read_text() == "precious"


def test_the_second_agent_is_told_who_has_the_folder(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(StateLockedError, match=f"in use by process {os.getpid()}") as caught:
        Store(tmp_path)
    assert caught.value.pid == os.getpid()
    store.record({}, [envelope("mine")])
    store.close()
    Store(tmp_path).close()


HOLDER = """
import sys, time
from pathlib import Path
from agent.store import Store
store = Store(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(600)
"""


def test_the_lock_of_a_killed_agent_is_free_at_once(tmp_path: Path) -> None:
    for _ in range(3):
        command = [sys.executable, "-c", HOLDER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(StateLockedError) as caught:
                Store(tmp_path)
            assert caught.value.pid == holder.pid
            holder.kill()
        Store(tmp_path).close()


def test_the_pid_of_a_dead_agent_in_the_lock_file_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "agent.lock").write_text(str(os.getpid()))
    tmp_path.chmod(0o700)
    Store(tmp_path).close()


def test_of_many_agents_started_at_once_one_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    said = []
    for one in started:
        assert one.stdout is not None
        said.append(one.stdout.readline())
    holder = started[said.index("held\n")]
    assert sorted(said) == [""] * 5 + ["held\n"]
    holder.kill()
    for one in started:
        _, errors = one.communicate()
        assert one is holder or "StateLockedError" in errors
