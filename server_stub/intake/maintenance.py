"""What maintenance holds back: events of alerts that would open a ticket now.

They are stored, answered and counted as always; a ticket comes of them only if they still hold
when the window is over (``fleet.release``).
"""

from collections.abc import Sequence
from datetime import datetime

from agent.protocol.events import AlertEvent
from agent.protocol.words import Change, Evaluation
from server_stub.intake import sql
from server_stub.intake.credentials import KnownDevice
from server_stub.quiet.active import Quiet
from server_stub.quiet.models import Because


def fires(event: AlertEvent) -> bool:
    """Tell whether an event would open a ticket."""
    return event.change is not Change.RESOLVED and event.evaluation is not Evaluation.OK


def held(
    quiet: Quiet, device: KnownDevice, events: Sequence[AlertEvent], now: datetime
) -> list[sql.Row]:
    """Return the rows of an alert's events that are held back; none when they are not.

    The alert has no unresolved ticket. What resolves is held back as well where its beginning
    was: else it would open a ticket afterwards that nothing resolves.
    """
    waiting = quiet.waiting.get((device.id, events[0].fingerprint))
    if waiting is None:
        if not any(map(fires, events)):
            return []
        window = quiet.window(device.client_id, device.site_id, device.id, now)
        if window is None:
            return []
        waiting = (window.id, window.who)
    number, who = waiting
    return [
        (
            *(device.client_id, device.id, event.fingerprint, event.title),
            *(event.evaluation.value, event.priority.value, Because.MAINTENANCE.value),
            *(number, who, now, now, event.to_text()),
        )
        for event in events
    ]
