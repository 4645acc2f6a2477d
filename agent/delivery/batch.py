"""What the courier needs of the outbox, and which envelopes go in one request."""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any, Protocol

from agent.delivery.messages import Job
from agent.protocol.receipts import Receipt

_ROUTES = {
    "event": "events",
    "facts": "facts",
    "ticket": "tickets",
    "attachment": "attachments",
    "reply": "replies",
}


class Envelope(Protocol):
    """One entry of the outbox: its id, its kind (event, facts, ticket, …), its JSON text."""

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


class Feeds(Protocol):
    """What the server has to be fetched; called from the courier's thread."""

    def note(self, changes: Mapping[str, str | int]) -> None:
        """Take note of the cursors in an answer."""

    def next(self) -> tuple[str, str | None] | None:
        """Return the route to be asked next and since when; None when there is none."""

    def take(self, route: str, document: Any) -> None:  # noqa: ANN401 - a JSON tree
        """Keep what it answered."""

    def give_up(self, route: str) -> None:
        """Do not ask it again until it changes."""


class Unfed:
    """Feeds of a device that wants none."""

    def note(self, changes: Mapping[str, str | int]) -> None: ...  # noqa: D102
    def next(self) -> tuple[str, str | None] | None: ...  # noqa: D102
    def take(self, route: str, document: Any) -> None: ...  # noqa: ANN401, D102
    def give_up(self, route: str) -> None: ...  # noqa: D102


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
