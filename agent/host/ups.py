"""Uninterruptible power supplies, asked of what runs them: NUT (``upsc``) or apcupsd.

Neither program talks to the supply itself: a service does, and answers at once over loopback.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from agent.errors import CheckError, UnsupportedCheckError
from agent.host import procfs, program
from agent.host.batteries import SOURCES, charge
from agent.host.room import target_of

__all__ = ["SOURCES", "Supply", "read"]

_DEADLINE_S = 5.0
_MOST = 8  # supplies that are asked for each look
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_NUMBER = re.compile(r"\s*(\d+(?:\.\d+)?)")
_MINUTE_S = 60


class Supply(NamedTuple):
    """One supply; None is what is not told.

    ``source`` is what feeds the computers: one of ``SOURCES``. ``runtime_s`` is how long its
    battery would last, ``worn`` whether it asks for a new one.
    """

    target: str
    source: str | None = None
    charge_percent: float | None = None
    runtime_s: float | None = None
    load_percent: float | None = None
    worn: bool | None = None


def read() -> Iterator[tuple[str, Supply | CheckError]]:
    """Yield each supply by its name, or why it cannot be read.

    Raises UnsupportedCheckError where nothing runs one.
    """
    upsc, apcaccess = program.find("upsc"), program.find("apcaccess")
    kernel = list(_of_kernel(Path("/sys/class/power_supply")))
    if upsc is None and apcaccess is None and not kernel:
        raise UnsupportedCheckError("neither NUT (upsc) nor apcupsd (apcaccess) is installed")
    for supply in kernel:
        yield supply.target, supply
    if upsc is not None:
        yield from _of_nut(str(upsc))
    if apcaccess is not None:
        yield from _of_apcupsd(str(apcaccess))


def _of_nut(upsc: str) -> Iterator[tuple[str, Supply | CheckError]]:
    try:
        listed = program.run([upsc, "-l"], _DEADLINE_S)
    except CheckError as error:
        yield "nut", error
        return
    names = listed.out.decode(errors="replace").split()
    for name in [name for name in names if _NAME.fullmatch(name)][:_MOST]:
        try:
            ended = program.run([upsc, name], _DEADLINE_S)
            yield name, nut(name, ended.out.decode(errors="replace"), _said(ended.err))
        except CheckError as error:
            yield name, error


def _of_apcupsd(apcaccess: str) -> Iterator[tuple[str, Supply | CheckError]]:
    try:
        ended = program.run([apcaccess, "status"], _DEADLINE_S)
        supply = apcupsd(ended.out.decode(errors="replace"), _said(ended.err))
    except CheckError as error:
        yield "apc", error
        return
    yield supply.target, supply


def _said(err: bytes) -> str:
    # upsc says on every call that it was built without SSL.
    lines = [line for line in err.decode(errors="replace").splitlines() if "SSL" not in line]
    return " ".join(lines)[:200]


def nut(name: str, text: str, said: str = "") -> Supply:
    """Return what ``upsc NAME`` prints; raises CheckError where it knows nothing of it now.

    Flags of ``ups.status``: OL on line, OB on battery, RB replace battery, CAL calibrates itself,
    which runs on battery on purpose.
    """
    told = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    flags = told.get("ups.status", "").split()
    if not flags or "WAIT" in flags:
        raise CheckError(f"the supply tells nothing: {said or 'its driver is not connected'}")
    return Supply(
        target=target_of(name),
        source=_source(mains={"OL", "CAL"} & {*flags}, battery="OB" in flags),
        charge_percent=charge(_number(told, "battery.charge")),
        runtime_s=_number(told, "battery.runtime"),
        load_percent=_share(_number(told, "ups.load")),
        worn="RB" in flags,
    )


def apcupsd(text: str, said: str = "") -> Supply:
    """Return what ``apcaccess status`` prints; raises CheckError when contact is lost."""
    told = {
        name.strip(): value.strip()
        for name, _, value in (line.partition(":") for line in text.splitlines())
    }
    flags = told.get("STATUS", "").split()
    if not flags or "COMMLOST" in flags:
        raise CheckError(f"the supply tells nothing: {said or 'contact with it is lost'}")
    left = _number(told, "TIMELEFT")
    return Supply(
        target=target_of(told.get("UPSNAME") or told.get("MODEL") or "apc"),
        source=_source(mains={"ONLINE", "CAL"} & {*flags}, battery="ONBATT" in flags),
        charge_percent=charge(_number(told, "BCHARGE")),
        runtime_s=None if left is None else left * _MINUTE_S,
        load_percent=_share(_number(told, "LOADPCT")),
        worn="REPLACEBATT" in flags,
    )


def _of_kernel(folder: Path) -> Iterator[Supply]:
    """Yield the supplies that the kernel itself knows."""
    for supply in sorted(folder.glob("*")):
        if procfs.text(f"{supply}/type") == "UPS":
            status = procfs.text(f"{supply}/status")
            online = procfs.text(f"{supply}/online")
            yield Supply(
                supply.name,
                source=_source(
                    mains=online == "1" or status in {"Charging", "Full", "Not charging"},
                    battery=online == "0" or status == "Discharging",
                ),
                charge_percent=charge(_number({"it": procfs.text(f"{supply}/capacity")}, "it")),
            )


def _source(*, mains: object, battery: object) -> str | None:
    return "mains" if mains else "battery" if battery else None


def _share(percent: float | None) -> float | None:
    return None if percent is None else min(percent, 100.0)


def _number(told: Mapping[str, str], name: str) -> float | None:
    found = _NUMBER.match(told.get(name, ""))
    return float(found[1]) if found else None
