"""The life of an alert: ``step`` takes one evaluation and returns what follows. Pure.

inactive → pending → firing (warning or critical) → clearing → resolved, one alert for each
(rule, target), by these rules:

1. A condition is raised when its ``when`` has held at every look for ``for``, and falls when it
   has been clear at every look for ``clear_for``. Raising critical raises warning with it,
   so the alert steps down on the same ticket. The alert's evaluation is the highest raised.
2. What is counted is awake time between looks, at most ``MARK_S`` and two turns of the rule
   unseen. It goes on over a restart of the agent and adds up over reboots.
3. Unknown freezes: nothing is raised, falls, or counts. After ``unknown_after`` of it the alert
   says that the target cannot be checked; the next readable look takes that back.
4. Flapping: an up is a raise, or holding again after having been clear. After ``FLAPPING_UPS``
   ups, each within ``FLAPPING_S`` of the one before, nothing falls until ``FLAPPING_S`` have
   passed without an up. Ups within one opening are its ``occurrences``; they make an
   event of their own at 10, 100, 1,000, … only.
5. While held back (``quiet``: a maintenance window; ``startup_grace`` after boot) nothing is
   raised; what still holds afterwards is raised then. While another rule explains it
   (``explained``) ``for`` does not even count. While it is tried to ``heal`` what is raised, it is
   not announced.
6. An event is sent when the evaluation differs from the one announced last, and once more when
   the desk holds it to be over (``doubted``) and a look finds it. Rules that only watch, or open
   no tickets, live the same life without events.
"""

from dataclasses import replace

from agent.alert_events import announce, withdraw
from agent.alert_state import (
    IDLE,
    MARK_S,
    AlertState,
    Course,
    Phase,
    Span,
    fingerprint,
    parse_state,
)
from agent.clock import Now
from agent.evaluate import Judgement, TargetEvaluation
from agent.protocol.events import AlertEvent
from agent.protocol.words import Evaluation
from agent.rules.model import Condition, Rule

__all__ = [
    "AlertState",
    "Phase",
    "fingerprint",
    "healed",
    "held_back",
    "parse_state",
    "paused",
    "step",
    "withdraw",
]

FLAPPING_UPS = 5
FLAPPING_S = 3600.0


def step(
    previous: AlertState | None,
    evaluation: TargetEvaluation,
    rule: Rule,
    now: Now,
    boot_id: str,
    *,
    quiet: bool = False,
    explained: bool = False,
    healing: bool = False,
    doubted: bool = False,
    facts_hash: str = "",
) -> tuple[AlertState | None, AlertEvent | None]:
    """Return the alert's next state, and the event it makes if it makes one.

    The very same ``previous`` comes back when there is nothing to store; None means that
    nothing needs to be remembered. ``boot_id`` names this boot of the computer. ``healing``:
    what is raised is not told, for it is being seen to. ``doubted``: the desk holds the very
    event that told of it last to be out of date.
    """
    if previous is None and evaluation.evaluation is Evaluation.OK:
        return None, None
    state = previous or AlertState(rule.name, rule.check, evaluation.target, boot_id)
    if evaluation.absent and state.announced is Evaluation.OK:
        return None, None
    held_back = quiet or explained or now.boot_s < rule.startup_grace_s
    state = _in_this_boot(state, boot_id, now)
    if evaluation.reason:
        state = _blind(state, rule, now)
    else:
        state = _seen(state, evaluation, rule, now, held_back=held_back, explained=explained)
    wanted = _wanted(state, rule, held_back=held_back)
    if healing and state.announced is Evaluation.OK and wanted is not Evaluation.UNKNOWN:
        wanted = Evaluation.OK
    event = None
    again = doubted and evaluation.finds_trouble and not held_back
    if wanted is not state.announced or again or _is_milestone(previous, state):
        state, event = announce(state, wanted, evaluation, rule, now, facts_hash=facts_hash)
    if _is_forgettable(state):
        return None, event
    return (previous if state == previous else state), event


def healed(
    state: AlertState, evaluation: TargetEvaluation, rule: Rule, now: Now, *, facts_hash: str = ""
) -> list[AlertEvent]:
    """Return the events of an alert that was healed before anybody was told: opened, resolved.

    ``evaluation`` is of the look that found it well again; nothing of the state remains.
    """
    told, opened = announce(state, state.evaluation, evaluation, rule, now, facts_hash=facts_hash)
    well = replace(told, warning=IDLE, critical=IDLE)
    _, ended = announce(well, Evaluation.OK, evaluation, rule, now, facts_hash=facts_hash)
    return [opened, ended]


def held_back(state: AlertState, rule: Rule) -> bool:
    """Tell whether a condition has held for long enough and is not raised all the same."""
    courses = ((state.warning, rule.warning), (state.critical, rule.critical))
    return any(
        condition is not None
        and not course.raised
        and course.span is not None
        and course.span.counted_s >= condition.for_s
        for course, condition in courses
    )


def paused(state: AlertState, rule: Rule, now: Now) -> AlertState:
    """Return the state to store when the agent stops: all that ran is counted up to now."""
    gap_s = _longest_gap_s(rule)
    return replace(
        state,
        warning=_still(state.warning, now, gap_s),
        critical=_still(state.critical, now, gap_s),
        unknown=state.unknown and state.unknown.frozen(now, gap_s),
    )


