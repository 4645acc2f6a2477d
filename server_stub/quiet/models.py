"""Maintenance windows, and what was held back: never deleted, so that it can be looked up."""

from datetime import time
from enum import StrEnum
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from server_stub.quiet.windows import DAYS, Window

SILENT = "device-silent"
"""Fingerprint and rule of the server's own alert; an agent's fingerprints hold rule and target."""


class MaintenanceWindow(models.Model):
    """Planned quiet of a client, of one of its sites, or of one device.

    Without ``days`` it lasts from ``starts_at`` to ``ends_at``; with them (``mon tue``) it recurs
    between those instants, from ``opens`` to ``closes`` in ``zone``. Somebody may end it early:
    ``ended_at`` and ``ended_by`` say so.
    """

    id = models.BigAutoField(primary_key=True)
    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="+")
    site = models.ForeignKey(
        "clients.Site", models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    device = models.ForeignKey(
        "clients.Device", models.CASCADE, related_name="+", null=True, blank=True, db_index=False
    )
    reason = models.CharField(max_length=300)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    days = models.CharField(max_length=27, db_default="")
    opens = models.CharField(max_length=5, db_default="")
    closes = models.CharField(max_length=5, db_default="")
    zone = models.CharField(max_length=64, db_default="UTC")
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.CharField(max_length=254)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=254, db_default="")

    class Meta:
        """Those that are not over are few, and looked at every few seconds."""

        indexes: ClassVar = [
            models.Index(
                fields=["starts_at", "id"],
                condition=models.Q(ended_at__isnull=True),
                name="window_not_ended",
            )
        ]

    def __str__(self) -> str:
        """Return number and reason."""
        return f"maintenance {self.id}: {self.reason}"

    @property
    def window(self) -> Window:
        """Return when it is, the early end included."""
        ends = min((one for one in (self.ends_at, self.ended_at) if one), default=None)
        if not self.days:
            return Window(self.starts_at, ends)
        days = frozenset(DAYS.index(day) for day in self.days.split())
        opens, closes = time.fromisoformat(self.opens), time.fromisoformat(self.closes)
        return Window(self.starts_at, ends, days, opens, closes, self.zone)


class Because(StrEnum):
    """Why something was held back."""

    MAINTENANCE = "maintenance"
    OUTAGE = "outage"


class Released(StrEnum):
    """What became of what was held back: it opened a ticket, was gone by then, or went along."""

    OPENED = "opened"
    GONE = "gone"


class HeldBack(models.Model):
    """An alert that would have opened a ticket, and did not.

    ``because`` says why: of a maintenance window (``window``, which ``who`` planned), or of the
    ticket ``parent`` that tells of it together with others (``who`` is ``monitor``). ``times``
    counts its events meanwhile; ``event`` is the newest one's text, from which a ticket is opened
    at the end if it still holds. Then ``released_at`` is set, ``released`` says what became of
    it, and ``ticket_number`` is the ticket it opened.
    """

    id = models.BigAutoField(primary_key=True)
    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="+", db_index=False)
    device = models.ForeignKey("clients.Device", models.CASCADE, related_name="+", db_index=False)
    fingerprint = models.CharField(max_length=200)
    title = models.CharField(max_length=300)
    evaluation = models.CharField(max_length=8)
    priority = models.CharField(max_length=8)
    because = models.CharField(max_length=12)
    window = models.ForeignKey(
        MaintenanceWindow, models.PROTECT, related_name="held", null=True, blank=True
    )
    parent = models.BigIntegerField(null=True, blank=True)
    who = models.CharField(max_length=254)
    at = models.DateTimeField(db_default=Now())
    last_at = models.DateTimeField(db_default=Now())
    times = models.BigIntegerField(db_default=1)
    event = models.TextField(db_default="")
    released_at = models.DateTimeField(null=True, blank=True)
    released = models.CharField(max_length=8, db_default="")
    ticket_number = models.BigIntegerField(null=True, blank=True)

    class Meta:
        """An alert is held back once at a time; looked up by client, newest first."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["device", "fingerprint"],
                condition=models.Q(released_at__isnull=True),
                name="held_back_once",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["client", "id"], name="held_back_of_client"),
            models.Index(
                fields=["parent", "id"],
                condition=models.Q(parent__isnull=False),
                name="held_back_by_parent",
            ),
        ]

    def __str__(self) -> str:
        """Return what was held back and why."""
        return f"{self.fingerprint} of {self.device_id}, {self.because}"
