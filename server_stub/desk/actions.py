"""Making technicians and API keys, and taking them back."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from agent.protocol.credentials import CredentialPrefix, credential_hash, new_credential
from server_stub.clients.models import Client
from server_stub.desk.models import ApiKey, Role, Technician
from server_stub.errors import ExistsError, InvalidError

KEY_PREFIX = 12
"""So much of a key is kept readable, to tell keys apart."""


@transaction.atomic
def add_technician(
    email: str, role: Role, password: str, *, name: str = "", clients: Sequence[Client] = ()
) -> Technician:
    """Return a new technician who sees only ``clients``, everything when there are none.

    Raises InvalidError for an unusable address or password, ExistsError when the address is
    taken in any case of letters.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidError("email", f"{email!r} is not an email address") from error
    if role is Role.CONTACT and not clients:
        raise InvalidError("client", "whose contact is it? Name the client with --client")
    technician = Technician(email=email, role=role, name=name.strip(), limited=bool(clients))
    _set_password(technician, password)
    if Technician.objects.filter(email__iexact=email).exists():
        raise ExistsError("technician", email)
    try:
        with transaction.atomic():
            technician.save()
    except IntegrityError as error:
        raise ExistsError("technician", email) from error
    technician.clients.set(clients)
    return technician


def renew_password(technician: Technician, password: str) -> None:
    """Give a technician another password; every browser signed in with the old one is out.

    Raises InvalidError for an unusable one.
    """
    _set_password(technician, password)
    technician.save(update_fields=["password"])


@transaction.atomic
def dismiss(technician: Technician, now: datetime) -> int:
    """Shut the account of one who left; return how many keys went with it.

    What they did stays under their name.
    """
    technician.is_active = False
    technician.set_unusable_password()
    technician.save(update_fields=["is_active", "password"])
    return revoke_api_keys(technician, "", now)


def revoke_api_keys(technician: Technician, beginning: str, now: datetime) -> int:
    """Make the technician's keys that begin so useless from ``now`` on; return how many."""
    keys = technician.api_keys.filter(prefix__startswith=beginning[:KEY_PREFIX])
    return keys.filter(revoked_at=None).update(revoked_at=now)


@transaction.atomic
def new_api_key(technician: Technician, clients: Sequence[Client] = ()) -> str:
    """Return a new key acting for a technician; only its hash is stored.

    It sees what the technician sees, of ``clients`` only when some are given. Raises
    InvalidError for a client that the technician does not see.
    """
    scope = technician.scope
    for client in clients:
        if not scope.allows(client.id):
            raise InvalidError("client", f"{technician.email} does not see {client.name!r}")
    key = new_credential(CredentialPrefix.STAFF_KEY)
    row = ApiKey.objects.create(
        technician=technician,
        prefix=key[:KEY_PREFIX],
        key_hash=credential_hash(key),
        limited=bool(clients),
    )
    row.clients.set(clients)
    return key


def _set_password(technician: Technician, password: str) -> None:
    try:
        validate_password(password, technician)
    except ValidationError as error:
        raise InvalidError("password", " ".join(error.messages)) from error
    technician.set_password(password)
