"""Who calls: a staff key, and whose rows it may see."""

from datetime import UTC, datetime, timedelta
from typing import cast

from django.http import HttpRequest
from ninja.security import HttpBearer

from agent.protocol.credentials import CredentialPrefix, credential_hash
from server_stub.clients.scope import Scope
from server_stub.desk.models import ApiKey

_USE_NOTED_EVERY = timedelta(minutes=1)


class WrongCredentialError(Exception):
    """A credential of another kind: a device's token or an enrolment token."""


class StaffKey(HttpBearer):
    """Accepts ``wds_…`` keys that were not revoked and whose owner is active."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """Return the key; None for an unknown one.

        Raises WrongCredentialError for a credential that belongs on other routes.
        """
        if token.startswith((CredentialPrefix.DEVICE, CredentialPrefix.ENROLMENT)):
            raise WrongCredentialError
        key = (
            ApiKey.objects.select_related("technician")
            .filter(
                key_hash=credential_hash(token),
                revoked_at__isnull=True,
                technician__is_active=True,
            )
            .first()
        )
        if key is None:
            return None
        _note_use(key, datetime.now(UTC))
        request.scope = key.scope  # type: ignore[attr-defined] # ours, read by scope_of alone
        return key


def scope_of(request: HttpRequest) -> Scope:
    """Return whose rows the caller may see."""
    return cast("Scope", request.scope)  # type: ignore[attr-defined] # set by StaffKey


def _note_use(key: ApiKey, now: datetime) -> None:
    if key.last_used_at is None or now - key.last_used_at > _USE_NOTED_EVERY:
        ApiKey.objects.filter(id=key.id).update(last_used_at=now)
