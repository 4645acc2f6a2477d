"""Audit entries, and the seals that chain them. The database itself refuses to change either."""

from typing import Any, ClassVar

from django.db import models

from server_stub.database import json_object


class AuditEntry(models.Model):
    """One thing a person did, written in its own transaction; never changed afterwards.

    ``who`` is an email address, or the computer's user for a command. ``via`` is ``page``,
    ``api``, ``command``, ``sign-in``, or ``server`` for what was told it once and for all.
    ``client`` is the number of the client whose affair it is, None when it is the provider's.
    ``detail`` is JSON text; secrets are never in it.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    who = models.CharField(max_length=254)
    via = models.CharField(max_length=8)
    act = models.CharField(max_length=80)
    subject = models.CharField(max_length=300, db_default="")
    client = models.BigIntegerField(null=True, blank=True)
    detail = models.TextField(db_default="")

    class Meta:
        """Read by client, and by who did it, newest first."""

        indexes: ClassVar = [
            models.Index(fields=["client", "id"], name="audit_of_client"),
            models.Index(fields=["who", "id"], name="audit_of_person"),
        ]

    def __str__(self) -> str:
        """Return who did what."""
        return f"{self.who}: {self.act} {self.subject}"

    @property
    def tree(self) -> dict[str, Any]:
        """Return the detail as a JSON object."""
        return json_object(self.detail)


class Seal(models.Model):
    """The entries from ``first`` to ``last``, sealed together with the seal before.

    ``digest`` is of the entries alone, ``hash`` of the seal with ``previous``, the hash before.
    ``dropped_at`` is when retention removed the entries; the seal stays, and with it the chain.
    ``dropping`` proves that it was retention: keyed as ``hash`` is.
    """

    id = models.BigAutoField(primary_key=True)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    count = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    previous = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()
    dropped_at = models.DateTimeField(null=True, blank=True)
    dropping = models.CharField(max_length=64, db_default="")

    class Meta:
        """Two jobs that seal at once would give the same seal two successors."""

        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        """Return number and the beginning of the hash."""
        return f"seal {self.id} {self.hash[:12]}"
