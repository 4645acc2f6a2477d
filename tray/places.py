"""Where the tray keeps what belongs to one person, and what belongs to one session."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

PRIVATE = 0o700


def own_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the person's folder for drafts and what has been told; it need not exist yet."""
    if sys.platform == "win32":
        local = environment.get("LOCALAPPDATA")
        return Path(local or Path.home() / "AppData" / "Local") / "watchdesk"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "watchdesk"
    state = environment.get("XDG_STATE_HOME")
    return Path(state or Path.home() / ".local" / "state") / "watchdesk"


def session_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder for what ends with the session: locks, and where the open form is."""
    run = environment.get("XDG_RUNTIME_DIR")
    if sys.platform == "linux" and run and Path(run).is_dir():
        return Path(run) / "watchdesk"
    return own_folder(environment) / "session"


def session_name(environment: Mapping[str, str] = os.environ) -> str:
    """Return a name that this session has for itself among the sessions of one person."""
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415 - only there

        number = ctypes.c_ulong()
        ctypes.windll.kernel32.ProcessIdToSessionId(os.getpid(), ctypes.byref(number))
        return str(number.value)
    shown_on = environment.get("WAYLAND_DISPLAY") or environment.get("DISPLAY") or "none"
    return re.sub(r"[^A-Za-z0-9.-]", "_", shown_on)


def icon_file() -> Path:
    """Return where the icon of this session says how it stands."""
    return session_folder() / f"tray-{session_name()}.json"


def private(folder: Path) -> Path:
    """Make a folder that only this person can enter, and return it."""
    folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    if sys.platform != "win32" and folder.stat().st_mode & 0o077:
        folder.chmod(PRIVATE)
    return folder


def write(file: Path, content: bytes) -> None:
    """Write a file that only this person can read: after a crash it is the old one or the new."""
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as new:
        new.write(content)
        new.flush()
        os.fsync(new.fileno())
    draft.replace(file)
