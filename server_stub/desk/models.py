"""The people who work tickets, what each may see, and the keys of their programs."""

from enum import StrEnum
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower, Now

from server_stub.clients.models import Client
from server_stub.clients.scope import ALL, Scope


class Role(StrEnum):
    """What somebody may do: see ``rights.RIGHTS``."""

    ADMIN = "admin"
    DISPATCHER = "dispatcher"
    TECHNICIAN = "technician"
    READ_ONLY = "read-only"
    CONTACT = "contact"


class Technicians(BaseUserManager["Technician"]):
    """How Django finds technicians by the name they sign in with."""

    def get_by_natural_key(self, username: str | None) -> "Technician":
        """Return the technician with this email address, in any case of letters."""
        return self.get(email__iexact=username)


class Technician(AbstractBaseUser):
    """One who works tickets, signing in by email address (kept in lower case).

    When ``limited``, only the clients in ``clients`` are seen, none when there are none:
    removing the last one never opens all the others.
    """

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True, db_default="")
    role = models.CharField(max_length=16)
    is_active = models.BooleanField(default=True)
    limited = models.BooleanField(default=False)
    clients = models.ManyToManyField(Client, related_name="+", blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[Technicians] = Technicians()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["role"]

    class Meta:
        """An address is one person, however it is capitalised."""

        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="technician_email_once")
        ]

    def __str__(self) -> str:
        """Return the name people see."""
        return self.name or self.email

    @property
    def scope(self) -> Scope:
        """Return whose rows this technician may see (one query when limited)."""
        if not self.limited:
            return ALL
        seen = Technician.clients.through.objects.filter(technician=self)
        return Scope.of(seen.values_list("client_id", flat=True))


class ApiKey(models.Model):
    """A program's key to the REST interface, acting for its technician; only its hash is kept.

    ``prefix`` is its beginning, to tell keys apart. ``limited`` and ``clients`` narrow what the
    owner may see and never widen it.
    """

    technician = models.ForeignKey(Technician, models.CASCADE, related_name="api_keys")
    prefix = models.CharField(max_length=12)
    key_hash = models.CharField(max_length=64, unique=True)
    limited = models.BooleanField(default=False)
    clients = models.ManyToManyField(Client, related_name="+", blank=True)
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        """Return its beginning and its owner."""
        return f"{self.prefix}… of {self.technician}"

    @property
    def scope(self) -> Scope:
        """Return whose rows this key may see."""
        if not self.limited:
            return self.technician.scope
        seen = ApiKey.clients.through.objects.filter(apikey=self)
        return Scope.of(seen.values_list("client_id", flat=True)).within(self.technician.scope)
