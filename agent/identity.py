"""Who this device is: its id and token, made here, and the server they were made for.

``identity.json`` in the state folder, readable by its owner alone. It is written whole or not at
all (new file, fsync, rename, fsync of the folder) and holds the only copy of the token.
"""

import json
import os
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.clock import Now
from agent.errors import StateError
from agent.protocol.ids import is_uuid7, uuid7

FILE_NAME = "identity.json"
WAITING_NAME = "enrolment.json"
"""An enrolment that waits for its server (``delivery.waiting``), in the same folder."""
_LARGEST = 64 * 1024
_TEXTS = ("device_id", "device_token", "server")
_BINARY = getattr(os, "O_BINARY", 0)
# A link or pipe in the file's place is neither followed nor waited for.
_READ = os.O_RDONLY | _BINARY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_OPTIONAL = ("ca_file", "proxy", "enrolled_at", "kind")


@dataclass(frozen=True, slots=True)
class Identity:
    """A device's own account of itself.

    ``device_id`` is a UUIDv7, ``device_token`` a secret (``wdd_…``). ``server`` is its address
    without a trailing slash, ``ca_file`` the authority to trust instead of the operating
    system's, ``proxy`` may hold a password. ``enrolled_at`` is RFC 3339 in UTC, None until
    the server has answered an enrolment; ``kind`` is what the server was told this device is.
    """

    device_id: str
    device_token: str = field(repr=False)
    server: str
    ca_file: str | None = None
    proxy: str | None = field(default=None, repr=False)
    enrolled_at: str | None = None
    kind: str | None = None


NOBODY = Identity("", "", "")
"""A device that was never enrolled anywhere."""


def exists(state_dir: Path) -> bool:
    """Tell whether the state folder holds an identity, good or damaged."""
    return (state_dir / FILE_NAME).exists()


def load(state_dir: Path) -> Identity:
    """Return the identity in the state folder; raises StateError when absent or unusable."""
    path = state_dir / FILE_NAME
    text = read_private(path)
    if text is None:
        raise StateError(
            f"{state_dir} holds no identity: this device is not enrolled yet "
            "(watchdesk-agent enroll --server URL --token-file FILE)"
        )
    return _parse(path, text)


def read_private(path: Path) -> bytes | None:
    """Return what ``write_private`` wrote, None when there is no such file; raises StateError."""
    try:
        descriptor = os.open(path, _READ)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        _check_privacy(path, os.fstat(descriptor))
        return file.read(_LARGEST)


def load_enrolled(state_dir: Path) -> Identity:
    """Return the identity of a device that its server knows; raises StateError."""
    identity = load(state_dir)
    if identity.enrolled_at is None:
        raise StateError(
            f"the enrolment at {identity.server} was begun and never answered: repeat it "
            "(watchdesk-agent enroll), it costs no further use of the enrolment token"
        )
    return identity


def enrolled_since_boot(identity: Identity, now: Now) -> bool:
    """Tell whether the enrolment was answered since this computer was started.

    A label of the wall clock is compared with the wall clock, for no other goes on over a boot:
    nothing but the time of a first contact may hang on it.
    """
    if identity.enrolled_at is None:
        return False
    try:
        ago_s = (now.wall - datetime.fromisoformat(identity.enrolled_at)).total_seconds()
    except (ValueError, TypeError):  # written by hand: no date, or none with a zone
        return False
    return 0 <= ago_s < now.boot_s


def save(state_dir: Path, identity: Identity) -> None:
    """Write the identity so that after a crash either the old or the new one is there, whole.

    Makes the state folder (0700) when there is none. Raises StateError.
    """
    text = json.dumps({name: getattr(identity, name) for name in _TEXTS + _OPTIONAL}, indent=2)
    write_private(state_dir / FILE_NAME, text)


def write_private(path: Path, text: str) -> None:
    """Write a file for its owner alone, whole or not at all; makes its folder (0700).

    Raises StateError.
    """
    state_dir = path.parent
    # A name of its own: a file that a killed predecessor left cannot be in the way.
    draft = state_dir / f".{path.name}.{uuid7()}"
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            _write(draft, text.encode() + b"\n")
            draft.replace(path)
        except OSError:
            with suppress(OSError):
                draft.unlink()
            raise
        _sync_folder(state_dir)
    except OSError as error:
        raise StateError(f"{path} cannot be written: {error.strerror}") from error


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":  # no descriptor of a folder there; NTFS logs the rename itself
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_privacy(path: Path, status: os.stat_result) -> None:
    if sys.platform == "win32":  # the folder's access list protects it there
        return
    if not stat.S_ISREG(status.st_mode):
        raise StateError(f"{path} is not a file")
    if status.st_mode & 0o077:
        raise StateError(
            f"{path} holds this device's secret and others may read it "
            f"(mode {stat.S_IMODE(status.st_mode):04o}): chmod 600 it"
        )
    if status.st_uid not in (0, os.geteuid()):
        raise StateError(f"{path} belongs to user {status.st_uid}, not to the agent's user")


def _parse(path: Path, text: bytes) -> Identity:
    try:
        tree: Any = json.loads(text)
    except (ValueError, RecursionError):
        tree = None
    if not isinstance(tree, dict):
        raise _damaged(path, "it is not the JSON that was written")
    for name in _TEXTS:
        if not isinstance(tree.get(name), str):
            raise _damaged(path, f"{name} is missing")
    for name in _OPTIONAL:
        if not isinstance(tree.get(name), str | None):
            raise _damaged(path, f"{name} is no text")
    if not is_uuid7(tree["device_id"]):
        raise _damaged(path, "device_id is no id of a device")
    members: dict[str, Any] = {name: tree.get(name) for name in _TEXTS + _OPTIONAL}
    return Identity(**members)


def _damaged(path: Path, what: str) -> StateError:
    return StateError(
        f"{path} is damaged ({what}): put it back from a backup, or move it away and enrol this "
        "device again; the server will then see a new device"
    )
