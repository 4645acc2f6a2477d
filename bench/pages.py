"""How long the staff pages take on the server with many tickets: ``python bench/pages.py``.

Every page is asked for as a signed-in technician's browser would, through the whole of Django
but the socket: middleware, session, queries, template. The tickets are the worst case for a
queue: none is resolved, and their titles are much alike. Printed is the median time of an answer,
which is what is judged, the mean CPU time of it (this process and PostgreSQL's), which holds on a
busy machine too, and the ratio to the floor: the same page in the same run with a hundred tickets.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "server_stub.settings",
    "WATCHDESK_DATA": "/nonexistent/none",
    "WATCHDESK_LOG": "ERROR",
}

import django  # noqa: E402

django.setup()

from django.db import connection  # noqa: E402
from django.db.transaction import atomic  # noqa: E402
from django.test import Client as Browser  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from server_stub.clients.models import Client, Device, Site  # noqa: E402
from server_stub.walls import open_to_all  # noqa: E402
from tests.support import desk_rows  # noqa: E402
from tests.support.databases import VENDORS, Databases  # noqa: E402

CLIENTS = 300
DEVICES = 3_000
ROUNDS = 11
FLOOR = 100
"""Tickets: all pages have something to show, and nothing has to be searched for."""
ALLOWED_MS = {100_000: 100, 1_000_000: 150}
_COLUMNS = (
    *("client_id", "site_id", "device_id", "title", "status", "priority", "source"),
    *("evaluation", "created_at", "updated_at", "next_due_at"),
)
_SUBJECTS = (
    *("Low disk space on /volume{n}: {g} GiB free",) * 6,
    "Service smbd stopped and was restarted {g} times",
    "Certificate of imaging{n}.example ends in 12 days",
    "Backup of database{n} failed",
    "Cannot open the shared calendar since this morning",
)
PAGES = {
    "queue": "/",
    "queue, status=new": "/?status=new",
    "queue, status=waiting (1 %)": "/?status=waiting",
    "queue, priority=urgent (1 %)": "/?priority=urgent",
    "queue, waiting and urgent": "/?status=waiting&priority=urgent",
    "queue, new and low": "/?status=new&priority=low",
    "queue, one client": "/?client={client}",
    "queue, one client, waiting, urgent": "/?client={client}&status=waiting&priority=urgent",
    "search: disk (60 %)": "/?q=disk",
    "search: low disk space": "/?q=low+disk+space",
    "search: calend (10 %)": "/?q=calend",
    "search: volum (60 %, a beginning)": "/?q=volum",
    "search: zebra (twice)": "/?q=zebra",
    "search: zebra low dis": "/?q=zebra+low+dis",
    "search: no such word": "/?q=nosuchword",
    "search: a device": "/?q=frontdesk-1042",
    "search: disk, waiting, urgent": "/?q=disk&status=waiting&priority=urgent",
    "search: disk, one client": "/?q=disk&client={client}",
    "search: disk, resolved (none)": "/?q=disk&status=resolved",
    "devices": "/devices",
    "devices: search": "/devices?q=desk-10",
    "ticket": "/tickets/{ticket}",
}


def main() -> None:
    """Measure both databases, or one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--vendor", choices=VENDORS)
    parser.add_argument("--tickets", type=int, nargs="+", default=[100_000])
    arguments = parser.parse_args()
    open_to_all()
    slow = 0
    with tempfile.TemporaryDirectory(prefix="wd-bench-") as folder:
        databases = Databases(Path(folder))
        for vendor in [arguments.vendor] if arguments.vendor else VENDORS:
            fresh = databases.fresh(vendor, Path(folder) / f"data-{vendor}")
            browser = signed_in()
            places = prepare()
            stored = 0
            floor: dict[str, float] = {}
            for count in sorted({FLOOR, *arguments.tickets}):
                took = fill(places, stored, count)
                print(f"{vendor}, {count} tickets ({took:.0f} µs each to store)", flush=True)
                stored = count
                slow += measure(browser, count, floor)
            databases.drop(fresh)
        databases.close()
    if slow:
        raise SystemExit(f"{slow} pages took longer than they may")


def signed_in() -> Browser:
    """Return a signed-in technician's browser."""
    browser = Browser()
    browser.force_login(desk_rows.technician())
    return browser


