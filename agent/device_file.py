"""The device's own file: read again when it changes, never worse than before.

Beside the rules, and trusted as they are: only an administrator can have written it. It
holds what rules may name but never bring along: commands, places, where backups lie, jobs.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from agent.clock import Now
from agent.device import (
    LONGEST_NAME,
    Backup,
    Command,
    Device,
    Healing,
    Job,
    Network,
    Place,
    is_name,
    settle,
)
from agent.errors import ConfigError, Problem
from agent.rules.borrow import borrowed
from agent.rules.rules_file import distrust
from agent.settings import config_dir, shipped_rules_file

if TYPE_CHECKING:
    from agent.rules.members import Members
    from agent.rules.nodes import Document
    from agent.rules.problems import Problems

NAME: Final = "device.yaml"
FILE: Final = ("version", "commands", "has", "at", "backups", "jobs", "heal")
COMMAND: Final = ("run", "timeout")
PLACE: Final = ("gateway_mac", "networks", "domain")
BACKUP: Final = ("folder", "pattern", "every", "days")
JOB: Final = ("every", "within")
HEAL: Final = ("mode", "rules")
HEAL_MODES: Final = ("act", "dry-run", "never")
VERSION: Final = "1"
TIMEOUT_S: Final = 30.0
LONGEST_TIMEOUT_S: Final = 60.0
"""A rule's commands share a minute: the checks that are due after it wait for them."""

_DAY_S: Final = 86_400.0
_LONGEST_EVERY_S: Final = 366 * _DAY_S
_ABSOLUTE: Final = re.compile(r"/|[A-Za-z]:[\\/]|\\\\")
_MAC: Final = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")
_LONGEST_ARGUMENT: Final = 4_000

_Mark = tuple[int, int, int, int]
_Named = TypeVar("_Named")


class DeviceFile:
    """The device's file; ``agent.device.here()`` is what it said at its last good reading.

    ``problems`` are the lines to show when it has changed for the worse: what it said before
    stays in force. A file that does not exist says nothing, which is no problem.
    """

    def __init__(self, path: Path) -> None:
        """Read the file for the first time; raises ConfigError, for there is nothing to keep."""
        self.path = path
        self.problems: tuple[str, ...] = ()
        self._mark = _mark(path)
        settle(_trusted(path))

    def reread(self, now: Now) -> bool:
        """Read the file again if it has changed; tell whether it says other things now."""
        mark = _mark(self.path)
        if mark == self._mark:
            return False
        self._mark = mark
        try:
            settle(_trusted(self.path))
        except ConfigError as error:
            kept = f"what was loaded before {now.label()} stays in force"
            self.problems = (*error.lines(), kept)
            return False
        self.problems = ()
        return True


def beside(rules: Path) -> Path:
    """Return where the device's file is: beside these rules, or where a device's own would be."""
    return config_dir() / NAME if rules == shipped_rules_file() else rules.with_name(NAME)


def load(path: Path) -> Device:
    """Return what the file at ``path`` says; raises ConfigError with all its problems."""
    from agent.rules.loader import read_text  # noqa: PLC0415 - borrowed, as all of them
    from agent.rules.problems import Problems, TooManyProblemsError  # noqa: PLC0415
    from agent.rules.tree import compose  # noqa: PLC0415

    problems = Problems()
    device: Device | None = None
    try:
        text = read_text(path, problems)
        if text is not None:
            document = compose(text, problems)
            if document.root is None and not document.cut_short:
                problems.at(1, 1, "the file is empty; it needs version: 1")
            elif document.root is not None:
                device = _device(document, path, problems)
    except TooManyProblemsError:
        pass
    if device is None or problems.found:
        raise ConfigError(path, problems.found)
    return device


def _trusted(path: Path) -> Device:
    try:
        path.stat()  # on Windows nothing else looks whether it is there
        reason = distrust(path)
    except FileNotFoundError:
        return Device(path=path)
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror}"
    if reason:
        raise ConfigError(path, [Problem(1, 1, reason)])
    with borrowed("agent.rules", "ipaddress"):
        return load(path)


