"""What goes with an alert that opens or gets worse, so that a technician need not look first.

How the judged readings went in the last hours, what explains them, what changed. The work is in
``evidence_parts``, which is borrowed for one alert: it would be half a megabyte for ever.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent.clock import Now
from agent.evaluate import TargetEvaluation
from agent.host import heap
from agent.protocol.events import AlertEvent
from agent.protocol.words import Change, Evaluation
from agent.rules.borrow import borrowed
from agent.rules.model import Rule
from agent.trends import Trends

log = logging.getLogger(__name__)

_GRAVITY = (Evaluation.OK, Evaluation.UNKNOWN, Evaluation.WARNING, Evaluation.CRITICAL)


_BORROWED = (
    "agent.evidence_parts",
    "agent.protocol.evidence",
    "agent.host.installed",
    "agent.host.program",
)


@dataclass(slots=True)
class Asked:
    """What was asked lately: when, by the question, with titles and lines of the answers.

    ``spent_s``: how long answers were waited for, less what has been made up for until ``at_s``.
    """

    answers: dict[tuple[str, ...], tuple[float, list[tuple[str, tuple[str, ...]]]]] = field(
        default_factory=dict
    )
    spent_s: float = 0.0
    at_s: float = 0.0


class Explainer:
    """Adds evidence to events. One thread uses it at a time; it takes seconds at the most."""

    def __init__(
        self,
        trends: Trends,
        files: Mapping[str, Path],
        changed: Callable[[Now], list[str]] = lambda _: [],
    ) -> None:
        """Take what knows earlier readings, and the files whose changes explain much, by name.

        ``changed`` tells what else of this computer changed lately, a line each.
        """
        self._trends = trends
        self._files = files
        self._changed = changed
        self._asked = Asked()

    def __call__(
        self,
        event: AlertEvent,
        announced: Evaluation,
        found: tuple[Rule, TargetEvaluation] | None,
        now: Now,
    ) -> AlertEvent:
        """Return the event with what explains it; the very same when it is no news for the worse.

        ``announced`` is what the server was told before. ``found`` is by which rule, and how; None
        for an event of the agent's own, which what changed is added to.
        """
        if not is_worse(event, announced):
            return event
        try:
            return self._explained(event, found, now)
        except Exception:
            log.exception("rule=%s the alert goes without evidence", event.rule)
            return event

    def _explained(
        self, event: AlertEvent, found: tuple[Rule, TargetEvaluation] | None, now: Now
    ) -> AlertEvent:
        with borrowed(*_BORROWED):
            from agent import evidence_parts as parts  # noqa: PLC0415 - borrowed

            changed = [*parts.changed(self._files, now), *self._changed(now)]
            questions = parts.Questions(self._asked)
            if found is None:
                lists = (*event.evidence, *questions.what_changed(changed))
                explained = replace(event, evidence=lists)
            else:
                explained = replace(
                    event,
                    series=parts.series(self._trends, event, *found, now),
                    evidence=questions.evidence(event, found[1], changed),
                )
            del parts, questions
        heap.give_back()
        return explained


def is_worse(event: AlertEvent, announced: Evaluation) -> bool:
    """Tell whether an event opens an alert, or tells that it is graver than ``announced``."""
    if event.change is Change.RESOLVED:
        return False
    graver = _GRAVITY.index(event.evaluation) > _GRAVITY.index(announced)
    return graver or event.change is Change.OPENED
