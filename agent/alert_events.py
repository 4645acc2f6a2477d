"""What the server is told of an alert: opened, changed, resolved, each with its whole state.

Pure, but for the random part of new ids.
"""

from collections.abc import Sequence
from dataclasses import replace

from agent.alert_state import AlertState
from agent.clock import Now
from agent.evaluate import TargetEvaluation
from agent.protocol.events import MAX_ABOUT, MAX_NOTE, MAX_TITLE, AlertEvent, Reading
from agent.protocol.ids import uuid7
from agent.protocol.words import Change, Evaluation, Priority
from agent.rules.model import Condition, Rule
from agent.wording import storable, title


def announce(
    state: AlertState,
    wanted: Evaluation,
    evaluation: TargetEvaluation,
    rule: Rule,
    now: Now,
    *,
    facts_hash: str = "",
) -> tuple[AlertState, AlertEvent]:
    """Return the state after telling the server ``wanted``, and the event that tells it.

    ``wanted`` ok closes the opening; anything else opens one or changes the one that is open.
    """
    if wanted is Evaluation.OK:
        return _resolve(state, evaluation, rule, now, facts_hash)
    opening = state.announced is Evaluation.OK
    if opening:
        state = replace(
            state,
            alert_id=uuid7(_unix_ms(now)),
            sequence=0,
            occurrences=1,
            opened_at=now.label(),
        )
    condition = _condition(rule, wanted)
    about = without_secrets(evaluation.about)
    told = replace(
        state,
        announced=wanted,
        sequence=state.sequence + 1,
        priority=_priority(state, condition, rule, opening=opening),
        title=_title(evaluation, rule, about),
    )
    event = _event(
        told,
        Change.OPENED if opening else Change.CHANGED,
        wanted,
        now,
        condition=condition.when.text if condition else "",
        advice=rule.ticket.advice,
        reason=_why_unknown(evaluation),
        facts_hash=facts_hash,
        readings=evaluation.readings(),
        about=about,
    )
    return told, event


def withdraw(
    state: AlertState, reason: str, now: Now, *, facts_hash: str = ""
) -> AlertEvent | None:
    """Return the event that closes an alert which nothing watches any longer.

    Its rule was removed or no longer concerns this device: the ticket must not wait for
    ever. Its evaluation is unknown, for ``reason``. None when nothing was open.
    """
    if state.announced is Evaluation.OK:
        return None
    told = replace(state, sequence=state.sequence + 1)
    return _event(
        told, Change.RESOLVED, Evaluation.UNKNOWN, now, reason=reason, facts_hash=facts_hash
    )


def about_itself(
    target: str, happened: str, advice: str, now: Now, *, facts_hash: str = ""
) -> AlertEvent:
    """Return an event by which the agent tells of itself, once: its store was damaged.

    It is an opening of its own that nothing resolves but a person. ``target`` is what it is
    about (``agent.db``), ``happened`` the title.
    """
    return of_its_own(
        None,
        target,
        Evaluation.WARNING,
        now,
        title=happened,
        priority=Priority.NORMAL,
        advice=advice,
        facts_hash=facts_hash,
    )[1]


def of_its_own(
    told: AlertState | None,
    target: str,
    evaluation: Evaluation,
    now: Now,
    *,
    title: str,
    priority: Priority,
    advice: str = "",
    reason: str = "",
    facts_hash: str = "",
) -> tuple[AlertState, AlertEvent]:
    """Return an alert of the agent itself after the server was told this, and the event.

    ``told`` is the alert as it was told before, None to open one; evaluation ok resolves it.
    """
    opening = told or AlertState(
        rule="agent",
        check="agent",
        target=target,
        boot_id="",
        alert_id=uuid7(_unix_ms(now)),
        opened_at=now.label(),
    )
    state = replace(
        opening,
        announced=evaluation,
        sequence=opening.sequence + 1,
        priority=priority,
        title=storable(title, MAX_TITLE),
    )
    change = Change.CHANGED if told else Change.OPENED
    if evaluation is Evaluation.OK:
        change = Change.RESOLVED
    event = _event(
        state, change, evaluation, now, advice=advice, reason=reason, facts_hash=facts_hash
    )
    return state, event