def prepare() -> list[tuple[int, int, str]]:
    """Make clients, sites and devices; return where tickets may come from."""
    clients = Client.objects.bulk_create(Client(name=f"Client {n:03}") for n in range(CLIENTS))
    sites = Site.objects.bulk_create(Site(client=one, name="Head office") for one in clients)
    devices = [
        Device(
            id=f"00000000-0000-7000-8000-{n:012}",
            client=clients[n % CLIENTS],
            site=sites[n % CLIENTS],
            name=f"FRONTDESK-{n:04}",
            kind="workstation",
            os="windows",
            agent_version="0.1.0",
            token_hash=f"{n:064}",
        )
        for n in range(DEVICES)
    ]
    Device.objects.bulk_create(devices)
    desk_rows.policy()
    return [(one.client_id, one.site_id or 0, one.id) for one in devices]


def fill(places: list[tuple[int, int, str]], stored: int, count: int) -> float:
    """Store tickets up to ``count``; return the microseconds each took, index included."""
    rows = made(places, stored, count)
    began = time.perf_counter()
    head = f"INSERT INTO tickets_ticket ({', '.join(_COLUMNS)}) VALUES "  # noqa: S608 - our own names
    one = f"({', '.join(['%s'] * len(_COLUMNS))})"
    with atomic(), connection.cursor() as cursor:
        while several := list(islice(rows, 500)):
            values = [value for row in several for value in row]
            cursor.execute(head + ", ".join([one] * len(several)), values)
    took = (time.perf_counter() - began) / (count - stored) * 1e6
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sla_clock (ticket_id, policy_version_id, name, state, started_at, due_at) "
            "SELECT t.id, (SELECT max(id) FROM sla_policyversion), 'response', 'running', "
            "t.created_at, t.next_due_at FROM tickets_ticket t "
            "WHERE t.id > (SELECT coalesce(max(ticket_id), 0) FROM sla_clock)"
        )
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")  # what autovacuum does within a minute
    return took


def made(
    places: list[tuple[int, int, str]], stored: int, count: int
) -> Iterator[tuple[object, ...]]:
    """Yield the columns of new tickets."""
    chance = random.Random(stored)  # noqa: S311 - the same tickets each time
    now = datetime.now(UTC)
    for number in range(stored, count):
        client, site, device = places[chance.randrange(DEVICES)]
        title = chance.choice(_SUBJECTS).format(n=number, g=chance.randrange(99))
        if number in (count // 3, count // 2):
            title += " zebra"
        status = chance.choices(("new", "open", "waiting"), (96, 3, 1))[0]
        priority = chance.choices(("urgent", "high", "normal", "low"), (1, 9, 60, 30))[0]
        at = now - timedelta(seconds=count - number)
        due = now + timedelta(seconds=chance.randrange(-40_000, 400_000))
        yield (
            *(client, site, device, title, status, priority, "monitor", "critical"),
            *(text(at), text(at), text(due)),
        )


def text(at: datetime) -> object:
    """Return an instant as the database keeps it."""
    return at if connection.vendor == "postgresql" else f"{at:%Y-%m-%d %H:%M:%S.%f}"


def measure(browser: Browser, count: int, floor: dict[str, float]) -> int:
    """Print each page's figures beside ``floor``, kept from the first call.

    Returns how many took longer than they may.
    """
    allowed = next((ms for size, ms in ALLOWED_MS.items() if count <= size), 150)
    client = Client.objects.order_by("id").first()
    assert client
    slow = 0
    for name, path in PAGES.items():
        address = path.format(client=client.id, ticket=count // 2)
        with CaptureQueriesContext(connection) as captured:
            answer = browser.get(address)
        asked = len(captured)
        assert answer.status_code == 200, (address, answer.status_code)
        times, before = [], cpu_s()
        for _ in range(ROUNDS):
            began = time.perf_counter()
            browser.get(address)
            times.append((time.perf_counter() - began) * 1000)
        cpu = (cpu_s() - before) / ROUNDS * 1000
        median = statistics.median(times)
        over = "  OVER" if median > allowed else ""
        slow += bool(over)
        print(
            f"    {name:36} {median:6.0f} ms, {cpu:6.0f} ms CPU, {asked:2} queries, "
            f"{cpu / floor.setdefault(name, cpu):4.1f} x the floor{over}",
            flush=True,
        )
    return slow


def cpu_s() -> float:
    """Return the CPU time that this process and its PostgreSQL backend have used."""
    own = time.process_time()
    if connection.vendor == "sqlite":
        return own
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    fields = Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()
    return own + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
