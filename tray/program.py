"""This program on its computer: the command line that starts it, and what an update changes."""

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def command() -> list[str]:
    """Return the command line of this program: frozen, a folder of a package's, or a module."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    home = Path(__file__).resolve().parents[1]
    if (home / "__main__.py").exists():
        return [sys.executable, "-I", "-S", "-B", str(home), "tray"]
    return [sys.executable, "-I", "-m", "tray"]


def start_anew(arguments: Sequence[str]) -> None:
    """Become the new version after an update."""
    line = [*command(), *arguments]
    if sys.platform == "win32":
        subprocess.Popen(line)
    else:
        os.execv(line[0], line)  # noqa: S606 - our own program


def version() -> int:
    """Return what changes when this program is updated on disk."""
    with suppress(OSError):
        return Path(__file__).stat().st_mtime_ns
    return 0  # being replaced just now
