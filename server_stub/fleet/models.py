"""When to look at a device again, and what fell silent together."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class Watch(models.Model):
    """When a device is looked at next, and since when it is missing.

    No heartbeat writes here: whoever looks finds out whether one came, and puts ``look_at`` off
    by what is left. ``missing_since`` is when it was last heard, once it missed its heartbeats;
    ``alert_id`` is the opening of its silence's alert, empty while that opened no ticket.
    ``alone``: its outage is over and it is still missing, so it is told by itself.
    ``counts_from``: from when it counts as silent together with others, where that is later:
    the end of maintenance it fell silent in, or when the server could hear again.
    """

    device = models.OneToOneField(
        "clients.Device", models.CASCADE, primary_key=True, related_name="watch"
    )
    look_at = models.DateTimeField()
    missing_since = models.DateTimeField(null=True, blank=True)
    counts_from = models.DateTimeField(null=True, blank=True)
    alert_id = models.CharField(max_length=36, db_default="")
    alone = models.BooleanField(db_default=False)

    class Meta:
        """Those to be looked at are read by their time; few are missing at once."""

        indexes: ClassVar = [
            models.Index(fields=["look_at"], name="watch_look_at"),
            models.Index(
                fields=["missing_since"],
                condition=models.Q(missing_since__isnull=False),
                name="watch_missing",
            ),
        ]

    def __str__(self) -> str:
        """Return whose it is."""
        return f"watch of {self.device_id}"


class LastSweep(models.Model):
    """One row: when the fleet was looked over last, and since when the server could hear it.

    ``deaf_since``: nobody is heard, which is rather our own trouble than everybody's.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()
    hears_since = models.DateTimeField()
    deaf_since = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        """Return when."""
        return f"last sweep at {self.at}"


class Outage(models.Model):
    """Devices of one site that fell silent together: one ticket tells of all of them."""

    id = models.BigAutoField(primary_key=True)
    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="+", db_index=False)
    site = models.ForeignKey("clients.Site", models.PROTECT, related_name="outages")
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="outages")
    started_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """A site has one outage at a time."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["site"],
                condition=models.Q(ended_at__isnull=True),
                name="outage_once_per_site",
            )
        ]

    def __str__(self) -> str:
        """Return which site's, and its ticket."""
        return f"outage of {self.site}, #{self.ticket_id}"


class Member(models.Model):
    """A device that belongs to an outage, until it is released: heard again, or left to itself.

    ``own_ticket`` is the number of the ticket it had before the outage was known.
    """

    id = models.BigAutoField(primary_key=True)
    outage = models.ForeignKey(Outage, models.CASCADE, related_name="members")
    device = models.ForeignKey("clients.Device", models.CASCADE, related_name="+")
    own_ticket = models.BigIntegerField(null=True, blank=True)
    joined_at = models.DateTimeField()
    missing_since = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)
    heard = models.BooleanField(db_default=False)

    class Meta:
        """Once at a time."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["outage", "device"],
                condition=models.Q(released_at__isnull=True),
                name="member_once",
            )
        ]

    def __str__(self) -> str:
        """Return who belongs to what."""
        return f"{self.device_id} in outage {self.outage_id}"
