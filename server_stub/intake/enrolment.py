"""A device becomes known: its enrolment token is checked and one use of it spent.

Saying the same again (same id, same token of its own) is the same enrolment and costs nothing,
so an agent that never saw the answer simply asks once more. A device that lost its token enrols
anew under its old id; its tickets stay its own. One that was retired stays so until a person takes
it back, whatever token it brings.
"""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from django.db import IntegrityError
from django.db.models import F
from django.db.transaction import atomic

from agent.protocol.credentials import credential_hash
from agent.protocol.device import Enrolment
from agent.protocol.problems import ProblemType
from server_stub.clients.models import Device, EnrolmentToken
from server_stub.intake.answers import RefusedError
from server_stub.walls import seen_by


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What an enrolled device is told: where it belongs."""

    device_id: str
    client: str
    site: str | None


def enrol(token: str, enrolment: Enrolment, now: datetime) -> Enrolled:
    """Make the device known, or tell it again that it is.

    Raises RefusedError: unauthenticated for a token nobody made, token_spent for one that is
    expired or used up, conflict for an id or a token that another device has, and for a device
    that was retired.
    """
    with seen_by(None):  # whose it is, the token tells
        try:
            return _enrol(token, enrolment, now)
        except IntegrityError:  # the same device at the same moment, by another request
            pass
        try:
            return _enrol(token, enrolment, now)
        except IntegrityError as error:
            raise _taken() from error


def _enrol(token: str, enrolment: Enrolment, now: datetime) -> Enrolled:
    own_hash = credential_hash(enrolment.device_token)
    with atomic():
        grant = (
            EnrolmentToken.objects.select_for_update(of=("self",))
            .select_related("client", "site")
            .filter(token_hash=credential_hash(token))
            .first()
        )
        if grant is None:
            raise RefusedError(
                ProblemType.UNAUTHENTICATED,
                HTTPStatus.UNAUTHORIZED,
                "The server does not know this enrolment token. Make one with "
                "`watchdesk-server enroll-token`.",
                headers=[("WWW-Authenticate", 'Bearer error="invalid_token"')],
            )
        device = Device.objects.filter(id=enrolment.device_id).first()
        if device and device.client_id != grant.client_id:
            raise _taken()
        told = Enrolled(
            enrolment.device_id, grant.client.name, grant.site.name if grant.site else None
        )
        if device and device.retired_at is not None:
            raise _retired(device.retired_at)
        if device and device.token_hash == own_hash:
            return told
        _spend(grant, now)
        Device.objects.update_or_create(
            id=enrolment.device_id,
            defaults={
                "client_id": grant.client_id,
                "site_id": grant.site_id,
                "name": enrolment.name,
                "kind": enrolment.kind.value,
                "os": enrolment.os,
                "agent_version": enrolment.agent_version,
                "token_hash": own_hash,
                "last_seen_at": now,
            },
        )
    return told


def _spend(grant: EnrolmentToken, now: datetime) -> None:
    if grant.expires_at <= now:
        raise _spent(f"The enrolment token expired at {grant.expires_at:%Y-%m-%d %H:%M} UTC.")
    unspent = EnrolmentToken.objects.filter(id=grant.id, used__lt=F("uses"))
    if not unspent.update(used=F("used") + 1):
        raise _spent(f"All {grant.uses} uses of the enrolment token are spent.")


def _spent(what: str) -> RefusedError:
    return RefusedError(
        ProblemType.TOKEN_SPENT,
        HTTPStatus.FORBIDDEN,
        f"{what} Make a new one with `watchdesk-server enroll-token`.",
    )


def _retired(at: datetime) -> RefusedError:
    """Refuse an id out of use: a roll-out's script must not bring back what a person took out."""
    return RefusedError(
        ProblemType.CONFLICT,
        HTTPStatus.CONFLICT,
        f"This device was retired at {at:%Y-%m-%d %H:%M} UTC. Somebody of the desk takes it back "
        "(`watchdesk-server device restore`, or the device's page); then its token holds again.",
    )


def _taken() -> RefusedError:
    return RefusedError(
        ProblemType.CONFLICT,
        HTTPStatus.CONFLICT,
        "Another device has this id or token. A copied disk brings them along: remove the "
        "agent's state folder on the copy and enrol it again.",
    )
