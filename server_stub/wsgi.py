"""The one WSGI application: device routes first, Django behind them."""

import os

from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server_stub.settings")
django_application = get_wsgi_application()

try:
    from server_stub.intake.application import DeviceRoutes
except ImportError:
    application = django_application
else:
    application = DeviceRoutes(django_application)

if _proxies := os.environ.get("WATCHDESK_TRUSTED_PROXY"):
    # Only these peers may say whom they speak for: X-Forwarded-For and -Proto of others are
    # words of a stranger, and rate limits and secure cookies rely on them.
    application = wrap_wsgi_with_proxy_headers(application, _proxies.split(","))
