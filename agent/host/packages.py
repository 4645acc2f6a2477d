"""The package system of a Linux computer: what waits to be installed. Asked without a network.

apt and dnf are asked to reckon with the lists they fetched last; how old these are is told with it.
"""

import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from agent.errors import CheckError, UnsupportedCheckError
from agent.host import program

MOST_NAMES = 6
_DEADLINE_S = 60.0
_LONGEST = 1 << 20
_NEWEST_ENTRIES = 1 << 18  # of a history that may be years long

_APT_LISTS = (  # the folder changes when a list in it is replaced, not when fetching fails
    "/var/lib/apt/lists",
    "/var/lib/apt/periodic/update-success-stamp",
    "/var/lib/apt/periodic/update-stamp",
)
_APT_DONE = (
    "/var/lib/apt/periodic/unattended-upgrades-stamp",
    "/var/lib/apt/periodic/upgrade-stamp",
)
_APT_HISTORY = Path("/var/log/apt/history.log")
_APT_RECKONS_WITH = (
    "/var/lib/dpkg/status",
    "/var/lib/apt/lists",
    "/etc/apt",
    "/etc/apt/preferences",
)
_DNF_LISTS = Path("/var/cache/dnf")
_REBOOT_REQUIRED = ("/run/reboot-required", "/var/run/reboot-required")
_MODULES = Path("/lib/modules")

_INST = re.compile(r"Inst (?P<name>\S+) \[[^\]]*\] \((?P<origin>[^)]*)\)")
_SECURITY = re.compile(r"security|\bESM\b|UbuntuESM", re.IGNORECASE)
_DNF_LINE = re.compile(r"(?P<name>\S+\.\w+)\s+\S+\s+\S+")
_DNF_UPDATES = 100  # its exit status when there are some
_END_DATE = re.compile(r"End-Date: (\d{4}-\d\d-\d\d)\s+(\d\d:\d\d:\d\d)")


class Pending(NamedTuple):
    """How many packages wait to be upgraded, how many of them for security, and their names.

    At most ``MOST_NAMES`` names, those for security first.
    """

    all: int
    security: int
    names: tuple[str, ...] = ()


def pending(names: Iterable[str], security: Collection[str]) -> Pending:
    """Return what waits, by the names of all packages and of those for security."""
    every = sorted(names, key=lambda name: (name not in security, name))
    return Pending(len(every), len(security), tuple(every[:MOST_NAMES]))


_reckoned: dict[str, tuple[tuple[float, ...], Pending]] = {}


class Updates(NamedTuple):
    """What is known of a computer's updates; instants are Unix seconds, None if not known.

    ``lists_at``: when the lists were last fetched; ``installed_at``: when something was last
    upgraded; ``reboot_since``: since when a restart is pending, None when none is.
    """

    pending: Pending
    lists_at: float | None
    installed_at: float | None
    reboot_since: float | None


def read() -> Updates:
    """Return the state of the updates; raises CheckError, UnsupportedCheckError."""
    if sys.platform != "linux":
        raise UnsupportedCheckError("this system's updates cannot be read")
    apt, dnf = program.find("apt-get"), program.find("dnf")
    if apt:
        return Updates(
            _apt_pending(str(apt)),
            _newest(_APT_LISTS),
            max(filter(None, (_newest(_APT_DONE), _apt_upgraded_at())), default=None),
            _newest(_REBOOT_REQUIRED),
        )
    if dnf:
        return Updates(
            _dnf_pending(str(dnf)),
            _newest(str(path) for path in _DNF_LISTS.glob("*/repodata/repomd.xml")),
            None,
            newer_kernel_since(_kernels(), os.uname().release),
        )
    raise UnsupportedCheckError("this system has neither apt nor dnf")


_APT_ASK = (
    *("--simulate", "--quiet", "-o", "Debug::NoLocking=1"),
    *("-o", "APT::Get::Show-User-Simulation-Note=no", "dist-upgrade"),
)


def _apt_pending(apt: str) -> Pending:
    """Return what apt would upgrade, reckoned anew when what it reckons with has changed.

    To reckon takes seconds of processor time (3.5 measured), to look for a change nothing.
    """
    state = tuple(_changed(_APT_RECKONS_WITH))
    if apt not in _reckoned or _reckoned[apt][0] != state:
        _reckoned[apt] = state, apt_pending(_said([apt, *_APT_ASK]))
    return _reckoned[apt][1]


def apt_pending(said: str) -> Pending:
    """Return what a simulated upgrade would upgrade; packages that it would add do not count."""
    found = {one["name"]: one["origin"] for one in _INST.finditer(said)}
    return pending(found, [name for name in found if _SECURITY.search(found[name])])


def dnf_names(said: str) -> set[str]:
    """Return the packages that ``dnf check-update`` lists, not those it calls obsolete."""
    wanted = said.partition("Obsoleting Packages")[0]
    lines = (_DNF_LINE.fullmatch(line.strip()) for line in wanted.splitlines())
    return {line["name"] for line in lines if line}


def apt_upgraded_at(history: str) -> float | None:
    """Return when apt last upgraded something, by its own history."""
    for entry in reversed(history.split("\n\n")):
        ended = _END_DATE.search(entry)
        if ended and "\nUpgrade:" in entry:
            return datetime.fromisoformat(f"{ended[1]} {ended[2]}").astimezone().timestamp()
    return None


def newer_kernel_since(kernels: Iterable[tuple[str, float]], running: str) -> float | None:
    """Return since when a kernel is installed that is newer than the running one.

    ``kernels``: release and time of installation. A kernel of another flavour installed at the same
    time is not newer.
    """
    known = dict(kernels)
    since = known.get(running)
    if since is None:  # a container, or a kernel that no package brought
        return None
    return min((at for at in known.values() if at > since), default=None)


def _said(argv: list[str], fine: tuple[int, ...] = (0,)) -> str:
    ended = program.run(argv, _DEADLINE_S, longest=_LONGEST)
    if ended.code not in fine:
        reason = " ".join(ended.err.decode(errors="replace").split())[:200]
        raise CheckError(f"{argv[0]} ended with {ended.code}: {reason or 'it said nothing'}")
    return ended.out.decode(errors="replace")


def _dnf_pending(dnf: str) -> Pending:
    ask = [dnf, "--quiet", "--cacheonly", "check-update"]
    every = dnf_names(_said(ask, (0, _DNF_UPDATES)))
    security = dnf_names(_said([*ask, "--security"], (0, _DNF_UPDATES))) if every else set()
    return pending(every, security & every)


def _apt_upgraded_at() -> float | None:
    try:
        with _APT_HISTORY.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _NEWEST_ENTRIES))
            history = file.read().decode(errors="replace")
    except OSError:
        return None
    # What was rotated away last ends no later than the file was last changed.
    return apt_upgraded_at(history) or _newest([f"{_APT_HISTORY}.1.gz", f"{_APT_HISTORY}.1"])


def _newest(paths: Iterable[str]) -> float | None:
    return max(_changed(paths), default=None)


def _changed(paths: Iterable[str]) -> Iterator[float]:
    for path in paths:
        try:
            yield Path(path).stat().st_mtime
        except OSError:
            continue


def _kernels() -> Iterator[tuple[str, float]]:
    try:
        folders = sorted(_MODULES.iterdir())
    except OSError:
        return
    for folder in folders:
        for changed in _changed([str(folder / "modules.order"), str(folder / "modules.builtin")]):
            yield folder.name, changed
            break
