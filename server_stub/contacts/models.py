"""Contacts, their reports, and the files that came with these."""

from enum import StrEnum
from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now

from server_stub.clients.standing import Importance
from server_stub.database import json_object


class Contact(models.Model):
    """A person at a client, known by the account of one computer.

    What was typed is shown and trusted by nobody until a technician has confirmed it
    (``confirmed_at``); from then on it stays as it was confirmed.
    """

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="+")
    device = models.ForeignKey("clients.Device", models.CASCADE, related_name="+", db_index=False)
    account = models.CharField(max_length=200)
    account_name = models.CharField(max_length=200, db_default="")
    name = models.CharField(max_length=200, db_default="")
    phone = models.CharField(max_length=200, db_default="")
    email = models.CharField(max_length=200, db_default="")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.CharField(max_length=254, db_default="")
    created_at = models.DateTimeField(db_default=Now())
    importance = models.CharField(
        max_length=8, default=Importance.NORMAL.value, db_default=Importance.NORMAL.value
    )

    class Meta:
        """An account of a computer is one contact."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["device", "account"], name="contact_once_per_account")
        ]

    def __str__(self) -> str:
        """Return the name, else the account's."""
        return self.name or self.account_name or self.account


class Report(models.Model):
    """One report of a contact: to which ticket it went, and what was typed with it.

    Several reports may have gone to one ticket ("me too"). ``payload`` is JSON text: how to
    reach the person this time (``name``, ``phone``, ``email``, ``prefer``), ``without`` (keys of
    the facts that were taken out) and ``attachments`` as announced. ``stars`` (1…5) is how
    content the person was.
    """

    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="reports")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="reports")
    envelope_id = models.CharField(max_length=36)
    shared = models.BooleanField(db_default=False)
    payload = models.TextField(db_default="")
    confirmed = models.BooleanField(null=True, blank=True)
    stars = models.SmallIntegerField(null=True, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        """A report is looked up by the id its form gave it, on its device."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["envelope_id", "contact"], name="report_once_per_contact"
            )
        ]

    def __str__(self) -> str:
        """Return its id and ticket."""
        return f"report {self.envelope_id} of #{self.ticket_id}"

    @property
    def tree(self) -> dict[str, Any]:
        """Return the payload as a JSON object."""
        return json_object(self.payload)


class AttachmentState(StrEnum):
    """How far a file has come: pieces arrive, it is kept, or it was refused for a reason.

    One that was kept may be removed by its age later.
    """

    ARRIVING = "arriving"
    KEPT = "kept"
    REFUSED = "refused"
    REMOVED = "removed"


class Attachment(models.Model):
    """A file that came with a report.

    ``name`` is what the sender called it, ``sha256`` the hash of what was sent. What is kept is
    named by ``stored``, the hash of its own bytes (a picture is drawn anew), of which there are
    ``size``; ``media_type`` is what it was found to be.
    """

    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="attachments")
    report = models.ForeignKey(Report, models.CASCADE, related_name="attachments", db_index=False)
    envelope_id = models.CharField(max_length=36)
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=8, db_default=AttachmentState.ARRIVING.value)
    total = models.BigIntegerField()
    stored = models.CharField(max_length=64, db_default="")
    size = models.BigIntegerField(db_default=0)
    media_type = models.CharField(max_length=80, db_default="")
    problem = models.CharField(max_length=200, db_default="")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        """Its pieces name it by the id its form gave it."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["report", "envelope_id"], name="attachment_once_per_report"
            )
        ]

    def __str__(self) -> str:
        """Return name and ticket."""
        return f"{self.name} of #{self.ticket_id}"


class Piece(models.Model):
    """Some bytes of a file that is not complete yet; in the database, so that none is half there.

    Deleted once the file is whole.
    """

    id = models.BigAutoField(primary_key=True)
    attachment = models.ForeignKey(
        Attachment, models.CASCADE, related_name="pieces", db_index=False
    )
    offset = models.BigIntegerField()
    content = models.BinaryField()

    class Meta:
        """Each place of a file is filled once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["attachment", "offset"], name="piece_once_per_place")
        ]

    def __str__(self) -> str:
        """Return where it belongs."""
        return f"bytes from {self.offset} of {self.attachment_id}"
