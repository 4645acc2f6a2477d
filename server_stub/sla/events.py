"""What happens to a ticket, as far as its clocks care."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from server_stub.sla.calendar import Calendar
from server_stub.sla.terms import Policy, Row, Stage


class Act(StrEnum):
    """What an event means to a client who waits.

    ``SYSTEM``: done by the server, the monitor or the client. ``ACKNOWLEDGEMENT``: the
    automatic confirmation went out. ``TOUCH``: a technician did something to the ticket.
    ``CONSULTATION``: a technician recorded that another level was consulted. ``UPDATE``: the
    client was told how it stands, not by a person. ``ANSWER``: a technician replied or called.
    ``REVIEW``: a technician told the client what was found and what comes next.
    """

    SYSTEM = "system"
    ACKNOWLEDGEMENT = "acknowledgement"
    TOUCH = "touch"
    CONSULTATION = "consultation"
    UPDATE = "update"
    ANSWER = "answer"
    REVIEW = "review"


class Event(NamedTuple):
    """One entry of a timeline, as far as clocks care. Empty words change nothing.

    The first event opens the ticket. ``policy`` is the version that holds from then on.
    ``stage`` is the policy's finer word within ``status``; alone, it brings its status along.
    ``date`` is a date set for a clock, by the clock's name.
    """

    at: datetime
    act: Act = Act.SYSTEM
    status: str = ""
    priority: str = ""
    type: str = ""
    level: str = ""
    policy: Policy | None = None
    stage: str = ""
    agreement: str = ""
    importance: str = ""
    date: tuple[str, datetime] | None = None

    @property
    def promises_anew(self) -> bool:
        """Tell whether another row may hold from here on."""
        changed = self.priority or self.type or self.level or self.agreement or self.importance
        return bool(changed or self.policy)


class Stretch(NamedTuple):
    """Time from one event to the next: what held of the ticket. ``act`` is the first event's.

    ``counted`` is what was worked of it by calendar, reckoned once for all clocks.
    """

    start: datetime
    end: datetime
    act: Act
    stage: Stage
    row: Row | None
    policy: Policy
    level: str
    dates: Mapping[str, datetime]
    counted: dict[Calendar, timedelta]

    def worked(self, calendar: Calendar) -> timedelta:
        """Return how much of it was worked."""
        counted = self.counted.get(calendar)
        if counted is None:
            counted = calendar.between(self.start, self.end)
            self.counted[calendar] = counted
        return counted
