"""Who came, went or was turned away, and what became of second factors, in the audit log."""

from allauth.account.signals import password_changed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
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


def _new_password(sender: object, request: HttpRequest, user: object, **_signal: object) -> None:  # noqa: ARG001 - Django's
    _note(user, "new password", request, "page")


def _added(
    sender: object,  # noqa: ARG001 - Django's
    request: HttpRequest,
    user: object,
    authenticator: Authenticator,
    **_signal: object,
) -> None:
    is_codes = authenticator.type == Authenticator.Type.RECOVERY_CODES
    act = "new recovery codes" if is_codes else "second factor on"
    _note(user, act, request, "page")


def _removed(
    sender: object,  # noqa: ARG001 - Django's
    request: HttpRequest,
    user: object,
    authenticator: Authenticator,
    **_signal: object,
) -> None:
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        _note(user, "second factor off", request, "page")


def _note(user: object, act: str, request: HttpRequest | None, via: str = _VIA) -> None:
    if isinstance(user, Technician):
        record(user.email, via, act, address=_address(request))


def _address(request: HttpRequest | None) -> str:
    return str(request.META.get("REMOTE_ADDR", "")) if request else ""


user_logged_in.connect(_came, dispatch_uid="watchdesk-audit-in")
user_logged_out.connect(_went, dispatch_uid="watchdesk-audit-out")
user_login_failed.connect(_failed, dispatch_uid="watchdesk-audit-failed")
password_changed.connect(_new_password, dispatch_uid="watchdesk-audit-password")
authenticator_added.connect(_added, dispatch_uid="watchdesk-audit-factor-on")
authenticator_reset.connect(_added, dispatch_uid="watchdesk-audit-codes")
authenticator_removed.connect(_removed, dispatch_uid="watchdesk-audit-factor-off")
