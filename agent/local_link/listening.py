"""The sockets of the local link: the agent's own in its state folder, and one for every user."""

import os
import socket
import stat
import sys
from pathlib import Path

from agent.errors import LinkError
from agent.local_link.unix_address import reachable
from agent.protocol.link import LINK_VARIABLE, PUBLIC_FOLDER, SOCKET_NAME
from agent.settings import default_state_dir

_BACKLOG = 16
_OWNERS = 0o600
_EVERYBODYS = 0o666


def public_socket(state_dir: Path) -> Path | None:
    """Return where every user finds the agent; None where nobody but its own user does.

    What the environment names; else, for root's agent on the system's own state folder,
    the folder that systems keep for such things.
    """
    if sys.platform == "win32":
        return None
    if named := os.environ.get(LINK_VARIABLE):
        return Path(named)
    if os.geteuid() == 0 and state_dir == default_state_dir():
        return Path(PUBLIC_FOLDER) / SOCKET_NAME
    return None


def listen_for_owner(state_dir: Path) -> socket.socket:
    """Listen in the state folder for the agent's user and root; raises LinkError."""
    return _listen(state_dir / SOCKET_NAME, _OWNERS)


def listen_for_all(path: Path) -> socket.socket:
    """Listen where every user may connect; raises LinkError.

    The folder must be one that only we or root can change: whoever could put a socket of their
    own there would be told what people report.
    """
    if sys.platform != "win32":
        folder = path.parent
        try:
            folder.mkdir(mode=0o755, exist_ok=True)
            found = folder.lstat()
        except OSError as error:
            raise _unusable(folder, error) from error
        if not stat.S_ISDIR(found.st_mode):
            raise LinkError(f"the local link cannot be opened in {folder}: it is no folder")
        if found.st_uid not in (0, os.geteuid()) or found.st_mode & 0o022:
            raise LinkError(
                f"the local link cannot be opened in {folder}: others could replace it there; "
                "make the folder root's, with mode 0755"
            )
    return _listen(path, _EVERYBODYS)


def _listen(path: Path, mode: int) -> socket.socket:
    if sys.platform == "win32":
        raise LinkError("there are no such sockets on Windows; it has a pipe")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with reachable(path.parent) as folder:
            _bind(listening, folder / path.name, mode)
    except OSError as error:
        listening.close()
        raise _unusable(path.parent, error) from error
    except LinkError:
        listening.close()
        raise
    return listening


def _bind(listening: socket.socket, path: Path, mode: int) -> None:
    """Listen at ``path``: under another name first, so it is never open to more than it should."""
    probe = socket.socket(listening.family, socket.SOCK_STREAM)
    if _answers(probe, path):
        raise LinkError(f"another agent answers on its {path.name} already")
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    listening.bind(os.fspath(draft))
    draft.chmod(mode)
    listening.listen(_BACKLOG)
    draft.replace(path)


def _answers(probe: socket.socket, path: Path) -> bool:
    with probe:
        probe.settimeout(1.0)
        try:
            probe.connect(os.fspath(path))
        except OSError:
            return False
    return True


def _unusable(folder: Path, error: OSError) -> LinkError:
    return LinkError(f"the local link cannot be opened in {folder}: {error.strerror or error}")
