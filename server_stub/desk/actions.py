"""Making technicians and API keys."""

from collections.abc import Sequence

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from agent.protocol.credentials import CredentialPrefix, credential_hash, new_credential
from server_stub.clients.models import Client
from server_stub.desk.models import ApiKey, Role, Technician
from server_stub.errors import ExistsError, InvalidError


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
    technician = Technician(email=email, role=role, name=name.strip(), limited=bool(clients))
    try:
        validate_password(password, technician)
    except ValidationError as error:
        raise InvalidError("password", " ".join(error.messages)) from error
    if Technician.objects.filter(email__iexact=email).exists():
        raise ExistsError("technician", email)
    technician.set_password(password)
    try:
        with transaction.atomic():
            technician.save()
    except IntegrityError as error:
        raise ExistsError("technician", email) from error
    technician.clients.set(clients)
    return technician


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
        prefix=key[:12],
        key_hash=credential_hash(key),
        limited=bool(clients),
    )
    row.clients.set(clients)
    return key
