"""What goes with an alert that opens or gets worse, so that a technician need not look first.

How the judged readings went in the last hours, what explains them, what changed. The work is in
``evidence_parts``, which a quiet agent never loads.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agent.clock import Now
from agent.evaluate import TargetEvaluation
from agent.protocol.events import AlertEvent
from agent.protocol.words import Change, Evaluation
from agent.rules.model import Rule
from agent.trends import Trends

if TYPE_CHECKING:
    from agent.evidence_parts import Questions

log = logging.getLogger(__name__)

_GRAVITY = (Evaluation.OK, Evaluation.UNKNOWN, Evaluation.WARNING, Evaluation.CRITICAL)


class Explainer:
    """Adds evidence to events. One thread uses it at a time; it takes seconds at the most."""

    def __init__(self, trends: Trends, files: Mapping[str, Path]) -> None:
        """Take what knows earlier readings, and the files whose changes explain much, by name."""
        self._trends = trends
        self._files = files
        self._questions: Questions | None = None

    def __call__(
        self,
        event: AlertEvent,
        announced: Evaluation,
        rule: Rule,
        one: TargetEvaluation,
        now: Now,
    ) -> AlertEvent:
        """Return the event with what explains it; the very same when it is no news for the worse.

        ``announced`` is what the server was told before.
        """
        if not is_worse(event, announced):
            return event
        try:
            return self._explained(event, rule, one, now)
        except Exception:
            log.exception("rule=%s the alert goes without evidence", rule.name)
            return event

    def _explained(
        self, event: AlertEvent, rule: Rule, one: TargetEvaluation, now: Now
    ) -> AlertEvent:
        from agent import evidence_parts as parts  # noqa: PLC0415 - at an alert only

        if self._questions is None:
            self._questions = parts.Questions()
        changed = parts.changed(self._files, now)
        return replace(
            event,
            series=parts.series(self._trends, event, rule, one, now),
            evidence=self._questions.evidence(event, one, changed),
        )


def is_worse(event: AlertEvent, announced: Evaluation) -> bool:
    """Tell whether an event opens an alert, or tells that it is graver than ``announced``."""
    if event.change is Change.RESOLVED:
        return False
    graver = _GRAVITY.index(event.evaluation) > _GRAVITY.index(announced)
    return graver or event.change is Change.OPENED
