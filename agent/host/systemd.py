"""systemd: the state of services, asked as seldom as the truth allows.

``systemctl show`` of ten units costs 16 ms of processor time, half of it in PID 1; a look at
a main process 7 µs (measured). A unit that ran, and whose main process still lives, still
runs. So systemd is asked about a unit when that proof is lost, about one without proof every
20 seconds, and every 15 minutes in any case.
"""

import re
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from agent.errors import CheckError, CheckTimeoutError, UnsupportedCheckError
from agent.host.procfs import Process, process
from agent.host.services import Searches, Service, touched_s

DEADLINE_S = 5.0
NAME = re.compile(r"[\w:.\\-]{1,200}(?:@[\w:.\\@-]{1,200})?", re.ASCII)
"""What can be a unit; systemctl refuses all it was asked for when one name is impossible."""

_PROGRAMS = (
    "/usr/bin/systemctl",
    "/bin/systemctl",
    "/run/current-system/sw/bin/systemctl",
)
_PROPERTIES = "Id,LoadState,ActiveState,UnitFileState,NRestarts,MainPID,Type,TriggeredBy"
_RUNS_HERE = Path("/run/systemd/system")
_AUTOMATIC = frozenset(("enabled", "enabled-runtime", "alias", "generated"))
_KINDS = tuple(
    ".automount .device .mount .path .scope .service .slice .socket .swap .target .timer".split()  # noqa: SIM905 - a list of words
)
_TRUST_PROOF_S = 900.0
_TRUST_UNPROVEN_S = 20.0
_TRUST_MISSING_S = 60.0


class Unit(NamedTuple):
    """What systemd says of one unit, in its own words (``systemctl show``)."""

    id: str
    load: str
    active: str
    file_state: str
    type: str
    triggered: bool
    restarts: int | None
    main_pid: int

    def service(self) -> Service:
        """Return the unit as any system's service."""
        automatic = self.file_state in _AUTOMATIC
        masked = self.file_state in {"masked", "masked-runtime"}
        return Service(
            self._state(),
            self.restarts,
            automatic=automatic,
            start="automatic" if automatic else "disabled" if masked else "manual",
            triggered=self.triggered,
        )

    def lasting(self) -> bool:
        """Tell whether it is meant to run always: not a job, and not started on demand."""
        return self.type != "oneshot" and not self.triggered

    def _state(self) -> str:
        if self.active in {"active", "reloading", "refreshing"}:
            return "running"
        if self.active == "activating":
            return "starting"
        if self.load == "not-found":
            return "missing"
        broken = self.load in {"error", "bad-setting"} or self.active in {"failed", "maintenance"}
        return "failed" if broken else "stopped"


class _Known(NamedTuple):
    service: Service
    asked_s: float
    main_pid: int
    proof: Process | None


class Units:
    """The units asked about so far, each with the proof that it still runs."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: dict[str, _Known] = {}
        self._searches = Searches()

    def states(self, names: Iterable[str], *, automatic: bool) -> dict[str, Service]:
        """Return each service by the name it is asked by; raises CheckError.

        ``automatic``: the caller has no use for those that do not start by themselves, so
        they are asked about seldom.
        """
        now_s = time.monotonic()
        wanted = list(names)
        stale = [name for name in wanted if not self._holds(name, now_s, automatic=automatic)]
        for name, unit in zip(stale, show(map(full_name, stale)), strict=True):
            self._remember(name, unit, now_s)
        return {name: self._known[name].service for name in wanted}

    def found(self, patterns: tuple[str, ...], *, automatic: bool) -> list[str]:
        """Return the names of services that match, searched once an hour.

        Without a pattern: all that start by themselves and are meant to run always.
        """
        return self._searches.names(
            (patterns, automatic), lambda: _search(patterns, automatic=automatic)
        )

    def _remember(self, name: str, unit: Unit, now_s: float) -> None:
        service = unit.service()
        proof = process(unit.main_pid) if service.state == "running" else None
        self._known[name] = _Known(service, now_s, unit.main_pid, proof)

    def _holds(self, name: str, now_s: float, *, automatic: bool) -> bool:
        known = self._known.get(name)
        if known is None or known.asked_s <= touched_s():
            return False
        age_s = now_s - known.asked_s
        if known.proof:
            return age_s < _TRUST_PROOF_S and process(known.main_pid) == known.proof
        if known.service.state == "missing":
            return age_s < _TRUST_MISSING_S
        useless = automatic and not known.service.automatic
        return age_s < (_TRUST_PROOF_S if useless else _TRUST_UNPROVEN_S)


def _search(patterns: tuple[str, ...], *, automatic: bool) -> list[str]:
    automatic = automatic or not patterns
    full = [full_name(pattern) for pattern in patterns] or ["*.service"]
    units = {unit.id: unit for unit in show(matching(full, automatic=automatic))}
    return sorted(
        unit.id.removesuffix(".service")
        for unit in units.values()
        if unit.load != "not-found"
        if unit.service().automatic or not automatic
        if patterns or unit.lasting()
    )


def full_name(name: str) -> str:
    """Return a unit's full name: ``nginx`` is ``nginx.service``."""
    return name if name.endswith(_KINDS) else f"{name}.service"


