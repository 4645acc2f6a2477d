"""Answers kept under the caller's Idempotency-Key, so that asking again does nothing twice."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class KeptAnswer(models.Model):
    """What a request that changed something was answered, written in its own transaction.

    ``asked`` is the SHA-256 of what was asked, ``headers`` and ``body`` are texts. Kept for
    ever: a program may come back after months. ``ticket_number`` is what the answer is about;
    no foreign key, the answer outlives the ticket.
    """

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey("desk.Technician", models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    asked = models.BinaryField(max_length=32)
    status = models.SmallIntegerField()
    headers = models.TextField()
    body = models.TextField()
    ticket_number = models.BigIntegerField()
    client = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        """A key is used once by its owner, whichever of their API keys they come with."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "key"], name="answer_once_per_key")
        ]

    def __str__(self) -> str:
        """Return the key."""
        return self.key
