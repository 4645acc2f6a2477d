"""What an agent tried, in one sentence for each try."""

from collections.abc import Iterable, Mapping
from datetime import UTC

from agent.protocol.evidence import Try
from agent.protocol.words import Outcome
from server_stub.intake.heartbeats import label

OUTCOMES: Mapping[str, str] = {
    Outcome.HEALED: "healed",
    Outcome.NOT_HEALED: "not healed",
    Outcome.FAILED: "could not be done",
    Outcome.REFUSED: "not allowed",
    Outcome.WOULD_HAVE: "would have been done",
}


def tried_in_words(tries: Iterable[Try]) -> str:
    """Return ``The agent tried: restart of spooler at 10:02 UTC: not healed, …``, line by line."""
    return "\n".join(f"The agent tried: {_sentence(one)}" for one in tries)


def _sentence(one: Try) -> str:
    at = label(one.at)
    when = f"{at.astimezone(UTC):%H:%M} UTC" if at else one.at
    detail = f", {one.detail}" if one.detail else ""
    return f"{one.action} at {when}: {OUTCOMES[one.outcome]}{detail}"
