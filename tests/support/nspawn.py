"""A real systemd: this machine's own files, booted in a container in half a second."""

import contextlib
import fcntl
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.support.polling import until

_REPOSITORY = Path(__file__).parents[2]


class Container:
    """A booted system; its units are made by ``unit`` and live in ``/run``."""

    def __init__(self, leader: int) -> None:
        """Take the process id of its PID 1."""
        self._enter = ["nsenter", "--target", str(leader), "--all"]

    def run(self, *command: str, check: bool = True, within_s: float = 60) -> str:
        """Run a command inside and return what it prints."""
        done = subprocess.run(
            [*self._enter, *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def unit(self, name: str, text: str) -> None:
        """Make a unit of that name."""
        path = f"/run/systemd/system/{name}"
        self.run("/bin/sh", "-c", 'printf "%s" "$1" > "$2"', "sh", text, path)
        self.run("systemctl", "daemon-reload")

    def python(self, code: str) -> subprocess.Popen[str]:
        """Start a Python program inside, with our packages to import, and pipes to talk to it."""
        return subprocess.Popen(
            [*self._enter, "/usr/bin/env", f"--chdir={_REPOSITORY}", sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


_FROM_USR = ("--private-network", "--directory=/", "--volatile=yes")


@contextlib.contextmanager
def booted(folder: Path, root: Sequence[str] = _FROM_USR) -> Iterator[Container]:
    """Boot a container; it and all that it ran are gone afterwards.

    One at a time on a machine: the containers share its control groups, and each systemd would
    find the other's processes in units of the same name, such as ``system.slice``.
    """
    with (Path(tempfile.gettempdir()) / "watchdesk-nspawn.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _booted(folder, root) as container:
            yield container


@contextlib.contextmanager
def booted_whole(folder: Path) -> Iterator[Container]:
    """Boot all of this machine, which may be changed: packages installed, users made.

    What changes is kept in memory for the container's life. It shares this machine's network, so
    that servers here are reached on loopback.
    """
    layers, root = folder / "layers", folder / "root"
    layers.mkdir()
    root.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(layers)], check=True)
    try:
        (layers / "changes").mkdir(mode=0o755)
        (layers / "work").mkdir()
        options = f"lowerdir=/,upperdir={layers}/changes,workdir={layers}/work"
        subprocess.run(["mount", "-t", "overlay", "-o", options, "overlay", str(root)], check=True)
        try:
            with booted(folder, [f"--directory={root}"]) as container:
                yield container
        finally:
            subprocess.run(["umount", "--lazy", str(root)], check=True)
    finally:
        subprocess.run(["umount", "--lazy", str(layers)], check=True)


@contextlib.contextmanager
def _booted(folder: Path, root: Sequence[str]) -> Iterator[Container]:
    seen = {Path(sys.executable).parent.parent, Path(sys.base_prefix), _REPOSITORY}
    with (folder / "console").open("w") as console:
        nspawn = subprocess.Popen(
            [
                "systemd-nspawn",
                *("--quiet", "--register=no", "--keep-unit", "--boot", "--console=pipe"),
                *root,
                *("--kill-signal=SIGRTMIN+3", f"--machine=watchdesk-{folder.name}"),
                *(f"--bind-ro={path}" for path in sorted(seen)),
                *(
                    "--",
                    "--unit=basic.target",
                ),  # whatever else is installed here stays off in there
            ],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
        )
    try:
        up = until(lambda: _up(nspawn), what=f"the boot told of in {console.name}")
        assert up
        yield up
    finally:
        nspawn.send_signal(signal.SIGTERM)  # a polite shutdown takes its time …
        with contextlib.suppress(subprocess.TimeoutExpired):
            nspawn.wait(1.5)
        nspawn.terminate()  # … the second one does not
        nspawn.wait(30)


def _up(nspawn: subprocess.Popen[bytes]) -> Container | None:
    """Return the container once it is up; its PID 1 is not the first child that is seen."""
    assert nspawn.poll() is None, "systemd-nspawn ended"
    found = subprocess.run(["pgrep", "-P", str(nspawn.pid)], stdout=subprocess.PIPE, check=False)
    for leader in found.stdout.split():
        container = Container(int(leader))
        state = container.run("systemctl", "is-system-running", check=False)
        if state in {"running", "degraded"}:  # units of this machine's other packages fail in there
            return container
    return None
