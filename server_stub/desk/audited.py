"""Sign-ins in the audit log: who came, who went, and who was turned away."""

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from server_stub.audit.record import record
from server_stub.desk.models import Technician

_VIA = "sign-in"


def _came(sender: object, request: HttpRequest, user: object, **_signal: object) -> None:  # noqa: ARG001 - Django's
    _note(user, "sign in", request)


def _went(sender: object, request: HttpRequest, user: object, **_signal: object) -> None:  # noqa: ARG001 - Django's
    _note(user, "sign out", request)


def _failed(
    sender: object,  # noqa: ARG001 - Django's
    credentials: dict[str, object],
    request: HttpRequest | None = None,
    **_signal: object,
) -> None:
    who = str(credentials.get("email") or credentials.get("username") or "")
    record(who, _VIA, "sign-in refused", address=_address(request))


def _note(user: object, act: str, request: HttpRequest | None) -> None:
    if isinstance(user, Technician):
        record(user.email, _VIA, act, address=_address(request))


def _address(request: HttpRequest | None) -> str:
    return str(request.META.get("REMOTE_ADDR", "")) if request else ""


user_logged_in.connect(_came, dispatch_uid="watchdesk-audit-in")
user_logged_out.connect(_went, dispatch_uid="watchdesk-audit-out")
user_login_failed.connect(_failed, dispatch_uid="watchdesk-audit-failed")
