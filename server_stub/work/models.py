"""The one table of due work.

A row is written in the transaction that makes it necessary, claimed by one conditional update
and deleted in the transaction that did it. ``fence`` rises with every claim: whoever finishes
with an older number has lost the row to another and changes nothing.
"""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class DueWork(models.Model):
    """Something to do at ``due_at``; ``kind`` and ``key`` name it once and for all.

    ``lease_until`` is when a claim by a worker that died lapses; ``payload`` is JSON text.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=32)
    key = models.CharField(max_length=200)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(db_default=0)
    attempts = models.IntegerField(db_default=0)
    last_error = models.TextField(db_default="")
    payload = models.TextField(db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        """One row of a kind and key; workers read what is due first."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "key"], name="work_once")]
        indexes: ClassVar = [models.Index(fields=["due_at", "id"], name="work_due")]

    def __str__(self) -> str:
        """Return kind and key."""
        return f"{self.kind} {self.key}"
