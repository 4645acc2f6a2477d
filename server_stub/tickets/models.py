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
    """What a ticket is about where a policy does not say otherwise: these always are types."""

    INCIDENT = "incident"
    REQUEST = "request"
    PROBLEM = "problem"


class CloseReason(StrEnum):
    """Why a ticket was closed."""

    RESOLVED = "resolved"
    CANCELED = "canceled"
    DUPLICATE = "duplicate"
    INSUFFICIENT_INFORMATION = "insufficient_information"
    OUTSIDE_SCOPE = "outside_scope"
    ACCEPTED = "accepted"


class Resolution(StrEnum):
    """Whether what settled a matter will last."""

    TEMPORARY = "temporary"
    PERMANENT = "permanent"


class Approval(StrEnum):
    """Where the question whether a ticket may become what was asked for stands."""

    ASKED = "asked"
    GRANTED = "granted"
    DECLINED = "declined"


class LinkKind(StrEnum):
    """What a ticket is to another one."""

    DUPLICATE = "duplicate"
    CHILD = "child"
    FOLLOWS = "follows"
    RELATED = "related"


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
    CALL = "call"
    ATTEMPT = "attempt"
    TYPE = "type"
    ESCALATED = "escalated"
    CONSULTATION = "consultation"
    APPEAL = "appeal"
    APPROVAL = "approval"
    DATE_SET = "date_set"
    TEAM = "team"
    LINKED = "linked"
    UNLINKED = "unlinked"
    JOINED = "joined"
    LEFT = "left"
    WORK = "work"
    SCOPE = "scope"
    CHARGEABLE = "chargeable"
    DELAYED = "delayed"
    WORKAROUND = "workaround"
    ACCEPTED = "accepted"
    REVIEW = "review"
    DECISION = "decision"
    PROGRESS = "progress"
    WARNED = "warned"
    BREACHED = "breached"
    SUGGESTED = "suggested"
    AGREEMENT = "agreement"
    IMPORTANCE = "importance"


class Ticket(models.Model):
    """One matter somebody works on. Its ``id`` is the ticket's number.

    ``alert_key`` is ``<device id>:<fingerprint>`` of the alert it follows, NULL when it follows
    none; at most one unresolved ticket has it. ``resolved_at`` is set exactly when the status
    is resolved or closed. ``touched``: a person replied, noted, assigned, called or changed it.
    ``version`` counts what people did to it. ``stage`` is the policy's own, finer word within
    the status. ``accepted_until`` is set while the alert's condition is accepted as it is, no
    graver than ``accepted``. Most columns from ``stage`` on repeat what the timeline says.
    ``policy_version`` is the number of the version that it follows, also while nothing is
    promised (no foreign key: versions are kept for ever, and tickets come by the thousand).
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
    type = models.CharField(max_length=40, db_default=TicketType.INCIDENT.value)
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
    stage = models.CharField(max_length=40, db_default=Status.NEW.value)
    team = models.CharField(max_length=40, db_default="")
    scope = models.CharField(max_length=40, db_default="")
    chargeable = models.BooleanField(db_default=False)
    close_reason = models.CharField(max_length=40, db_default="")
    resolution = models.CharField(max_length=12, db_default="")
    workaround = models.TextField(db_default="")
    approval = models.CharField(max_length=12, db_default="")
    accepted_until = models.DateTimeField(null=True, blank=True)
    accepted = models.CharField(max_length=8, db_default="")
    policy_version = models.BigIntegerField(null=True, blank=True)

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
            models.Index(
                fields=["resolved_at"],
                condition=models.Q(resolved_at__isnull=False, alert_key__isnull=False),
                name="ticket_alert_settled",
            ),
            models.Index(fields=["device", "id"], name="ticket_by_device"),
            models.Index(fields=["client", "id"], name="ticket_by_client"),
            models.Index(
                fields=["accepted_until", "id"],
                condition=models.Q(accepted_until__isnull=False),
                name="ticket_accepted",
            ),
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


class Link(models.Model):
    """What a ticket is to another one of the same client: its duplicate, its child.

    Read as ``ticket`` is the ``kind`` of ``other``. A ticket has one original and one parent at
    most.
    """

    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="links", db_index=False)
    other = models.ForeignKey(Ticket, models.CASCADE, related_name="linked_by")
    kind = models.CharField(max_length=12)
    at = models.DateTimeField(db_default=Now())
    actor = models.CharField(max_length=254, db_default="")

    class Meta:
        """Once is enough; of originals and parents there is one."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ticket", "other", "kind"], name="link_once"),
            models.UniqueConstraint(
                fields=["ticket", "kind"],
                condition=models.Q(kind__in=[LinkKind.DUPLICATE.value, LinkKind.CHILD.value]),
                name="link_one_original_one_parent",
            ),
        ]

    def __str__(self) -> str:
        """Return what is what of what."""
        return f"#{self.ticket_id} {self.kind} of #{self.other_id}"


class Participant(models.Model):
    """Somebody who gets a ticket's notices: a person of the client's, or a watching technician.

    ``contact`` is the number of the contact that a client's person is known by, 0 for one who is
    known by the address alone. ``by_ticket`` is the duplicate whose link brought them, 0 for
    those who came by themselves.
    """

    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="participants", db_index=False)
    email = models.CharField(max_length=254, db_default="")
    name = models.CharField(max_length=200, db_default="")
    contact = models.BigIntegerField(db_default=0)
    watches = models.BooleanField(db_default=False)
    by_ticket = models.BigIntegerField(db_default=0)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        """Each of them once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ticket", "contact", "email"], name="participant_once")
        ]

    def __str__(self) -> str:
        """Return who takes part in what."""
        return f"{self.name or self.email} in #{self.ticket_id}"


class NoticeKind(StrEnum):
    """What a notice is about."""

    WARNING = "warning"
    BREACH = "breach"
    APPEAL = "appeal"
    APPROVAL = "approval"
    DECISION = "decision"
    UPDATE = "update"


class Notice(models.Model):
    """Something to be told to somebody, once, not before ``send_at``; ``sent_at`` when it was.

    ``to`` is an email address, ``role:`` and the name of a role in the policy, or ``team:`` and
    a team's. ``promise`` is what a warning is of (``warnings.promise_of``).
    """

    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=12)
    promise = models.CharField(max_length=64, db_default="")
    to = models.CharField(max_length=300)
    text = models.TextField()
    at = models.DateTimeField(db_default=Now())
    send_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Those to be sent are read by their time."""

        indexes: ClassVar = [
            models.Index(
                fields=["send_at", "id"],
                condition=models.Q(sent_at__isnull=True),
                name="notice_to_send",
            )
        ]

    def __str__(self) -> str:
        """Return what is told to whom."""
        return f"{self.kind} of #{self.ticket_id} to {self.to}"


class TeamMember(models.Model):
    """A technician in a team. Of this name tickets are given to it, and policies name roles."""

    id = models.BigAutoField(primary_key=True)
    team = models.CharField(max_length=80)
    technician = models.ForeignKey(
        "desk.Technician", models.CASCADE, related_name="teams", db_index=False
    )

    class Meta:
        """Once is enough."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["technician", "team"], name="team_member_once")
        ]

    def __str__(self) -> str:
        """Return who is in what."""
        return f"{self.technician_id} in {self.team}"


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
