"""Whether others than root could change the files that root's service would run.

Whoever can write the interpreter, a module, or any folder on the way to them, has the service's
rights at its next start. Asked by ``install`` and, as a program, before each start.
"""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import agent
from agent.errors import AgentError
from agent.host.writers import way_to
from agent.settings import own_command

_CODE = (".py", ".pyc", ".so", ".dylib", ".pth", ".zip")
_WRITABLE = stat.S_IWGRP | stat.S_IWOTH


def refuse_what_others_can_write() -> None:
    """Raise AgentError that names the first place of our program that others can write."""
    reason = weak_spot(program_places())
    if reason:
        raise AgentError(
            f"this program cannot be root's service: {reason}; install watchdesk as root into a "
            "folder of root's, such as /opt/watchdesk"
        )


def main() -> int:
    """Tell what is wrong and return 1; 0 when nothing is."""
    try:
        refuse_what_others_can_write()
    except AgentError as error:
        sys.stderr.write(f"watchdesk-agent: {error}\n")
        return 1
    return 0


def need_root(verb: str) -> None:
    """Raise AgentError unless root asks."""
    if sys.platform != "win32" and os.geteuid():
        raise AgentError(f"{verb} changes this computer's services: run it as root")


def program_places() -> list[Path]:
    """Return the interpreter, our package and all folders that the service imports from."""
    interpreter, *options = own_command("agent")
    flags = [option for option in options if option in {"-I", "-S"}]
    asked = "import json, sys; print(json.dumps(sys.path))"
    done = subprocess.run(
        [interpreter, *flags, "-c", asked],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={},
        cwd=os.sep,
        check=True,
    )
    imports = [Path(place) for place in json.loads(done.stdout)]
    ours = Path(agent.__file__).parents[1]
    package = ours if (ours / "__main__.py").exists() else ours / "agent"
    return [Path(interpreter), package, *(place for place in imports if place.exists())]


def weak_spot(places: Iterable[Path]) -> str | None:
    """Return the first place that others can write, and why they can; None when there is none.

    Looked at are the places, every folder on the way to them, links followed one by one, and
    the folders and modules in them.
    """
    seen: set[Path] = set()
    for place in places:
        for one in (*way_to(place, seen), *_below(place, seen)):
            try:
                reason = _writable(one)
            except FileNotFoundError:
                continue
            if reason:
                return reason
    return None


def _below(place: Path, seen: set[Path]) -> Iterator[Path]:
    """Yield the folders and modules in a place; what has a dot in front cannot be imported."""
    waiting = [place] if place.is_dir() else []
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_symlink():
                    yield from way_to(Path(entry), seen)
                elif entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith("."):
                        yield Path(entry)
                        waiting.append(Path(entry))
                elif entry.name.endswith(_CODE):
                    yield Path(entry)


def _writable(place: Path) -> str | None:
    found = place.lstat()
    if found.st_uid:
        return f"{place} belongs to user {found.st_uid}, not to root"
    if stat.S_ISLNK(found.st_mode):  # its mode says nothing; its owner may replace it
        return None
    protected = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
    if found.st_mode & _WRITABLE and not protected:  # in a sticky folder root's entries stay
        return f"{place} can be written by others (mode {stat.S_IMODE(found.st_mode):04o})"
    return None


if __name__ == "__main__":
    sys.exit(main())
