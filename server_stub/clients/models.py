"""The companies we support, their places, their computers, and the tokens that enrol these.

Device rows are written by the intake in sets of plain SQL: columns are plain types, what may be
left out has its default in the database, and nothing listens to signals.
"""

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now

from server_stub.clients.standing import Importance
from server_stub.database import json_object

DEFAULT_POLICY = "default"
_NORMAL = Importance.NORMAL.value


class Client(models.Model):
    """A company we support. ``policy`` names the SLA policy its tickets follow.

    ``notes_version`` counts the changes of the notes its devices may fetch; ``importance`` is a
    word that the policy's targets may choose by.
    """

    name = models.CharField(max_length=200, unique=True)
    policy = models.CharField(max_length=100, db_default=DEFAULT_POLICY)
    notes_version = models.BigIntegerField(db_default=0)
    importance = models.CharField(max_length=8, default=_NORMAL, db_default=_NORMAL)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        """Return its name."""
        return self.name


class Site(models.Model):
    """A place of a client; ``time_zone`` (IANA) is where its working hours are counted."""

    client = models.ForeignKey(Client, models.PROTECT, related_name="sites", db_index=False)
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, db_default="UTC")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Names are unique within their client."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "name"], name="site_name_of_client")
        ]

    def __str__(self) -> str:
        """Return its name."""
        return self.name


class Device(models.Model):
    """A monitored computer. It made its own ``id`` (UUIDv7) and the token whose hash is kept.

    ``facts`` and ``heartbeat`` are the JSON texts last received (empty until then);
    ``boot_at`` is the device's own label, all other instants are the server's. ``retired_at`` is
    set while it is out of use: its token opens nothing, nobody waits for it.
    """

    id = models.CharField(primary_key=True, max_length=36)
    client = models.ForeignKey(Client, models.PROTECT, related_name="devices", db_index=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="devices", null=True, blank=True)
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=16)
    os = models.CharField(max_length=40)
    agent_version = models.CharField(max_length=40)
    token_hash = models.CharField(max_length=64, unique=True)
    facts = models.TextField(db_default="")
    facts_hash = models.CharField(max_length=64, db_default="")
    facts_at = models.DateTimeField(null=True)
    heartbeat = models.TextField(db_default="")
    boot_at = models.DateTimeField(null=True)
    enrolled_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(db_default=Now())
    importance = models.CharField(max_length=8, default=_NORMAL, db_default=_NORMAL)
    retired_at = models.DateTimeField(null=True, blank=True)
    retired_by = models.CharField(max_length=254, default="", db_default="")
    retired_because = models.CharField(max_length=300, default="", db_default="")

    class Meta:
        """The list of a client's devices is read by name."""

        indexes: ClassVar = [
            models.Index(fields=["client", "name"], name="device_of_client"),
        ]

    def __str__(self) -> str:
        """Return its name."""
        return self.name

    @property
    def facts_tree(self) -> dict[str, Any]:
        """Return the system details last received, empty when none were."""
        return json_object(self.facts)

    @property
    def heartbeat_tree(self) -> dict[str, Any]:
        """Return the heartbeat last received, empty when none was."""
        return json_object(self.heartbeat)


class EnrolmentToken(models.Model):
    """Lets ``uses`` devices join a client until ``expires_at``; only its hash is kept."""

    client = models.ForeignKey(Client, models.CASCADE, related_name="enrolment_tokens")
    site = models.ForeignKey(Site, models.CASCADE, null=True, blank=True, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    uses = models.PositiveIntegerField()
    used = models.PositiveIntegerField(db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta:
        """Two enrolments at once must not both take the last use."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(used__lte=models.F("uses")), name="enrolment_uses_left"
            )
        ]

    def __str__(self) -> str:
        """Return whom it lets in."""
        return f"enrolment token of {self.client}"


class Agreement(models.Model):
    """What a client has agreed with us from one day to another, both included.

    ``name`` is the word that a policy's targets choose by. ``ends`` is None while nobody ended
    it. Unless ``whole`` it covers the sites and devices named, and none when these are gone.
    ``included_minutes`` are a month's, 0 where nothing was agreed.
    """

    client = models.ForeignKey(Client, models.PROTECT, related_name="agreements", db_index=False)
    name = models.CharField(max_length=40)
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)
    whole = models.BooleanField(default=True, db_default=True)
    included_minutes = models.IntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.CharField(max_length=254, db_default="")

    class Meta:
        """Read client by client."""

        indexes: ClassVar = [
            models.Index(fields=["client", "starts"], name="agreement_of_client"),
        ]

    def __str__(self) -> str:
        """Return its name."""
        return self.name


class Covered(models.Model):
    """A site or a device that an agreement names."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="covered", db_index=False)
    site = models.ForeignKey(Site, models.CASCADE, null=True, blank=True, related_name="+")
    device = models.ForeignKey(Device, models.CASCADE, null=True, blank=True, related_name="+")

    class Meta:
        """Each of them once; one or the other."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agreement", "site"], name="covered_site_once"),
            models.UniqueConstraint(fields=["agreement", "device"], name="covered_device_once"),
            models.CheckConstraint(
                condition=models.Q(site__isnull=True, device__isnull=False)
                | models.Q(site__isnull=False, device__isnull=True),
                name="covered_is_site_or_device",
            ),
        ]

    def __str__(self) -> str:
        """Return what is covered."""
        return str(self.site or self.device)
