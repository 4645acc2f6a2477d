"""What the client's policy makes of a device's alerts: another priority, a reopen window."""

import logging
from dataclasses import replace

from agent.protocol.events import AlertEvent
from server_stub.errors import ServerError
from server_stub.intake.promises import policy_of_version
from server_stub.quiet.models import SILENT
from server_stub.sla.monitor_terms import Monitors

_USUAL = Monitors()
_log = logging.getLogger(__name__)


def monitors_of(version_id: int | None) -> Monitors:
    """Return a policy version's terms; the usual ones where it has none that can be read."""
    if version_id is None:
        return _USUAL
    try:
        return policy_of_version(version_id).monitors
    except ServerError as error:
        _log.warning("alerts are taken as their rules have them: %s", error)
        return _USUAL


def in_terms(event: AlertEvent, kind: str, terms: Monitors) -> AlertEvent:
    """Return an event with the priority that the policy gives it.

    A silence has its own, by the kind of device (``Monitors.silent_priority``).
    """
    if not terms.priorities or event.fingerprint == SILENT:
        return event
    priority = terms.priority(kind, event.evaluation, event.priority)
    return event if priority is event.priority else replace(event, priority=priority)
