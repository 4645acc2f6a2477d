"""Every path Django answers. Device routes are answered before it, in ``intake``."""

from allauth.account.views import login, logout
from django.urls import include, path

from server_stub.health import health

urlpatterns = [
    path("health", health, name="health"),
    # Of allauth's paths only these two: no sign-up, no address change, no password by mail.
    path("sign-in", login, name="account_login"),
    path("sign-out", logout, name="account_logout"),
    path("api/v1/", include("server_stub.api.urls")),
    path("", include("server_stub.staff.urls")),
]

handler400 = "server_stub.error_views.bad_request"
handler403 = "server_stub.error_views.forbidden"
handler404 = "server_stub.error_views.not_found"
handler500 = "server_stub.error_views.broken"
