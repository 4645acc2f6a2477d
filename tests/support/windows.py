"""A Windows of its own for tests: the official Python for Windows under Wine, on a hidden screen.

The Windows code runs for real on this machine: named pipes, the service manager, the tray window.
``make windows`` fetches that Python. Wine shares this machine's loopback, so that a server
here is reached from there and a page there from here.
"""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath

from PIL import Image, ImageChops, ImageGrab

from tests.support import needs
from tests.support.polling import until
from tests.support.server_process import PROJECT

PYTHON = PROJECT / ".cache" / "windows-python"
TOOLS = ("wine", "wineserver", "Xvfb", "xdotool")
SCREEN = "800x600"
_RUN_S = 60
_FAREWELL_S = 10
_STARTS = 3
"""Seen once in some 200: Wine ends without a word before Python has begun. Our programs do not."""


class WindowsProcess:
    """A running program; its output is a file's text, at any time."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], log: Path) -> None:
        """Start it. Python for Windows wants pipes: under Wine it takes no file for its output."""
        self._log = log
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    @property
    def running(self) -> bool:
        """Tell whether it has not ended."""
        return self._process.poll() is None

    def output(self) -> str:
        """Return all it printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def wait_for(self, words: str) -> None:
        """Wait until it has printed these words; fails when it ends before."""

        def seen() -> bool:
            text = self.output()
            assert words in text or self.running, text
            return words in text

        until(seen, what=f"{words!r}")

    def end(self, stdin: str = "", within_s: float = _RUN_S) -> tuple[int, str]:
        """Give it its input, wait for its end; return exit code and output."""
        assert self._process.stdin is not None
        with self._process.stdin as given:
            given.write(stdin.encode())
        code = self._process.wait(within_s)
        self._reading.join(_FAREWELL_S)  # what it left behind may hold its output open for ever
        return code, self.output()

    def kill(self) -> None:
        """End it at once; what it started may live on and keep its output open."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as told, self._log.open("wb") as log:
            while piece := os.read(told.fileno(), 1 << 16):
                log.write(piece)
                log.flush()


class Windows:
    """One Windows with one person at its screen. Everything it starts ends with ``close``."""

    def __init__(self, folder: Path) -> None:
        """Set it up (5 seconds); skips the test where Wine's Python was not fetched."""
        if not (PYTHON / "installed").exists():
            needs.lacking("the Python for Windows: make windows")
        self._folder = folder
        self._count = 0
        self._processes: list[WindowsProcess] = []
        self.drive = folder / "prefix" / "drive_c"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "WINEPREFIX": str(folder / "prefix"),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml=",  # it would offer to download them
            "LANG": "C.UTF-8",
        }
        self._screen = self._x_server()
        self._wine("wineboot", "-i")
        self._wine("reg", "add", r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f")
        self._stay_on()

    def python(self, *arguments: str) -> WindowsProcess:
        """Start Python for Windows with these arguments."""
        return self.start(str(PYTHON / "python.exe"), "-I", "-B", *arguments)

    def start(self, *command: str) -> WindowsProcess:
        """Start a program of Windows."""
        self._count += 1
        log = self._folder / f"{self._count}.log"
        self._processes.append(WindowsProcess(["wine", *command], self.environment, log))
        return self._processes[-1]

    def run(self, *arguments: str, stdin: str = "", code: int = 0) -> str:
        """Run Python to its end and return what it printed; fails unless it ends with ``code``."""
        for _ in range(_STARTS):
            ended, output = self.python(*arguments).end(stdin)
            if ended == code or output:
                break
        assert ended == code, f"{arguments}: {ended}: {output}"
        return output.replace("\r\n", "\n").strip()

    def path(self, windows: str) -> Path:
        r"""Return where this machine has a file of that Windows (``C:\folder\file``)."""
        parts = PureWindowsPath(windows)
        assert parts.drive.upper() == "C:"
        return self.drive.joinpath(*parts.parts[1:])

    @contextmanager
    def desktop(self) -> Iterator["Screen"]:
        """Show the desktop, with its tray window, for the block."""
        shell = self.start("explorer", f"/desktop=shell,{SCREEN}")
        try:
            yield Screen(self.environment)
        finally:
            shell.kill()

    def close(self) -> None:
        """End everything and remove it."""
        self._wine("wineserver", "-k", own=False)
        self._wine("wineserver", "-w", own=False)
        for process in self._processes:
            process.kill()
        self._screen.terminate()
        self._screen.wait()
        shutil.rmtree(self._folder / "prefix", ignore_errors=True)

    def _stay_on(self) -> None:
        """Start anew and keep one program running.

        When the last program ends, Wine stops its services; one started meanwhile finds a
        service manager that starts nothing any more.
        """
        self._wine("wineserver", "-k", own=False)
        self._wine("wineserver", "-w", own=False)
        self.start("cmd")

    def _wine(self, *command: str, own: bool = True) -> None:
        subprocess.run(
            ["wine", *command] if own else command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=own,
            timeout=_RUN_S,
        )

    def _x_server(self) -> subprocess.Popen[bytes]:
        reading, writing = os.pipe()
        server = subprocess.Popen(
            [
                "Xvfb",
                "-displayfd",
                str(writing),
                "-screen",
                "0",
                f"{SCREEN}x24",
                "-nolisten",
                "tcp",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(writing,),
            start_new_session=True,
        )
        os.close(writing)
        with os.fdopen(reading) as told:
            self.environment["DISPLAY"] = f":{told.readline().strip()}"
        return server


class Screen:
    """What the person sees, and does with the mouse and the keyboard."""

    def __init__(self, environment: dict[str, str]) -> None:
        """Take the environment with the display."""
        self._environment = environment

    def picture(self) -> Image.Image:
        """Return what the screen shows."""
        return ImageGrab.grab(xdisplay=self._environment["DISPLAY"]).convert("RGB")

    def seen(self, colour: tuple[int, int, int]) -> tuple[int, int] | None:
        """Return the middle of what has this colour; None with less than 20 pixels of it."""
        picture = self.picture()
        content = picture.tobytes()
        found = [
            at // 3
            for at in range(0, len(content), 3)
            if all(abs(a - b) < 12 for a, b in zip(content[at : at + 3], colour, strict=True))
        ]
        if len(found) < 20:
            return None
        xs, ys = [at % picture.width for at in found], [at // picture.width for at in found]
        return sum(xs) // len(xs), sum(ys) // len(ys)

    def changed(self, before: Image.Image) -> tuple[int, int, int, int] | None:
        """Return the box in which the screen is another than before."""
        return ImageChops.difference(before, self.picture()).getbbox()

    def click(self, place: tuple[int, int], button: int = 1) -> None:
        """Press a button of the mouse there."""
        self._do("mousemove", str(place[0]), str(place[1]), "click", str(button))

    def _do(self, *arguments: str) -> None:
        subprocess.run(["xdotool", *arguments], env=self._environment, check=True, timeout=_RUN_S)


def windows_path(path: Path) -> str:
    """Return a file of this machine as Windows under Wine names it."""
    return "Z:" + str(path).replace("/", "\\")
