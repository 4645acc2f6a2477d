"""What an SLA policy says of the monitors, as plain frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from agent.protocol.words import DeviceKind, Evaluation, Priority

SILENT_AFTER: Mapping[DeviceKind, timedelta | None] = {
    DeviceKind.SERVER: timedelta(minutes=15),
    DeviceKind.WORKSTATION: timedelta(days=7),
    DeviceKind.LAPTOP: timedelta(days=14),
}
"""Three heartbeats of a server; a week's holiday of a workstation whose plug was pulled."""


class PriorityRow(NamedTuple):
    """Alerts of these kinds of device, evaluations and priorities of the rule get ``priority``.

    An empty condition matches any.
    """

    kinds: frozenset[DeviceKind]
    evaluations: frozenset[Evaluation]
    asked: frozenset[Priority]
    priority: Priority

    def matches(self, kind: str, evaluation: Evaluation, asked: Priority) -> bool:
        """Tell whether the row is for such an alert."""
        return (
            (not self.kinds or kind in self.kinds)
            and (not self.evaluations or evaluation in self.evaluations)
            and (not self.asked or asked in self.asked)
        )


class OutageTerms(NamedTuple):
    """When silent devices of one site are one outage.

    At least ``at_least`` devices and ``share_percent`` of those that should be heard fell silent
    within ``within``. A device counts once it has missed its heartbeats for ``missed_after``, if
    it is of one of ``kinds``: laptops are carried away and shut without a word.
    """

    share_percent: int = 50
    at_least: int = 3
    within: timedelta = timedelta(minutes=15)
    missed_after: timedelta = timedelta(minutes=12)
    priority: Priority = Priority.URGENT
    kinds: frozenset[str] = frozenset({DeviceKind.SERVER, DeviceKind.WORKSTATION})


@dataclass(frozen=True, slots=True)
class Monitors:
    """What the desk makes of alerts and of silence.

    ``silent_after`` and ``silent_priority`` are by kind of device; None never tells. ``outage``
    is None where silent devices of a site are never told as one. ``priorities`` are looked at in
    order, the first that matches counts; an alert that none matches keeps the rule's priority.
    ``reopen_within``: an alert that is back so soon reopens its ticket. ``type`` is what its
    tickets are (empty: what anybody's are who said nothing).
    """

    silent_after: Mapping[DeviceKind, timedelta | None] = field(
        default_factory=lambda: SILENT_AFTER
    )
    silent_priority: Mapping[DeviceKind, Priority] = field(
        default_factory=lambda: {
            DeviceKind.SERVER: Priority.HIGH,
            DeviceKind.WORKSTATION: Priority.LOW,
            DeviceKind.LAPTOP: Priority.LOW,
        }
    )
    outage: OutageTerms | None = field(default_factory=OutageTerms)
    priorities: tuple[PriorityRow, ...] = ()
    reopen_within: timedelta = timedelta(hours=24)
    type: str = ""

    def priority(self, kind: str, evaluation: Evaluation, asked: Priority) -> Priority:
        """Return the priority of an alert whose rule asks for ``asked``."""
        row = next((r for r in self.priorities if r.matches(kind, evaluation, asked)), None)
        return asked if row is None else row.priority
