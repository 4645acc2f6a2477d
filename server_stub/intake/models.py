"""What the intake remembers of its own: envelopes it has seen, and facts as they once were."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class SeenEnvelope(models.Model):
    """One envelope that was stored, written in the transaction of what it caused.

    Its ``envelope_id`` is an Idempotency-Key for life, unique per device: the same one again
    gets the same ticket's number, with another ``body_sha256`` it is refused. Rows are never
    deleted while their device lives, because an agent may come back after months; nor with
    their ticket, hence a number and no foreign key.
    """

    id = models.BigAutoField(primary_key=True)
    device = models.ForeignKey("clients.Device", models.CASCADE, related_name="+", db_index=False)
    envelope_id = models.CharField(max_length=36)
    body_sha256 = models.BinaryField(max_length=32)
    ticket_number = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        """The id leads: SQLite scans for ``(a, b) IN (…)``, but seeks for ``a IN (…)``."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["envelope_id", "device"], name="envelope_once_per_device"
            )
        ]

    def __str__(self) -> str:
        """Return the envelope's id."""
        return self.envelope_id


class FactsRecord(models.Model):
    """The facts of a device as they were under one hash, so that a ticket shows what held then."""

    id = models.BigAutoField(primary_key=True)
    device = models.ForeignKey(
        "clients.Device", models.CASCADE, related_name="facts_records", db_index=False
    )
    hash = models.CharField(max_length=64)
    text = models.TextField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        """Looked up by the hash that a ticket names."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["device", "hash"], name="facts_once_per_device")
        ]

    def __str__(self) -> str:
        """Return device and the beginning of the hash."""
        return f"facts {self.hash[:8]} of {self.device_id}"


class LastWord(models.Model):
    """What a device announced with its last heartbeat before it went: see ``words.LastWord``.

    The next heartbeat without one takes it back, which is when ``taken_back_at``; the row stays
    until there is another. A table of its own, for few heartbeats have one.
    """

    device = models.OneToOneField(
        "clients.Device", models.CASCADE, primary_key=True, related_name="last_word"
    )
    word = models.CharField(max_length=8)
    at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        """Return word and device."""
        return f"{self.word} of {self.device_id}"
