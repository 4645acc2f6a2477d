"""What the courier needs of the outbox, and which envelopes go in one request."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Protocol

from agent.delivery.messages import Job
from agent.protocol.events import Receipt

_ROUTES = {"event": "events", "facts": "facts", "ticket": "tickets"}


class Envelope(Protocol):
    """One entry of the outbox: its id, its kind (event, facts, ticket), its JSON text."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def body(self) -> str: ...  # noqa: D102


class Outbox(Protocol):
    """What the courier needs of the store; called from the courier's thread."""

    def pending(self, limit: int, max_bytes: int) -> Sequence[Envelope]:
        """Return the next envelopes in order; one at least, if there is any."""

    def settle(self, receipts: Sequence[Receipt]) -> None:
        """Delete what was accepted or seen before, park what was refused."""

    def park(self, identifier: str, problem: str) -> None:
        """Set one envelope aside, with the reason."""


def first_batch(envelopes: Sequence[Envelope]) -> Sequence[Envelope]:
    """Return what can go in one request: events together, everything else alone."""
    if not envelopes or envelopes[0].kind != "event":
        return envelopes[:1]
    return list(takewhile(lambda envelope: envelope.kind == "event", envelopes))


def job_of(batch: Sequence[Envelope]) -> Job:
    """Return the request for envelopes of one kind; their ids are what its receipts must echo."""
    return Job(
        "post",
        _ROUTES[batch[0].kind],
        items=tuple(envelope.body for envelope in batch),
        ids=tuple(envelope.id for envelope in batch),
    )
