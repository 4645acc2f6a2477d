"""Envelopes: what waits in the outbox, and what is told about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from agent.protocol.events import AlertEvent
from agent.protocol.words import Evaluation


class Importance(StrEnum):
    """What goes first when the outbox is full, least important first."""

    LOW = "low"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Its place in the order, 0 for the least important."""
        return _RANKS[self]

    @classmethod
    def of_rank(cls, rank: int) -> "Importance":
        """Return the importance at a place; raises IndexError for any other number."""
        return tuple(cls)[rank]


_RANKS = {importance: rank for rank, importance in enumerate(Importance)}


@dataclass(frozen=True, slots=True)
class Envelope:
    """One obligation to send: ``body`` is the JSON text, ``id`` its Idempotency-Key for life.

    ``kind`` is the route it takes (event, facts, ticket, attachment, reply); ``created_at`` is
    RFC 3339 in UTC, a label.
    """

    id: str
    kind: str
    importance: Importance
    body: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Parked:
    """An envelope that was refused for good, with the reason; a person decides about it."""

    envelope: Envelope
    problem: str
    parked_at: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What is in the outbox.

    ``waiting`` envelopes and all their ``bytes``, parked ones included; ``unsaved`` of the
    waiting are in memory only. ``oldest_at`` is the label of the oldest waiting one, None
    without any, ``oldest_s`` its age. ``dropped`` ones were given up for lack of room since
    this device was set up.
    """

    waiting: int
    bytes: int
    parked: int
    unsaved: int
    dropped: int
    oldest_at: str | None
    oldest_s: float


def event_envelope(event: AlertEvent, before: Evaluation = Evaluation.OK) -> Envelope:
    """Return an alert event as an envelope.

    It is as important as the graver of what it says and what was announced ``before``: a
    lost end of a critical alert would leave its ticket open for ever.
    """
    graver = max(_IMPORTANCE[event.evaluation], _IMPORTANCE[before], key=lambda i: i.rank)
    return Envelope(event.id, "event", graver, event.to_text(), event.at)


_IMPORTANCE: Mapping[Evaluation, Importance] = {
    Evaluation.OK: Importance.WARNING,
    Evaluation.UNKNOWN: Importance.WARNING,
    Evaluation.WARNING: Importance.WARNING,
    Evaluation.CRITICAL: Importance.CRITICAL,
}
