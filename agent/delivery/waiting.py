"""An enrolment that waits for its server: what ``install`` was given, until it is done.

``enrolment.json`` in the state folder, for its owner alone. It holds the enrolment token and is
deleted as soon as the device is known. What enrolling needs is big, so the agent has it done by a
child (``enrol_by_child``) and tries again whenever its courier does.
"""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from agent import identity
from agent.errors import AgentError, StateError
from agent.identity import WAITING_NAME, Identity
from agent.settings import own_command

CHILD_S = 180.0
"""Longer than its sender may take, which bounds itself."""
_KEPT = ("SYSTEMROOT", "WINDIR", "TEMP", "SSL_CERT_FILE", "SSL_CERT_DIR")
_LONGEST_WORDS = 400


@dataclass(frozen=True, slots=True)
class Waiting:
    """What enrolling takes; ``ca_file``, ``proxy`` and ``kind`` as an Identity has them."""

    server: str
    token: str = field(repr=False)
    ca_file: str | None = None
    proxy: str | None = field(default=None, repr=False)
    kind: str | None = None


def keep(state_dir: Path, waiting: Waiting) -> None:
    """Store it; raises StateError."""
    identity.write_private(state_dir / WAITING_NAME, json.dumps(asdict(waiting), indent=2) + "\n")


def kept(state_dir: Path) -> Waiting | None:
    """Return what waits, None when nothing does; raises StateError for what cannot be read."""
    path = state_dir / WAITING_NAME
    text = identity.read_private(path)
    if text is None:
        return None
    try:
        tree: dict[str, Any] = json.loads(text)
        waiting = Waiting(**tree)
    except (ValueError, TypeError, RecursionError) as error:
        raise _damaged(path) from error
    wanted = (waiting.server, waiting.token)
    others = (waiting.ca_file, waiting.proxy, waiting.kind)
    if not all(isinstance(one, str) for one in wanted):
        raise _damaged(path)
    if not all(isinstance(one, str | None) for one in others):
        raise _damaged(path)
    return waiting


def forget(state_dir: Path) -> None:
    """Delete it, with its token; there may be none. Raises StateError."""
    path = state_dir / WAITING_NAME
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StateError(f"{path} cannot be deleted: {error.strerror}") from error


def enrol_now(state_dir: Path, ask_server: Callable[[Waiting], Identity]) -> Identity:
    """Enrol as it was kept, and forget it; raises AgentError, and it waits on.

    A device that its server knows already (it was killed before it forgot) is not asked again: the
    token may have expired since.
    """
    waiting = kept(state_dir)
    if waiting is None:
        raise AgentError(
            "no enrolment waits here: watchdesk-agent enroll --server URL --token-file FILE"
        )
    mine = identity.load(state_dir) if identity.exists(state_dir) else identity.NOBODY
    if mine.enrolled_at is None or mine.server != waiting.server:
        mine = ask_server(waiting)
    forget(state_dir)
    return mine


def enrol_by_child(state_dir: Path) -> Identity:
    """Have what waits enrolled by a child, and return this device's identity.

    Without anything that waits, return it as ``enroll`` may have left it meanwhile. Raises
    AgentError.
    """
    if (state_dir / WAITING_NAME).exists():
        _run_child([*own_command("agent"), "enroll", "--state", str(state_dir)])
    return identity.load_enrolled(state_dir)


def _run_child(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
            cwd=os.sep,
            start_new_session=True,
            timeout=CHILD_S,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired as error:
        raise AgentError(f"the enrolment took longer than {CHILD_S:g} s") from error
    except OSError as error:
        raise AgentError(f"the enrolment cannot be started: {error.strerror}") from error
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        said = words[-1].removeprefix("watchdesk-agent: ")[:_LONGEST_WORDS]
        raise AgentError(f"this computer is not enrolled yet: {said}")


def _damaged(path: Path) -> StateError:
    return StateError(
        f"{path} is damaged: delete it, then watchdesk-agent enroll --server URL --token-file FILE"
    )
