"""Software RAID on Linux: md, btrfs of several devices, ZFS pools; each array's state."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from agent.errors import CheckError
from agent.host import procfs, program
from agent.host.room import target_of

STATES = ("healthy", "checking", "rebuilding", "degraded", "failed")

_ZPOOL_DEADLINE_S = 10.0


class Array(NamedTuple):
    """One array; ``target`` is ``/dev/md0``, ``btrfs:LABEL`` or ``zfs:POOL``.

    ``state`` is one of ``STATES``; ``missing`` the members it lacks, ``errors`` those that its
    members have met so far, each None where it is not told.
    """

    target: str
    state: str
    missing: int | None = None
    errors: int | None = None


def read(folder: str = "") -> Iterator[Array | tuple[str, CheckError]]:
    """Yield every array of this computer, or its name and why it cannot be read.

    ``folder`` stands before ``/proc`` and ``/sys``.
    """
    sys_folder = Path(f"{folder}/sys")
    for found in md(procfs.text(f"{folder}/proc/mdstat")):
        yield _with_errors(found, sys_folder / "block")
    yield from btrfs(sys_folder / "fs" / "btrfs")
    if (sys_folder / "module" / "zfs").is_dir():  # else asking would load it
        yield from _zfs()


_MD = re.compile(r"(?P<name>md\S*) : (?P<active>active|inactive)\b(?P<rest>.*)")
_MEMBERS = re.compile(r"\[(?P<wanted>\d+)/(?P<working>\d+)\] \[[U_]+\]")
_WORK = re.compile(r"\b(?P<work>resync|recovery|reshape|check|repair)\s*=\s*(?P<how>\S+)")
_MAY_LACK = {"raid4": 1, "raid5": 1, "raid6": 2}
"""How many members an array of this level can lack; others all but one, as far as one can tell."""


def md(mdstat: str) -> list[Array]:
    """Return the arrays of ``/proc/mdstat``.

    A container of firmware RAID is listed as an inactive array and is none; a resync that
    waits for the first write (``PENDING``) is no work.
    """
    arrays = []
    for block in re.split(r"\n(?=md\S* : )", mdstat):
        found = _MD.search(block)
        if found and not ("inactive" in found["active"] and "external:" in block):
            arrays.append(_md_array(found, block))
    return arrays


def _md_array(found: re.Match[str], block: str) -> Array:
    target = f"/dev/{found['name']}"
    if found["active"] == "inactive":
        return Array(target, "failed")
    counted = _MEMBERS.search(block)
    wanted = int(counted["wanted"]) if counted else 0
    missing = wanted - int(counted["working"]) if counted else 0
    level = next((word for word in found["rest"].split() if word.startswith("raid")), "")
    working = _WORK.search(block)
    work = working["work"] if working and "PENDING" not in working["how"] else ""
    if missing > _MAY_LACK.get(level, max(0, wanted - 1)):
        return Array(target, "failed", missing)
    if missing:
        return Array(target, "rebuilding" if work == "recovery" else "degraded", missing)
    return Array(target, _STATE_OF_WORK.get(work, "healthy"), 0)


_STATE_OF_WORK = {"recovery": "rebuilding"} | dict.fromkeys(
    ("resync", "reshape", "check", "repair"), "checking"
)


def _with_errors(array: Array, blocks: Path) -> Array:
    """Add what only sysfs tells: the members' errors, and whether the array is broken."""
    folder = blocks / array.target.removeprefix("/dev/") / "md"
    broken = procfs.text(str(folder / "array_state")) == "broken"
    told = [procfs.text(str(path)) for path in folder.glob("dev-*/errors")]
    errors = sum(int(text) for text in told if text.isdecimal()) if told else None
    return array._replace(state="failed" if broken else array.state, errors=errors)


def members(target: str, folder: str = "") -> str:
    """Return an array's members in words, with what is told of each; empty where nothing is.

    Of md as ``/proc/mdstat`` has it, ``sda1[0] sdb1[1](F)``: F is faulty, S a spare.
    """
    for block in re.split(r"\n(?=md\S* : )", procfs.text(f"{folder}/proc/mdstat")):
        found = _MD.search(block)
        if found and target == f"/dev/{found['name']}":
            return " ".join(word for word in found["rest"].split() if "[" in word)
    for pool in Path(f"{folder}/sys/fs/btrfs").glob("*-*-*-*-*"):
        if target in {f"btrfs:{procfs.text(str(pool / 'label'))}", f"btrfs:{pool.name}"}:
            return " ".join(sorted(path.name for path in (pool / "devices").glob("*")))
    return ""


