"""Every path Django answers. Device routes are answered before it, in ``intake``."""

from allauth.account.views import login, logout, password_change, reauthenticate
from allauth.mfa.base.views import authenticate as second_factor
from allauth.mfa.base.views import index as second_factors
from allauth.mfa.base.views import reauthenticate as second_factor_again
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.urls import include, path

from server_stub.health import health

urlpatterns = [
    path("health", health, name="health"),
    # Of allauth's paths only these: no sign-up, no address change, no password by mail.
    path("sign-in", login, name="account_login"),
    path("sign-in/code", second_factor, name="mfa_authenticate"),
    path("sign-in/again", reauthenticate, name="account_reauthenticate"),
    path("sign-in/again/code", second_factor_again, name="mfa_reauthenticate"),
    path("sign-out", logout, name="account_logout"),
    path("account/password", password_change, name="account_change_password"),
    path("account/second-factor", second_factors, name="mfa_index"),
    path("account/second-factor/on", totp.activate_totp, name="mfa_activate_totp"),
    path("account/second-factor/off", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/second-factor/codes", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "account/second-factor/codes/new",
        codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path("api/v1/", include("server_stub.api.urls")),
    path("", include("server_stub.staff.urls")),
]

handler400 = "server_stub.error_views.bad_request"
handler403 = "server_stub.error_views.forbidden"
handler404 = "server_stub.error_views.not_found"
handler500 = "server_stub.error_views.broken"