def _in_this_boot(state: AlertState, boot_id: str, now: Now) -> AlertState:
    """Rebase on this boot's clock: the time since the last mark of another boot is lost."""
    if state.boot_id == boot_id and state.last_up_s <= now.awake_s:
        past = state.ups and now.awake_s - state.last_up_s >= FLAPPING_S
        return replace(state, ups=0, last_up_s=0.0) if past else state
    return replace(
        state,
        boot_id=boot_id,
        warning=_marked(state.warning),
        critical=_marked(state.critical),
        unknown=state.unknown and Span(state.unknown.counted_s),
        last_up_s=now.awake_s if state.ups else 0.0,
    )


def _marked(course: Course) -> Course:
    return course._replace(span=course.span and Span(course.span.counted_s))


def _still(course: Course, now: Now, gap_s: float) -> Course:
    return course._replace(span=course.span and course.span.frozen(now, gap_s))


def _longest_gap_s(rule: Rule) -> float:
    return MARK_S + 2 * rule.every_s


def _blind(state: AlertState, rule: Rule, now: Now) -> AlertState:
    gap_s = _longest_gap_s(rule)
    unknown = (state.unknown or Span()).running(now, gap_s, rule.unknown_after_s)
    return replace(paused(state, rule, now), unknown=unknown)


def _seen(
    state: AlertState,
    evaluation: TargetEvaluation,
    rule: Rule,
    now: Now,
    *,
    held_back: bool,
    explained: bool,
) -> AlertState:
    gap_s = _longest_gap_s(rule)
    flapping = state.ups >= FLAPPING_UPS

    def follow(course: Course, judgement: Judgement | None, condition: Condition | None) -> Course:
        if judgement is None or condition is None:
            return IDLE
        if course.raised:
            return _lowered(course, judgement, condition, now, gap_s, stays=flapping)
        if explained:
            return Course(eased=course.eased)
        return _raised(course, judgement, condition, now, gap_s, held_back=held_back)

    warning = follow(state.warning, evaluation.warning, rule.warning)
    critical = follow(state.critical, evaluation.critical, rule.critical)
    went_up = _went_up(state.warning, warning) or _went_up(state.critical, critical)
    again = _again(state.warning, warning) or _again(state.critical, critical)
    if critical.raised and not state.critical.raised and rule.warning and not warning.raised:
        warning = Course(raised=True)
    if not went_up:
        return replace(state, warning=warning, critical=critical, unknown=None)
    return replace(
        state,
        warning=warning,
        critical=critical,
        unknown=None,
        occurrences=state.occurrences + again,
        ups=state.ups + 1,
        last_up_s=now.awake_s,
    )


def _raised(
    course: Course,
    judgement: Judgement,
    condition: Condition,
    now: Now,
    gap_s: float,
    *,
    held_back: bool,
) -> Course:
    """Follow a condition that is not raised."""
    if not judgement.holds:
        return Course(eased=course.eased)
    span = (course.span or Span()).running(now, gap_s, condition.for_s)
    if span.counted_s >= condition.for_s and not held_back:
        return Course(raised=True)
    return course._replace(span=span)


def _lowered(
    course: Course,
    judgement: Judgement,
    condition: Condition,
    now: Now,
    gap_s: float,
    *,
    stays: bool,
) -> Course:
    """Follow a condition that is raised."""
    if judgement.holds:
        return Course(raised=True)
    if not judgement.clears:  # the band between: neither bad nor well again
        return course._replace(span=None)
    span = (course.span or Span()).running(now, gap_s, condition.clear_for_s)
    if span.counted_s >= condition.clear_for_s and not stays:
        return Course(eased=True)
    return Course(raised=True, span=span, eased=True)


def _went_up(before: Course, after: Course) -> bool:
    return after.raised and (not before.raised or _again(before, after))


def _again(before: Course, after: Course) -> bool:
    return after.raised and before.eased and not after.eased


def _wanted(state: AlertState, rule: Rule, *, held_back: bool) -> Evaluation:
    """Return what the server should know."""
    if _is_silent(rule):
        return Evaluation.OK
    if state.unknown is None:
        return state.evaluation
    told = state.announced is Evaluation.UNKNOWN
    if told or (state.unknown.counted_s >= rule.unknown_after_s and not held_back):
        return Evaluation.UNKNOWN
    return state.announced


def _is_silent(rule: Rule) -> bool:
    return rule.mode == "watch" or not rule.ticket.opens


def _is_milestone(previous: AlertState | None, state: AlertState) -> bool:
    if state.announced is Evaluation.OK or previous is None:
        return False
    digits = str(state.occurrences)
    return state.occurrences > max(previous.occurrences, 9) and digits.strip("0") == "1"


def _is_forgettable(state: AlertState) -> bool:
    return (
        state.announced is Evaluation.OK
        and state.evaluation is Evaluation.OK
        and state.warning.span is None
        and state.critical.span is None
        and state.unknown is None
        and not state.ups
    )