def foreseen(wanted: Evaluation, evaluation: TargetEvaluation, rule: Rule) -> tuple[str, Priority]:
    """Return title and priority of the ticket that an alert would open by itself."""
    idle = AlertState(rule.name, rule.check, evaluation.target, "")
    title = _title(evaluation, rule, without_secrets(evaluation.about))
    return title, _priority(idle, _condition(rule, wanted), rule, opening=True)


def _resolve(
    state: AlertState, evaluation: TargetEvaluation, rule: Rule, now: Now, facts_hash: str
) -> tuple[AlertState, AlertEvent]:
    well = state.evaluation is Evaluation.OK and not evaluation.reason
    cleared = _condition(rule, state.announced)
    event = _event(
        replace(state, sequence=state.sequence + 1),
        Change.RESOLVED,
        Evaluation.OK if well else Evaluation.UNKNOWN,
        now,
        condition=cleared.clear.text if cleared and cleared.clear else "",
        reason="" if well else f"the rule {rule.name} opens no tickets any longer",
        facts_hash=facts_hash,
        readings=evaluation.readings(),
        about=without_secrets(evaluation.about),
    )
    ended = replace(
        state.with_nothing_open(),
        warning=state.warning._replace(eased=False),
        critical=state.critical._replace(eased=False),
    )
    return ended, event


def _condition(rule: Rule, evaluation: Evaluation) -> Condition | None:
    return {Evaluation.WARNING: rule.warning, Evaluation.CRITICAL: rule.critical}.get(evaluation)


def _priority(
    state: AlertState, condition: Condition | None, rule: Rule, *, opening: bool
) -> Priority:
    """Return the condition's own; being blind is as pressing as what was open, or the mildest."""
    if condition is not None:
        return condition.priority
    if not opening:
        return state.priority
    order = tuple(Priority)
    return max((c.priority for c in rule.conditions), key=order.index, default=Priority.LOW)


def _title(evaluation: TargetEvaluation, rule: Rule, about: str) -> str:
    if evaluation.reason:
        return storable(f"{evaluation.target} cannot be checked ({rule.name})")
    return title(rule.ticket.title, evaluation.target, evaluation.readings(), about)


def without_secrets(words: str) -> str:
    """Return words of a log, a plugin or a web server as one line that may be told."""
    return storable(_redacted(" ".join(words.split())), MAX_ABOUT)


def _why_unknown(evaluation: TargetEvaluation) -> str:
    reason = _redacted(evaluation.reason)  # it may say what a plugin said
    return f"cannot be checked, because {reason}" if reason else ""


def _redacted(text: str) -> str:
    if not text:
        return ""
    from agent.redact import redact  # noqa: PLC0415 - its patterns stay in memory once loaded

    return redact(text)


def _event(
    state: AlertState,
    change: Change,
    evaluation: Evaluation,
    now: Now,
    *,
    condition: str = "",
    advice: str = "",
    reason: str = "",
    facts_hash: str = "",
    readings: Sequence[Reading] = (),
    about: str = "",
) -> AlertEvent:
    return AlertEvent(
        id=uuid7(_unix_ms(now)),
        alert_id=state.alert_id,
        sequence=state.sequence,
        change=change,
        fingerprint=state.fingerprint,
        rule=storable(state.rule),
        check=storable(state.check),
        target=storable(state.target),
        evaluation=evaluation,
        priority=state.priority,
        title=state.title,
        at=now.label(),
        opened_at=state.opened_at,
        condition=storable(condition, MAX_NOTE),
        advice=storable(advice, MAX_NOTE),
        reason=storable(reason, MAX_NOTE),
        occurrences=max(1, state.occurrences),
        facts_hash=facts_hash,
        readings=tuple(readings),
        about=about,
    )


def _unix_ms(now: Now) -> int:
    return int(now.wall.timestamp() * 1000)
