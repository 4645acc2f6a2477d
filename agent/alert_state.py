"""What is remembered of one alert between two looks, and its text in agent.db.

Durations are awake seconds: how long a condition has lasted is a ``Span``, counted up to its
last mark and running from there. A mark is set at every transition and, while a span runs, once
in ``MARK_S``: what a switched-off computer can lose of a 24 h ``for`` is that much a time.
"""

import json
import math
from binascii import crc32
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from agent.clock import Now
from agent.protocol.events import MAX_NAME
from agent.protocol.words import Evaluation, Priority
from agent.wording import storable

MARK_S = 300.0
"""A running span is stored this often: the longest time a reboot can take from it."""


class Span(NamedTuple):
    """How long something lasted: ``counted_s`` up to the mark at ``since_s``, running from there.

    ``since_s`` is the awake clock of the boot in the alert's state; None stands still.
    """

    counted_s: float = 0.0
    since_s: float | None = None

    def total_s(self, now: Now, longest_gap_s: float) -> float:
        """Return the seconds so far.

        No more than ``longest_gap_s`` is counted since the mark: beyond that nobody looked
        (the agent was stopped or frozen).
        """
        if self.since_s is None:
            return self.counted_s
        return self.counted_s + min(max(0.0, now.awake_s - self.since_s), longest_gap_s)

    def running(self, now: Now, longest_gap_s: float, enough_s: float) -> "Span":
        """Return the span going on at ``now``; at ``enough_s`` it is full and stands still.

        It is the same span while no mark is due, so that nothing needs to be stored.
        """
        total_s = self.total_s(now, longest_gap_s)
        if total_s >= enough_s:
            return Span(enough_s)
        if self.since_s is None or not 0 <= now.awake_s - self.since_s < MARK_S:
            return Span(total_s, now.awake_s)
        return self

    def frozen(self, now: Now, longest_gap_s: float) -> "Span":
        """Return the span standing still from ``now``."""
        return Span(self.total_s(now, longest_gap_s))


class Course(NamedTuple):
    """How far one condition (warning or critical) has come.

    ``span``: before it is ``raised``, how long ``when`` has held; after, how long it has been
    clear. ``eased``: it has been clear since it last held.
    """

    raised: bool = False
    span: Span | None = None
    eased: bool = False


IDLE = Course()


class Phase(StrEnum):
    """Where an alert stands. ``resolved`` is inactive with a memory, for flapping."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    CLEARING = "clearing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class AlertState:
    """One alert of one rule and target; ``alerts.step`` makes the next one from it.

    ``announced`` is what the server was last told (``ok``: nothing is open); the members up
    to ``title`` describe that opening. ``ups`` counts how often it went up with less than an
    hour between, ``last_up_s`` (awake clock) is the last time. ``unknown`` runs while the
    target cannot be read.
    """

    rule: str
    check: str
    target: str
    boot_id: str
    warning: Course = IDLE
    critical: Course = IDLE
    unknown: Span | None = None
    announced: Evaluation = Evaluation.OK
    alert_id: str = ""
    sequence: int = 0
    occurrences: int = 0
    opened_at: str = ""
    priority: Priority = Priority.LOW
    title: str = ""
    ups: int = 0
    last_up_s: float = 0.0

    @property
    def fingerprint(self) -> str:
        """The alert's identity on its device."""
        return fingerprint(self.rule, self.target)

    def with_nothing_open(self) -> "AlertState":
        """Return the same alert as one that the server holds no opening of."""
        return replace(
            self,
            announced=Evaluation.OK,
            alert_id="",
            sequence=0,
            occurrences=0,
            opened_at="",
            priority=Priority.LOW,
            title="",
        )

    @property
    def evaluation(self) -> Evaluation:
        """What is raised, whether or not it was announced; blind spells do not show."""
        if self.critical.raised:
            return Evaluation.CRITICAL
        return Evaluation.WARNING if self.warning.raised else Evaluation.OK

    @property
    def is_untold(self) -> bool:
        """Whether something is raised of which the server was not told."""
        return self.announced is Evaluation.OK and self.evaluation is not Evaluation.OK

    @property
    def phase(self) -> Phase:
        """Where it stands, by its highest condition."""
        course = self.critical if self.critical.raised else self.warning
        if course.raised:
            return Phase.CLEARING if course.span is not None else Phase.FIRING
        if self.warning.span is not None or self.critical.span is not None:
            return Phase.PENDING
        return Phase.RESOLVED if self.ups else Phase.INACTIVE

    def to_text(self) -> str:
        """Return the state as the JSON text that is stored."""
        tree = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(tree, separators=(",", ":"))


def fingerprint(rule: str, target: str) -> str:
    """Return ``rule:target``; one too long for the wire ends in a checksum of the whole."""
    whole = storable(f"{rule}:{target}", longest=1_000_000)
    if len(whole) <= MAX_NAME:
        return whole
    return f"{whole[: MAX_NAME - 9]}#{crc32(whole.encode()):08x}"


def parse_state(text: str) -> AlertState:
    """Return the state in a stored text; members of other versions are ignored.

    Raises ValueError when the text is no state.
    """
    try:
        tree = json.loads(text)
        return AlertState(
            rule=_text(tree["rule"]),
            check=_text(tree["check"]),
            target=_text(tree["target"]),
            boot_id=_text(tree["boot_id"]),
            warning=_course(tree.get("warning", IDLE)),
            critical=_course(tree.get("critical", IDLE)),
            unknown=_span(tree.get("unknown")),
            announced=Evaluation(tree.get("announced", "ok")),
            alert_id=_text(tree.get("alert_id", "")),
            sequence=int(tree.get("sequence", 0)),
            occurrences=int(tree.get("occurrences", 0)),
            opened_at=_text(tree.get("opened_at", "")),
            priority=Priority(tree.get("priority", "low")),
            title=_text(tree.get("title", "")),
            ups=int(tree.get("ups", 0)),
            last_up_s=_seconds(tree.get("last_up_s", 0.0)),
        )
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(f"not an alert's state: {error}") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def unannounced(text: str) -> str | None:
    """Return a stored state as one that no server was told of; None when it cannot be read."""
    try:
        state = parse_state(text)
    except ValueError:
        return None
    return state.with_nothing_open().to_text()


def _course(items: Any) -> Course:  # noqa: ANN401 - a JSON tree
    course = Course(*items)
    return Course(course.raised is True, _span(course.span), course.eased is True)


def _span(items: Any) -> Span | None:  # noqa: ANN401 - a JSON tree
    if items is None:
        return None
    span = Span(*items)
    since_s = None if span.since_s is None else _seconds(span.since_s)
    return Span(_seconds(span.counted_s), since_s)


def _seconds(value: Any) -> float:  # noqa: ANN401 - a JSON tree
    seconds = float(value)
    if not math.isfinite(seconds):
        raise ValueError("no number of seconds")
    return seconds
