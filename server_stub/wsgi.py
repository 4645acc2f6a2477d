"""The one WSGI application: device routes first, Django behind them."""

import gc
import importlib
import os
from wsgiref.types import WSGIApplication

from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server_stub.settings")
django_application = get_wsgi_application()

from server_stub.intake.application import DeviceRoutes  # noqa: E402 - needs the set-up above
from server_stub.observed import Observed  # noqa: E402 - the same
from server_stub.slow_clients import BodyGuard, plain_peers  # noqa: E402 - the same

importlib.import_module("server_stub.urls")  # a broken page fails the start, not its visitor

device_routes = DeviceRoutes(django_application)
application: WSGIApplication = BodyGuard(device_routes)

if _proxies := os.environ.get("WATCHDESK_TRUSTED_PROXY"):
    # Only these peers may say whom they speak for: X-Forwarded-For and -Proto of others are
    # words of a stranger, and rate limits and secure cookies rely on them.
    application = wrap_wsgi_with_proxy_headers(application, _proxies.split(","))

application = Observed(
    plain_peers(application), logs_requests=os.environ.get("WATCHDESK_LOG_REQUESTS") == "1"
)

# What is loaded by now stays: looking through it for garbage stops every thread (measured: 60 ms).
gc.collect()
gc.freeze()
