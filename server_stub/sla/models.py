"""Policies as they were when a ticket relied on them, and one row per clock of a ticket.

A clock's row is what the ledger computed last: only the next due instant drives work. The
intake writes these rows by plain SQL.
"""

from enum import StrEnum
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from server_stub.sla.procedure import ClockName

__all__ = ["Clock", "ClockName", "ClockState", "PolicyVersion"]


class ClockState(StrEnum):
    """Whether a clock counts."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class PolicyVersion(models.Model):
    """An SLA policy's text, kept for ever under its SHA-256: a ledger must stay explainable."""

    hash = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=100)
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        """The newest version of a name is the one new tickets follow."""

        indexes: ClassVar = [models.Index(fields=["name", "-id"], name="policy_newest")]

    def __str__(self) -> str:
        """Return name and the beginning of the hash."""
        return f"{self.name} {self.hash[:8]}"


class Clock(models.Model):
    """One promise to one ticket. ``due_at`` is NULL while nothing can be due (paused)."""

    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey(
        "tickets.Ticket", models.CASCADE, related_name="clocks", db_index=False
    )
    policy_version = models.ForeignKey(
        PolicyVersion, models.PROTECT, related_name="+", db_index=False
    )
    name = models.CharField(max_length=12)
    state = models.CharField(max_length=8, db_default=ClockState.RUNNING.value)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """A ticket has one clock of a name."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ticket", "name"], name="clock_of_ticket")
        ]

    def __str__(self) -> str:
        """Return which clock of which ticket."""
        return f"{self.name} of #{self.ticket_id}"
