"""Notes and how often they helped."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from server_stub.clients.models import Client


class Note(models.Model):
    """What helps with a problem, shown to people while they describe it.

    It is for one client's people, or for those of all while ``client`` is NULL. ``words`` are
    further ones by which it is found, besides those of its title. ``text`` is shown as written.
    """

    client = models.ForeignKey(Client, models.CASCADE, null=True, blank=True, related_name="notes")
    title = models.CharField(max_length=200)
    words = models.CharField(max_length=500, db_default="")
    text = models.TextField()
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        """A title stands once among a client's notes, and once among everybody's."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "title"], name="note_title_of_client"),
            models.UniqueConstraint(
                fields=["title"], condition=Q(client__isnull=True), name="note_title_of_all"
            ),
        ]

    def __str__(self) -> str:
        """Return its title."""
        return self.title


class Solution(models.Model):
    """One time that a note solved the problem of somebody at ``client``."""

    id = models.BigAutoField(primary_key=True)
    note = models.ForeignKey(Note, models.CASCADE, related_name="solutions")
    client = models.ForeignKey(Client, models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        """Return what helped."""
        return f"note {self.note_id} helped"