def show(names: Iterable[str]) -> list[Unit]:
    """Return what systemd says of these units, in their order; raises CheckError."""
    names = list(names)
    if not names:
        return []
    blocks = _systemctl("show", f"--property={_PROPERTIES}", "--", *names).strip().split("\n\n")
    if len(blocks) != len(names):
        raise CheckError(f"systemctl answered for {len(blocks)} of {len(names)} units")
    return [_unit(block) for block in blocks]


def matching(patterns: Iterable[str], *, automatic: bool) -> list[str]:
    """Return the full names of the units, loaded or not, that match; raises CheckError.

    ``automatic``: those that may start by themselves. To look at all would make PID 1 load
    hundreds of unit files (measured: a second of its time).
    """
    options = ["--all", "--full", "--plain", "--no-legend", "--", *patterns]
    state = [f"--state={','.join(sorted(_AUTOMATIC))}"] if automatic else []
    names = _names(_systemctl("list-unit-files", *state, *options))
    loaded = _names(_systemctl("list-units", *options))
    if automatic:  # instances have no unit file of their own
        loaded = {name for name in loaded if "@" in name}
    return sorted(name for name in names | loaded if "@." not in name)  # a template is no unit


def is_stopping() -> bool:
    """Tell whether the computer is being shut down or restarted; raises CheckError."""
    return _systemctl("is-system-running").strip() == "stopping"


def failed() -> list[str]:
    """Return the full names of all units that have failed; raises CheckError.

    Most often there is none, which systemd tells without looking at every unit.
    """
    if _systemctl("show", "--property=NFailedUnits").strip() == "NFailedUnits=0":
        return []
    options = ["--state=failed", "--all", "--full", "--plain", "--no-legend"]
    return sorted(_names(_systemctl("list-units", *options)))


def _names(listed: str) -> set[str]:
    return {line.split(None, 1)[0] for line in listed.splitlines() if line.strip()}


def _systemctl(*arguments: str) -> str:
    program = next((path for path in _PROGRAMS if Path(path).exists()), None)
    if program is None or not _RUNS_HERE.is_dir():
        raise UnsupportedCheckError("systemd does not run this system")
    try:
        done = subprocess.run(
            [program, "--no-pager", "--no-ask-password", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={},
            cwd="/",
            timeout=DEADLINE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CheckTimeoutError(f"systemd did not answer within {DEADLINE_S:g} s") from error
    except OSError as error:
        raise CheckError(f"systemctl cannot be started: {error.strerror}") from error
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode and said:  # a list without a match may end with 1, and says nothing
        raise CheckError(f"systemctl failed: {said[:300]}")
    return done.stdout.decode(errors="replace")


def _unit(block: str) -> Unit:
    found = dict(line.partition("=")[::2] for line in block.splitlines())
    restarts = found.get("NRestarts", "")
    return Unit(
        id=found.get("Id", ""),
        load=found.get("LoadState", ""),
        active=found.get("ActiveState", ""),
        file_state=found.get("UnitFileState", ""),
        type=found.get("Type", ""),
        triggered=bool(found.get("TriggeredBy")),
        restarts=int(restarts) if restarts.isdigit() else None,
        main_pid=int(found.get("MainPID") or 0),
    )
