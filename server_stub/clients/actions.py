"""Making clients, sites and enrolment tokens: every rule of a name is here."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from agent.protocol.credentials import CredentialPrefix, credential_hash, new_credential
from server_stub.clients.models import DEFAULT_POLICY, Client, EnrolmentToken, Site
from server_stub.errors import ExistsError, InvalidError

MAX_NAME = 200
MAX_USES = 10_000
LONGEST_VALIDITY = timedelta(days=366)


def add_client(name: str, policy: str = DEFAULT_POLICY) -> Client:
    """Return a new client following an SLA policy by name.

    Raises InvalidError for an unusable name, ExistsError when it is taken in any case of letters.
    """
    name = _usable("client name", name)
    if Client.objects.filter(name__iexact=name).exists():
        raise ExistsError("client", name)
    try:
        with transaction.atomic():
            return Client.objects.create(name=name, policy=policy)
    except IntegrityError as error:
        raise ExistsError("client", name) from error


def add_site(client: Client, name: str, time_zone: str = "UTC") -> Site:
    """Return a new site of a client; its working hours are counted in ``time_zone`` (IANA).

    Raises InvalidError for an unusable name or zone, ExistsError when the client has such a site.
    """
    name = _usable("site name", name)
    try:
        ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidError(
            "time zone", f"{time_zone!r} is not an IANA zone such as Europe/Paris"
        ) from error
    if client.sites.filter(name__iexact=name).exists():
        raise ExistsError(f"site of {client.name}", name)
    try:
        with transaction.atomic():
            return Site.objects.create(client=client, name=name, time_zone=time_zone)
    except IntegrityError as error:
        raise ExistsError(f"site of {client.name}", name) from error


def new_enrolment_token(
    client: Client, site: Site | None, *, uses: int, valid: timedelta, now: datetime
) -> str:
    """Return a new token by which ``uses`` devices may join; only its hash is stored.

    Raises InvalidError when it would let in nobody, too many, or for too long.
    """
    if not 1 <= uses <= MAX_USES:
        raise InvalidError("uses", f"{uses} is not between 1 and {MAX_USES}")
    if not timedelta(0) < valid <= LONGEST_VALIDITY:
        raise InvalidError("validity", f"it must be above 0 and at most {LONGEST_VALIDITY.days}d")
    token = new_credential(CredentialPrefix.ENROLMENT)
    EnrolmentToken.objects.create(
        client=client,
        site=site,
        token_hash=credential_hash(token),
        uses=uses,
        expires_at=now + valid,
    )
    return token


def revoke_enrolment_tokens(client: Client, site: Site | None, now: datetime) -> int:
    """End a client's tokens (only those of ``site`` when given) at ``now``; return how many.

    Devices that joined by them stay enrolled.
    """
    tokens = client.enrolment_tokens.filter(expires_at__gt=now)
    return (tokens.filter(site=site) if site else tokens).update(expires_at=now)


def _usable(field: str, name: str) -> str:
    name = name.strip()
    if not name:
        raise InvalidError(field, "it is empty")
    if len(name) > MAX_NAME:
        raise InvalidError(field, f"it is longer than {MAX_NAME} characters")
    if not name.isprintable():
        raise InvalidError(field, f"it holds a character that cannot be printed: {name!r}")
    return name
