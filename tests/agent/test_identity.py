"""The identity file: private, whole, and clear about what is wrong."""

import json
import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent import identity
from agent.clock import Now
from agent.errors import StateError
from agent.identity import Identity
from agent.protocol.ids import uuid7

MINE = Identity(
    uuid7(),
    "wdd_canary",
    "https://desk.example",
    "/etc/ca.pem",
    "http://user:canary@proxy:3128",
    "2031-01-01T00:00:00.000Z",
)


def test_it_reads_back_what_was_written(tmp_path: Path) -> None:
    state = tmp_path / "new" / "state"
    assert not identity.exists(state)
    identity.save(state, MINE)
    assert identity.exists(state)
    assert identity.load(state) == identity.load_enrolled(state) == MINE
    identity.save(state, replace(MINE, ca_file=None, proxy=None))
    assert identity.load(state) == replace(MINE, ca_file=None, proxy=None)
    assert [path.name for path in state.iterdir()] == ["identity.json"]


@pytest.mark.parametrize(
    ("enrolled_at", "since"),
    [
        ("2031-01-01T00:00:01.000Z", True),
        ("2030-12-31T23:58:00.000Z", False),
        ("2031-06-01T00:00:00.000Z", False),  # the clock went back
        ("2031-01-01T00:00:01", False),
        ("yesterday", False),
        (None, False),
    ],
)
def test_an_enrolment_since_the_boot_is_told_from_an_older_one(
    enrolled_at: str | None, *, since: bool
) -> None:
    now = Now(boot_s=90.0, awake_s=90.0, wall=datetime(2031, 1, 1, 0, 1, tzinfo=UTC))
    mine = replace(MINE, enrolled_at=enrolled_at)
    assert identity.enrolled_since_boot(mine, now) is since


def test_only_its_owner_may_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        identity.save(tmp_path / "state", MINE)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "state" / "identity.json").stat().st_mode) == 0o600


def test_secrets_do_not_show_when_it_is_logged_by_mistake() -> None:
    assert "canary" not in repr(MINE)
    assert MINE.device_id in repr(MINE)


def test_a_device_without_one_is_told_to_enrol(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="not enrolled yet"):
        identity.load(tmp_path)


def test_an_enrolment_without_an_answer_is_told_to_be_repeated(tmp_path: Path) -> None:
    identity.save(tmp_path, replace(MINE, enrolled_at=None))
    assert identity.load(tmp_path).enrolled_at is None
    with pytest.raises(StateError, match="never answered: repeat it"):
        identity.load_enrolled(tmp_path)


def test_truncated_anywhere_it_is_called_damaged(tmp_path: Path) -> None:
    identity.save(tmp_path, MINE)
    path = tmp_path / "identity.json"
    whole = path.read_bytes()
    for length in range(len(whole) - 2):
        path.write_bytes(whole[:length])
        with pytest.raises(StateError, match=r"identity\.json is damaged"):
            identity.load(tmp_path)


@pytest.mark.parametrize(
    "member",
    [
        {"device_id": "x"},
        {"device_token": None},
        {"server": 7},
        {"proxy": 7},
        {"enrolled_at": []},
    ],
)
def test_a_member_of_another_kind_is_named(tmp_path: Path, member: dict[str, object]) -> None:
    identity.save(tmp_path, MINE)
    path = tmp_path / "identity.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | member))
    with pytest.raises(StateError, match=next(iter(member))) as caught:
        identity.load(tmp_path)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606])
def test_one_that_others_may_read_is_refused_with_the_cure(tmp_path: Path, mode: int) -> None:
    identity.save(tmp_path, MINE)
    (tmp_path / "identity.json").chmod(mode)
    with pytest.raises(StateError, match="chmod 600"):
        identity.load(tmp_path)


def test_a_link_or_pipe_in_its_place_is_neither_followed_nor_waited_for(tmp_path: Path) -> None:
    identity.save(tmp_path / "real", MINE)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "identity.json").symlink_to(tmp_path / "real" / "identity.json")
    (tmp_path / "piped").mkdir()
    os.mkfifo(tmp_path / "piped" / "identity.json", 0o600)
    for folder in ("linked", "piped"):
        with pytest.raises(StateError):
            identity.load(tmp_path / folder)


def test_a_link_planted_at_its_place_is_replaced_and_its_target_untouched(tmp_path: Path) -> None:
    target = tmp_path / "passwd"
    target.write_text("precious")
    (tmp_path / "identity.json").symlink_to(target)
    identity.save(tmp_path, MINE)
    assert target.read_text() == "precious"
    assert identity.load(tmp_path) == MINE


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match=r"identity\.json cannot be written"):
        identity.save(tmp_path / "file" / "state", MINE)


_SAVE = """
import sys
from pathlib import Path
from agent import identity
from agent.identity import Identity
identity.save(Path(sys.argv[1]), Identity(sys.argv[2], "wdd_new", "https://new.example"))
"""


_CALLS = ("mkdir", "openat", "write", "fsync", "rename", "close")


def _strace(state: Path, *options: str) -> subprocess.CompletedProcess[bytes]:
    command = [
        "strace",
        "-qq",
        "-o",
        str(state.parent / "trace"),
        "-e",
        f"trace={','.join(_CALLS)}",
    ]
    command += [*options, sys.executable, "-c", _SAVE, str(state), MINE.device_id]
    return subprocess.run(command, check=False, capture_output=True)


def _calls_of_saving(state: Path) -> list[tuple[str, int]]:
    """Return each system call of a save as its name and its count within the whole program."""
    assert _strace(state).returncode == 0
    names = [line.partition("(")[0] for line in (state.parent / "trace").read_text().splitlines()]
    begin = names.index("mkdir")
    return [
        (name, names[: place + 1].count(name)) for place, name in enumerate(names) if place >= begin
    ]


@pytest.mark.needs("strace")
def test_killed_at_any_system_call_the_old_or_the_new_one_is_there_whole(tmp_path: Path) -> None:
    state = tmp_path / "state"
    found: list[str] = []
    identity.save(state, MINE)
    calls = _calls_of_saving(state)
    assert {name for name, _ in calls} == set(_CALLS)
    for name, count in calls:
        identity.save(state, MINE)
        killed = _strace(state, "-e", f"inject={name}:signal=KILL:when={count}")
        assert killed.returncode == -signal.SIGKILL
        found.append(identity.load(state).server)
    old, new = MINE.server, "https://new.example"
    turn = found.index(new)
    assert found == [old] * turn + [new] * (len(found) - turn)
    assert turn > 0


def test_a_write_that_fails_leaves_the_old_one_and_no_debris(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity.save(tmp_path, MINE)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StateError, match="No space left on device"):
        identity.save(tmp_path, replace(MINE, server="https://other.example"))
    assert identity.load(tmp_path) == MINE
    assert [path.name for path in tmp_path.iterdir()] == ["identity.json"]
