"""``/metrics`` on a bind of its own, so that devices and browsers cannot ask for it.

What costs a query is asked at most once a minute, however often somebody scrapes, by the scraping
thread: requests never wait for it.
"""

import logging
import socket
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from django.db import Error, connection
from django.db.models import Count, Q

from agent.protocol import VERSION
from server_stub import metrics
from server_stub.clients.models import Device
from server_stub.fleet.hearing import last_sweep
from server_stub.tickets.models import Ticket
from server_stub.walls import seen_by

COUNT_EVERY_S = 60.0
RECENT = timedelta(minutes=15)
_TIMEOUT_S = 10

_log = logging.getLogger(__name__)


class Counted:
    """Tickets and devices as they were counted last."""

    def __init__(self) -> None:
        """Count when first asked."""
        self._lock = threading.Lock()
        self._count_at = 0.0
        self._tickets: Mapping[metrics.Labels, float] = {}
        self._devices: Mapping[metrics.Labels, float] = {}
        self._swept: Mapping[metrics.Labels, float] = {}

    def tickets(self) -> Mapping[metrics.Labels, float]:
        """Return how many tickets of each priority are unresolved."""
        self._count()
        return self._tickets

    def devices(self) -> Mapping[metrics.Labels, float]:
        """Return how many devices there are, and how many were heard of lately."""
        self._count()
        return self._devices

    def swept(self) -> Mapping[metrics.Labels, float]:
        """Return when the fleet was looked over last."""
        self._count()
        return self._swept

    def _count(self) -> None:
        with self._lock:
            if time.monotonic() < self._count_at:
                return
            self._count_at = time.monotonic() + COUNT_EVERY_S
            try:
                with seen_by(None):
                    self._tickets, self._devices = _unresolved(), _seen()
                    swept = last_sweep()
                    self._swept = {(): swept.timestamp()} if swept else {}
            except Error as error:  # the other figures are worth having, now most of all
                _log.warning("tickets and devices could not be counted: %s", error)
                self._tickets, self._devices, self._swept = {}, {}, {}
            finally:
                connection.close()


def start(host: str, port: int) -> ThreadingHTTPServer:
    """Serve the figures there from now on, in a thread; raises OSError when it cannot."""
    began = datetime.now(UTC).timestamp()
    counted = Counted()
    metrics.TICKETS.ask = counted.tickets
    metrics.DEVICES.ask = counted.devices
    metrics.SWEPT.ask = counted.swept
    metrics.STARTED.ask = lambda: {(): began}
    metrics.VERSION.ask = lambda: {(VERSION,): 1.0}
    server = _Server((host, port), _Scrape)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def _unresolved() -> dict[metrics.Labels, float]:
    rows = Ticket.objects.filter(resolved_at__isnull=True).order_by()
    return {
        (priority,): float(count)
        for priority, count in rows.values_list("priority").annotate(count=Count("id"))
    }


def _seen() -> dict[metrics.Labels, float]:
    recent = Q(last_seen_at__gte=datetime.now(UTC) - RECENT)
    in_use = Device.objects.filter(retired_at__isnull=True)
    found = in_use.aggregate(known=Count("id"), recent=Count("id", filter=recent))
    return {("known",): float(found["known"]), ("recent",): float(found["recent"])}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], scrape: type["_Scrape"]) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, scrape)


class _Scrape(BaseHTTPRequestHandler):
    timeout = _TIMEOUT_S
    server_version = "watchdesk"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer ``/metrics``."""
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        body = metrics.exposition().encode()
        self.send_response(200)
        self.send_header("Content-Type", metrics.MEDIA_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Say nothing: a scrape is no event."""
