"""What both packages hold: our own code, and its dependencies as their makers built them."""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
OURS = ("agent/", "tray/")
"""The server is no part of what a client's computer gets."""
_OF_ONE_WHEEL = ".dist-info/"
"""What is told of a wheel differs between those of one version for several Pythons."""


def version() -> str:
    """Return the version that is packaged."""
    sys.path.insert(0, str(PROJECT))
    from agent.protocol import VERSION  # noqa: PLC0415 - the checkout's, wherever we were started

    return VERSION


def epoch() -> int:
    """Return the one time (Unix seconds) that all files bear: that of the last commit.

    SOURCE_DATE_EPOCH, as reproducible builds have it, goes before.
    """
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    asked = ["git", "-C", str(PROJECT), "log", "-1", "--format=%ct"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    if told.returncode:
        raise SystemExit("git does not tell of when this is: set SOURCE_DATE_EPOCH")
    return int(told.stdout)


def own_code(folder: Path) -> None:
    """Put agent and tray there, as the wheel of this checkout has them."""
    with tempfile.TemporaryDirectory() as made:
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", made],
            cwd=PROJECT,
            env=os.environ | {"SOURCE_DATE_EPOCH": str(epoch())},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        (wheel,) = Path(made).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            ours = (name for name in archive.namelist() if name.startswith(OURS))
            archive.extractall(folder, ours)


def dependencies(folder: Path, wheels: Iterable[Path]) -> None:
    """Unpack wheels into one folder, in which what they share must be the same."""
    for wheel in sorted(wheels):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                target = folder / name
                content = archive.read(name)
                if name.endswith("/") or ".data/" in name:
                    continue
                if target.exists():
                    if target.read_bytes() != content and _OF_ONE_WHEEL not in name:
                        raise SystemExit(f"{wheel.name} has another {name} than the one before")
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)


def settle(folder: Path, programs: Iterable[str] = ()) -> None:
    """Give all files one time and the modes that a system's own files have."""
    executable = {folder / program for program in programs}
    at = epoch()
    for place in (*folder.rglob("*"), folder):
        if not place.is_symlink():
            place.chmod(0o755 if place.is_dir() or place in executable else 0o644)
            os.utime(place, (at, at))


def emptied(folder: Path) -> Path:
    """Return the folder, made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