def _mark(path: Path) -> _Mark | None:
    """Return what changes when the file does; None while there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _device(document: "Document", path: Path, problems: "Problems") -> Device:
    from agent.rules.members import Members  # noqa: PLC0415

    assert document.root is not None  # noqa: S101 - load has looked
    file = Members(document.root, "the file", FILE, problems)
    if not document.cut_short:
        file.need("version")
    file.word("version", (VERSION,), VERSION)
    return Device(
        commands=dict(_named(file, "commands", COMMAND, _command, problems)),
        has=file.texts("has"),
        places=dict(_named(file, "at", PLACE, _place, problems)),
        backups=dict(_named(file, "backups", BACKUP, _backup, problems)),
        jobs=dict(_named(file, "jobs", JOB, _job, problems)),
        healing=_healing(file),
        path=path,
    )


def _healing(file: "Members") -> Healing:
    section = file.section("heal", "heal:", HEAL)
    if section is None:
        return Healing()
    return Healing(section.word("mode", HEAL_MODES, "act"), section.texts("rules", LONGEST_NAME))


def _named(
    file: "Members",
    member: str,
    allowed: tuple[str, ...],
    read: "Callable[[str, Members], _Named]",
    problems: "Problems",
) -> Iterator[tuple[str, _Named]]:
    """Yield what a section says of each of its names."""
    from agent.rules.nodes import Mapping as MappingNode  # noqa: PLC0415
    from agent.rules.suggest import quoted  # noqa: PLC0415

    what = "a place" if member == "at" else f"a {member.removesuffix('s')}"
    section = file.section(member, f"{member}:", None)
    if section is None or not isinstance(section.node, MappingNode):
        return
    for key, _ in section.node.entries:
        if not is_name(key.text):
            hint = "use letters, digits, - _ and . such as mail-queue"
            problems.of(key, f"{quoted(key.text)} is no name for {what}; {hint}")
        one = section.section(key.text, what, allowed)
        if one is not None:
            yield key.text, read(key.text, one)


def _command(name: str, members: "Members") -> Command:
    members.need("run")
    run = members.texts("run", _LONGEST_ARGUMENT)
    if run and not _ABSOLUTE.match(run[0]):
        members.problem("run", "run begins with a program's whole path, such as /usr/bin/uptime")
    timeout_s = members.duration("timeout", 1, LONGEST_TIMEOUT_S, TIMEOUT_S)
    return Command(name, run, timeout_s)


def _place(name: str, members: "Members") -> Place:
    from agent.rules.suggest import quoted  # noqa: PLC0415

    members.need_any(*PLACE)
    macs = tuple(mac.lower().replace("-", ":") for mac in members.texts("gateway_mac"))
    for mac in macs:
        if not _MAC.fullmatch(mac):
            hint = 'write "aa:bb:cc:dd:ee:ff"'
            members.problem("gateway_mac", f"{quoted(mac)} is no hardware address; {hint}")
    networks = []
    for text in members.texts("networks"):
        network = _network(text)
        if network is None:
            hint = "write it as 10.1.0.0/16 or fd00:1::/48, without bits behind the prefix"
            members.problem("networks", f"{quoted(text)} is no network; {hint}")
        else:
            networks.append(network)
    domains = tuple(text.lower().rstrip(".") for text in members.texts("domain"))
    return Place(name, macs, tuple(networks), domains)


def _backup(name: str, members: "Members") -> Backup:
    from agent.rules.maintenance import DAYS  # noqa: PLC0415

    members.need("folder")
    folder = members.text("folder", _LONGEST_ARGUMENT)
    if folder and not _ABSOLUTE.match(folder):
        members.problem("folder", "folder is a whole path, such as /srv/backup")
    pattern = members.text("pattern", 200, "*")
    if "/" in pattern or "\\" in pattern:
        members.problem("pattern", "pattern is of a file's name alone; folder says where")
    every_s = members.duration("every", 60, _LONGEST_EVERY_S, _DAY_S)
    days = members.words("days", DAYS) if "days" in members else DAYS
    return Backup(name, folder, pattern, every_s, tuple(sorted({DAYS.index(day) for day in days})))


def _job(name: str, members: "Members") -> Job:
    members.need("every")
    every_s = members.duration("every", 60, _LONGEST_EVERY_S, _DAY_S)
    return Job(name, every_s, members.duration("within", 1, _LONGEST_EVERY_S, every_s))


def _network(text: str) -> Network | None:
    import ipaddress  # noqa: PLC0415 - borrowed

    try:
        found = ipaddress.ip_network(text)
    except ValueError:
        return None
    low, high = int(found.network_address), int(found.broadcast_address)
    return Network(low, high, found.max_prefixlen)
