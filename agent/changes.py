"""What a turn of checks changed, until it is stored as one."""

import logging
from collections.abc import Callable, Mapping, Sequence

from agent.alert_state import AlertState, fingerprint, parse_state
from agent.clock import Now
from agent.protocol.events import AlertEvent
from agent.protocol.words import Evaluation
from agent.store import Envelope, event_envelope

log = logging.getLogger(__name__)

IDLE_COMMIT_S = 300.0
"""What checks remember, and nothing depends on yet, is stored this often."""

AlertKey = tuple[str, str]
"""Rule and target."""
Record = Callable[[Mapping[str, str | None], Sequence[Envelope], Mapping[str, str | None]], bool]
"""Takes states as text by fingerprint (None forgets one), envelopes and texts, to store as one.

Tells whether they are on the disk now; else they are kept until they can be.
"""


class Changes:
    """The alert states, and what of them and of other texts is still to be stored."""

    def __init__(self, states: dict[AlertKey, AlertState], record: Record) -> None:
        """Take the states of before, and where changes go."""
        self.states = states
        self._record = record
        self._targets: dict[str, dict[str, None]] = {}
        for rule, target in states:
            self._targets.setdefault(rule, {})[target] = None
        self._states: dict[str, str | None] = {}
        self._envelopes: list[Envelope] = []
        self._texts: dict[str, str | None] = {}
        self._texts_due_s = 0.0
        self.doubted: Mapping[str, int] = {}
        """By alert_id the sequence of the last event, of alerts that the desk holds to be over."""

    def has_states(self, rule: str) -> bool:
        """Tell whether a rule has an alert state."""
        return bool(self._targets.get(rule))

    def targets(self, rule: str) -> list[str]:
        """Return the targets of which a rule has an alert state."""
        return list(self._targets.get(rule, ()))

    def announced(self) -> list[AlertState]:
        """Return the alerts that the server was told of and that are not over."""
        states = tuple(self.states.values())
        return [state for state in states if state.announced is not Evaluation.OK]

    def doubts(self, state: AlertState | None) -> bool:
        """Tell whether the desk holds an alert to be over while it is open here."""
        return state is not None and self.doubted.get(state.alert_id) == state.sequence

    def doubted_rules(self) -> set[str]:
        """Return the rules whose alerts are doubted."""
        return {key[0] for key, state in tuple(self.states.items()) if self.doubts(state)}

    def remember(self, key: AlertKey, state: AlertState | None) -> None:
        """Take an alert's new state; None forgets it."""
        rule, target = key
        if state is not None:
            self.states[key] = state
            self._targets.setdefault(rule, {})[target] = None
        elif self.states.pop(key, None):
            self._targets[rule].pop(target)
        self._states[fingerprint(*key)] = state.to_text() if state else None

    def tell(self, event: AlertEvent, announced: Evaluation) -> None:
        """Take an event for the server, which was told ``announced`` before."""
        self._envelopes.append(event_envelope(event, announced))

    def keep(self, name: str, text: str | None) -> None:
        """Take a text; texts wait for company, for some minutes."""
        self._texts[name] = text

    def commit(self, now: Now, *, at_once: bool = False) -> bool:
        """Store what changed, also what a worker that was given up had not stored yet.

        Tells whether what there was to store is on the disk.
        """
        late = bool(self._texts) and (at_once or now.boot_s >= self._texts_due_s)
        stored = True
        if self._states or self._envelopes or late:
            stored = self._record(self._states, self._envelopes, self._texts)
            self._states, self._envelopes, self._texts = {}, [], {}
            self._texts_due_s = now.boot_s + IDLE_COMMIT_S
        return stored


def stored_states(texts: Mapping[str, str]) -> dict[AlertKey, AlertState]:
    """Return the alert states in stored texts by name; one that cannot be read begins anew."""
    states: dict[AlertKey, AlertState] = {}
    for name, text in texts.items():
        try:
            state = parse_state(text)
        except ValueError:
            log.warning("alert=%s a stored state cannot be read; it begins anew", name)
            continue
        states[state.rule, state.target] = state
    return states
