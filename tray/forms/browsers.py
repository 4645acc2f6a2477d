"""Browsers that can show the form as an application window, and how they are started."""

import os
import shutil
import subprocess
import sys
import webbrowser
from collections.abc import Iterator, Mapping
from pathlib import Path

_COMMANDS = (
    "google-chrome-stable",
    "google-chrome",
    "chromium",
    "chromium-browser",
    "microsoft-edge-stable",
    "microsoft-edge",
    "brave-browser",
)
_WINDOWS = (
    r"Microsoft\Edge\Application\msedge.exe",
    r"Google\Chrome\Application\chrome.exe",
    r"Chromium\Application\chrome.exe",
)
_MAC = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "Chromium.app/Contents/MacOS/Chromium",
)
SIZE = (760, 900)


def app_browser(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the program of an installed browser that has application windows, if any."""
    return next(_installed(environment), None)


def _installed(environment: Mapping[str, str]) -> Iterator[str]:
    if sys.platform == "win32":
        for variable in ("PROGRAMFILES(X86)", "PROGRAMFILES", "LOCALAPPDATA"):
            if folder := environment.get(variable):
                places = (Path(folder) / name for name in _WINDOWS)
                yield from (str(place) for place in places if place.exists())
    elif sys.platform == "darwin":
        places = (Path("/Applications") / name for name in _MAC)
        yield from (str(place) for place in places if place.exists())
    else:
        found = (shutil.which(name, path=environment.get("PATH")) for name in _COMMANDS)
        # What snap confines cannot read the file that leads to the form.
        yield from (one for one in found if one and "/snap/" not in one)


def show(entrance: Path) -> bool:
    """Show a page by the file that leads to it; False when no browser could be started.

    The command line names the file, never the form's address: other users can read it.
    """
    address = entrance.as_uri()
    program = app_browser()
    if program is None:
        return webbrowser.open(address)
    size = ",".join(map(str, SIZE))
    try:
        subprocess.Popen(
            [program, f"--app={address}", f"--window-size={size}", "--no-first-run"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return webbrowser.open(address)
    return True