def btrfs(folder: Path) -> list[Array]:
    """Return the mounted btrfs of several devices.

    One that lacks more than it can would not be mounted; so whatever is missing, it is
    degraded. A device that is only failing is not missing: its errors tell.
    """
    pools = [pool for pool in folder.glob("*-*-*-*-*") if len(_devices(pool)) > 1]
    labels = [procfs.text(str(pool / "label")) for pool in pools]
    return [
        _btrfs_array(pool, label if labels.count(label) == 1 else "")
        for pool, label in zip(pools, labels, strict=True)
    ]


def _devices(pool: Path) -> list[Path]:
    return list((pool / "devinfo").glob("*"))


def _btrfs_array(pool: Path, label: str) -> Array:
    missing = 0
    errors: int | None = None
    for device in _devices(pool):
        missing += procfs.text(str(device / "missing")) == "1"
        counts = re.findall(r"_errs (\d+)", procfs.text(str(device / "error_stats")))
        if counts:
            errors = (errors or 0) + sum(map(int, counts))
    work = procfs.text(str(pool / "exclusive_operation"))
    state = "degraded" if missing else "healthy"
    if work in {"device replace", "device remove"}:
        state = "rebuilding"
    return Array(target_of(f"btrfs:{label or pool.name}"), state, missing, errors)


_LEAF = re.compile(
    r"\t(?P<indent> *)(?P<name>\S+)(?: +(?P<state>[A-Z]+)(?P<counts>(?: +\d+){3})?.*)?"
)
_AWAY = frozenset({"FAULTED", "OFFLINE", "REMOVED", "UNAVAIL"})
_LOST = frozenset({"FAULTED", "OFFLINE", "SUSPENDED", "UNAVAIL"})


def _zfs() -> Iterator[Array | tuple[str, CheckError]]:
    zpool = program.find("zpool")
    if zpool is None:
        return
    try:
        ended = program.run([str(zpool), "status", "-p"], _ZPOOL_DEADLINE_S)
    except CheckError as error:
        yield "zfs", error
        return
    if ended.code:
        said = ended.err.decode(errors="replace").strip()
        yield "zfs", CheckError(f"zpool status failed ({ended.code}): {said[:200]}")
        return
    yield from zfs(ended.out.decode(errors="replace"))


def zfs(status: str) -> list[Array]:
    """Return the pools of ``zpool status -p``.

    A scrub is no fault; spares and caches that failed leave the pool whole.
    """
    return [
        _zfs_array(block) for block in re.split(r"(?m)^(?=  pool: )", status) if "  pool: " in block
    ]


def _zfs_array(block: str) -> Array:
    fields: dict[str, str] = dict(re.findall(r"(?m)^ *(pool|state|scan): (.*)$", block))
    missing = errors = 0
    for leaf in _leaves(block):
        missing += leaf["state"] in _AWAY
        errors += sum(map(int, (leaf["counts"] or "").split()))
    state = "healthy"
    scan = fields.get("scan", "")
    if fields.get("state") in _LOST:
        state = "failed"
    elif "resilver in progress" in scan:
        state = "rebuilding"
    elif fields.get("state") != "ONLINE":
        state = "degraded"
    elif "scrub in progress" in scan:
        state = "checking"
    return Array(target_of(f"zfs:{fields['pool'].strip()}"), state, missing, errors)


def _leaves(block: str) -> list[re.Match[str]]:
    """Return the lines of the devices that make up the pool: no groups, spares or caches."""
    _, _, config = block.partition("config:\n")
    leaves: list[re.Match[str]] = []
    counted = True
    lines = [found for line in config.splitlines() if (found := _LEAF.fullmatch(line))]
    for line, after in zip(lines, [*lines[1:], None], strict=True):
        if not line["indent"]:
            counted = line["name"] not in {"spares", "cache"}
        if counted and (after is None or len(after["indent"]) <= len(line["indent"])):
            leaves.append(line)
    return leaves
