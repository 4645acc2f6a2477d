"""Tickets and their append-only timeline.

Rows are written by the intake in sets of plain SQL (thousands a second): columns are plain
types, what may be left out has its default in the database, nothing listens to signals.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar
from zlib import crc32

from django.db import models
from django.db.models.functions import Now
from django.utils.functional import cached_property

from agent.protocol.words import Source, Status
from server_stub.database import json_object

NOT_DUE = datetime(9999, 1, 1, tzinfo=UTC)
"""``next_due_at`` of a ticket none of whose clocks runs.

A real instant, because NULL sorts first in one database and last in the other, and the queue is
read in the order of an index.
"""

UNRESOLVED = (Status.NEW, Status.OPEN, Status.WAITING)
MAX_TITLE = 300


class TicketType(StrEnum):
    """What a ticket is about."""

    INCIDENT = "incident"
    REQUEST = "request"
    PROBLEM = "problem"


class EntryKind(StrEnum):
    """What a timeline entry tells."""

    OPENED = "opened"
    CHANGED = "changed"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    REPLY = "reply"
    NOTE = "note"
    ASSIGNED = "assigned"
    PRIORITY = "priority"
    STATUS = "status"
    TITLE = "title"
    CONFIRMED = "confirmed"
    RATED = "rated"
    TRIED = "tried"


class Ticket(models.Model):
    """One matter somebody works on. Its ``id`` is the ticket's number.

    ``alert_key`` is ``<device id>:<fingerprint>`` of the alert it follows, NULL when it follows
    none; at most one unresolved ticket has it. ``resolved_at`` is set exactly when the status
    is resolved or closed. ``touched``: a person replied, noted, assigned, called or changed it.
    ``version`` counts what people did to it.
    """

    id = models.BigAutoField(primary_key=True)
    client = models.ForeignKey(
        "clients.Client", models.PROTECT, related_name="tickets", db_index=False
    )
    site = models.ForeignKey(
        "clients.Site", models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    device = models.ForeignKey(
        "clients.Device",
        models.PROTECT,
        related_name="tickets",
        null=True,
        blank=True,
        db_index=False,
    )
    assignee = models.ForeignKey(
        "desk.Technician", models.PROTECT, related_name="tickets", null=True, blank=True
    )
    title = models.CharField(max_length=MAX_TITLE)
    status = models.CharField(max_length=8, db_default=Status.NEW.value)
    priority = models.CharField(max_length=8)
    type = models.CharField(max_length=16, db_default=TicketType.INCIDENT.value)
    level = models.SmallIntegerField(db_default=1)
    source = models.CharField(max_length=8, db_default=Source.MONITOR.value)
    fingerprint = models.CharField(max_length=200, db_default="")
    alert_key = models.CharField(max_length=240, null=True, blank=True)  # noqa: DJ001 - see above
    alert_id = models.CharField(max_length=36, db_default="")
    sequence = models.BigIntegerField(db_default=0)
    evaluation = models.CharField(max_length=8, db_default="")
    occurrences = models.BigIntegerField(db_default=1)
    touched = models.BooleanField(db_default=False)
    version = models.BigIntegerField(db_default=0)
    facts_hash = models.CharField(max_length=64, db_default="")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    resolved_at = models.DateTimeField(null=True, blank=True)
    next_due_at = models.DateTimeField(db_default=NOT_DUE)

    class Meta:
        """Each index serves one question; the queue's hold unresolved tickets only."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["alert_key"],
                condition=models.Q(resolved_at__isnull=True),
                name="ticket_unresolved_alert",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    resolved_at__isnull=True, status__in=[word.value for word in UNRESOLVED]
                )
                | models.Q(
                    resolved_at__isnull=False,
                    status__in=[Status.RESOLVED.value, Status.CLOSED.value],
                ),
                name="ticket_resolved_at_tells_status",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_due_at", "id"],
                condition=models.Q(resolved_at__isnull=True),
                name="ticket_queue",
            ),
            models.Index(
                fields=["client", "next_due_at", "id"],
                condition=models.Q(resolved_at__isnull=True),
                name="ticket_queue_of_client",
            ),
            models.Index(
                fields=["status", "priority", "next_due_at", "id"],
                condition=models.Q(resolved_at__isnull=True),
                name="ticket_queue_narrowed",
            ),
            models.Index(fields=["alert_key", "id"], name="ticket_by_alert"),
            models.Index(fields=["device", "id"], name="ticket_by_device"),
            models.Index(fields=["client", "id"], name="ticket_by_client"),
        ]

    def __str__(self) -> str:
        """Return number and title."""
        return f"#{self.id} {self.title}"

    @property
    def revision(self) -> str:
        """Return what is another word after each change that a person could have overlooked.

        What people did is counted; of what the monitor does, only what a person can set as
        well shows here: its readings alone are nobody's collision.
        """
        settable = f"{self.status} {self.priority} {self.title}"
        return f"{self.version}-{crc32(settable.encode()):08x}"

    @property
    def due_at(self) -> datetime | None:
        """Return the next due instant, None when no clock runs."""
        return None if self.next_due_at >= NOT_DUE else self.next_due_at

    @property
    def is_resolved(self) -> bool:
        """Tell whether nobody need work on it any more."""
        return self.resolved_at is not None


class TimelineEntry(models.Model):
    """One thing that happened to a ticket; never changed afterwards.

    ``at`` is the server's clock and rules; ``device_at`` is what the device's clock showed, a
    label. ``actor`` names who did it (an email address, ``monitor``, ``server``) and
    ``channel`` the way it came (a source). ``payload`` is JSON text: readings, evaluation,
    ``from`` and ``to`` of a change.
    """

    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="timeline", db_index=False)
    at = models.DateTimeField(db_default=Now())
    device_at = models.DateTimeField(null=True, blank=True)
    kind = models.CharField(max_length=16)
    actor = models.CharField(max_length=254, db_default="")
    channel = models.CharField(max_length=8, db_default="")
    body = models.TextField(db_default="")
    payload = models.TextField(db_default="")

    class Meta:
        """Read ticket by ticket, in the order written."""

        indexes: ClassVar = [models.Index(fields=["ticket", "id"], name="timeline_of_ticket")]

    def __str__(self) -> str:
        """Return what happened to which ticket."""
        return f"{self.kind} #{self.ticket_id}"

    @cached_property
    def tree(self) -> dict[str, Any]:
        """Return the payload as a JSON object, empty when there is none."""
        return json_object(self.payload)


class DeviceNews(models.Model):
    """How often something changed that a device's tray shows; missing while nothing has.

    ``version`` is the cursor that devices compare; ``reports`` counts the unresolved tickets
    that people filed there. A row of its own, so that what people do to tickets never waits for
    the device's row, which every heartbeat writes.
    """

    device = models.OneToOneField(
        "clients.Device", models.CASCADE, primary_key=True, related_name="+"
    )
    version = models.BigIntegerField()
    reports = models.BigIntegerField()

    def __str__(self) -> str:
        """Return device and version."""
        return f"news {self.version} for {self.device_id}"
