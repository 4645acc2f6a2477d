"""What a written procedure says beside its clocks, as plain frozen values.

Stages, types, the matrix of priorities, levels, reasons and duties: read from a policy file,
carried out by whoever works the tickets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from agent.protocol.words import Priority, Status


class ClockName(StrEnum):
    """What a clock promises, in the order people read them.

    ``RESPONSE``: an answer. ``REVIEW``: the matter was looked into and the requester knows what
    comes next. ``RESOLUTION``: it is solved. ``PROGRESS``: the client is told how it stands, again
    and again. ``DWELL``: how long it may sit on one level.
    """

    RESPONSE = "response"
    REVIEW = "review"
    RESOLUTION = "resolution"
    PROGRESS = "progress"
    DWELL = "dwell"


class Mode(StrEnum):
    """What a ticket's stage does to a clock."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Stage:
    """A policy's own status: a finer word within one of the five that trays and indexes know.

    ``modes`` says of every clock what it does meanwhile. ``moves`` names the stages that may
    follow (empty: any); ``reason``: entering it needs one of the policy's reasons, list
    ``waiting`` (``closing`` for a stage that is resolved or closed). ``waits_for_client``: a word
    of the client's ends it. ``checklist``: before it the policy's checklist is gone through.
    """

    name: str
    title: str
    status: Status
    modes: Mapping[str, Mode]
    moves: tuple[str, ...] = ()
    reason: bool = False
    waits_for_client: bool = False
    checklist: bool = False

    @property
    def reasons(self) -> str:
        """Return the name of the list that its reasons come from."""
        return "closing" if self.status in (Status.RESOLVED, Status.CLOSED) else "waiting"


def _modes(mode: Mode, **others: Mode) -> Mapping[str, Mode]:
    return MappingProxyType({name.value: others.get(name, mode) for name in ClockName})


USUAL_MODES: Mapping[Status, Mapping[str, Mode]] = MappingProxyType({
    Status.NEW: _modes(Mode.RUNNING),
    Status.OPEN: _modes(Mode.RUNNING),
    Status.WAITING: _modes(Mode.PAUSED, response=Mode.RUNNING),
    Status.RESOLVED: _modes(Mode.STOPPED),
    Status.CLOSED: _modes(Mode.STOPPED),
})  # fmt: skip
"""What each status does to the clocks where a policy says nothing of any."""


@dataclass(frozen=True, slots=True)
class TypeTerms:
    """A type of ticket: whether its work is charged, and whose approval it needs (empty: none)."""

    title: str
    chargeable: bool = False
    approval: bool = False
    approver: str = ""


USUAL_TYPES: Mapping[str, TypeTerms] = MappingProxyType({
    "incident": TypeTerms("Incident"),
    "request": TypeTerms("Request"),
    "problem": TypeTerms("Problem"),
})  # fmt: skip
"""The types of a policy that names none."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Which priority urgency, impact and complexity make together.

    The three mappings hold the words of each with their titles, in the order of a form; a
    question that is not asked has none. ``cells`` has a priority for each combination.
    """

    urgencies: Mapping[str, str] = field(default_factory=dict)
    impacts: Mapping[str, str] = field(default_factory=dict)
    complexities: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[tuple[str, str, str], Priority] = field(default_factory=dict)

    def priority(self, urgency: str, impact: str, complexity: str = "") -> Priority | None:
        """Return the priority of a combination; None when the policy has none for it."""
        return self.cells.get((urgency, impact, complexity))


@dataclass(frozen=True, slots=True)
class Level:
    """A line of support, by its name. ``calendar`` names its hours (empty: not stated).

    ``accepts_from``: the levels (their keys) it takes tickets from, ``client`` for direct
    contact; empty: from anywhere. ``takes``: the tickets that start there, as conditions of a
    row. ``overflow``: above so many waiting tickets new ones go to the next level (0: never).
    ``reasons`` names the list that reasons for an escalation to it come from. ``share_percent``:
    the share of tickets that the procedure expects here, for reports. ``word`` is what the file
    calls it, ``line`` and ``column`` its place there.
    """

    number: int
    name: str
    calendar: str = ""
    accepts_from: tuple[str, ...] = ()
    takes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    overflow: int = 0
    reasons: str = "escalation"
    share_percent: int = 0
    word: str = ""
    line: int = 0
    column: int = 0

    @property
    def key(self) -> str:
        """Return the level as target rows and ``Policy.levels`` name it."""
        return str(self.number)

    def accepts(self, origin: str) -> bool:
        """Tell whether tickets may come from a level (its key) or from the ``client``."""
        return not self.accepts_from or origin in self.accepts_from


@dataclass(frozen=True, slots=True)
class ShareWarning:
    """Who is told when a share of a target is used: ``assignee``, ``team`` or a named role.

    ``clocks`` are the clocks it holds for. They are told within ``calendar`` only (empty: at
    once): an instant outside waits until it opens.
    """

    share_percent: int
    tell: tuple[str, ...]
    clocks: tuple[str, ...]
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class Breach:
    """What a broken promise brings: who is told, and whether the ticket goes a level up."""

    tell: tuple[str, ...] = ()
    clocks: tuple[str, ...] = ()
    escalate: bool = False
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class ContactRule:
    """Attempts to reach a client who does not answer, before the ticket is reviewed.

    So many ``attempts``, by so many different ``methods`` of ``ways``, over so many ``days``.
    """

    attempts: int = 3
    methods: int = 2
    days: int = 3
    ways: tuple[str, ...] = ("phone", "email", "sms", "visit")


@dataclass(frozen=True, slots=True)
class Procedure:
    """The duties that are written beside the clocks; what is not said is off.

    ``acknowledge``: a confirmation with number and priority goes to the requester.
    ``auto_close_after`` and ``reopen_within`` are clock time since resolved (None: never, for
    ever). ``first_line_guide`` is a hint and never a breach. ``first_contact`` is the key of the
    level that answers first. ``escalation_role`` is whom a client may ask for an escalation;
    ``tell_escalation``: each escalation needs a message to the client. ``sign_off`` names the
    stage in which the client signs off; ``temporary_resolves``: a temporary fix counts as a
    resolution. ``checklist`` is gone through before a stage that asks so. ``final_update``: what
    is resolved needs a word to the client of what was done. ``delayed`` names the stage of what
    nobody can help.
    """

    acknowledge: bool = False
    auto_close_after: timedelta | None = timedelta(hours=48)
    reopen_within: timedelta | None = timedelta(days=14)
    contact: ContactRule | None = None
    first_line_guide: timedelta | None = None
    first_contact: str = ""
    survey: bool = False
    escalation_role: str = ""
    tell_escalation: bool = False
    sign_off: str = ""
    temporary_resolves: bool = True
    checklist: tuple[str, ...] = ()
    final_update: bool = False
    delayed: str = ""
    warnings: tuple[ShareWarning, ...] = ()
    breach: Breach | None = None
