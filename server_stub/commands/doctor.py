"""``doctor``: what runs here, and what is amiss with it."""

import os
import platform
import shutil
import stat
from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django
from django.conf import settings
from django.db import DatabaseError, connection

from agent.protocol import VERSION
from server_stub import database, secret_key, walls
from server_stub.certificate import expires_at
from server_stub.clients.models import Client
from server_stub.errors import InvalidError, ServerError
from server_stub.fleet.hearing import deaf_since
from server_stub.sla.clocks import followed_policy
from server_stub.tickets.models import Ticket
from server_stub.tickets.teams import empty_roles
from server_stub.work.engine import last_failure, stuck, waiting_since

_OTHERS = 0o077
_LEAST_ROOM_BYTES = 1_000_000_000
_SOON = timedelta(days=21)
"""Time for whoever renews certificates by hand to be back from a holiday."""
_CLOCK_OFF = timedelta(seconds=5)
_UNDONE = timedelta(minutes=10)


def doctor(arguments: Namespace) -> int:
    """Tell what runs here and what is amiss; 1 when something is."""
    print(
        f"watchdesk-server {VERSION}, Python {platform.python_version()}, "
        f"Django {django.get_version()}, {platform.system()} {platform.release()}"
    )
    print(f"data folder: {settings.DATA}")
    now = datetime.now(UTC)
    amiss = [*_folder(settings.DATA), *_database(now), *_certificate(arguments.tls_cert, now)]
    for line in amiss:
        print(f"! {line}")
    if not amiss:
        print("nothing is amiss")
    return 1 if amiss else 0


def _folder(data: Path) -> Iterator[str]:
    key = data / secret_key.FILE_NAME
    if not data.is_dir():
        yield "the data folder does not exist: run watchdesk-server init"
        return
    if not key.exists():
        yield "there is no secret key: run watchdesk-server init"
    for path in (data, *sorted(data.iterdir())):
        try:
            found = path.stat()
        except FileNotFoundError:  # SQLite's own files come and go
            continue
        if found.st_mode & _OTHERS:
            right = "700" if stat.S_ISDIR(found.st_mode) else "600"
            verb = "look into" if path == data else "read"
            yield f"other users can {verb} {path}: chmod {right} it"
        if found.st_uid != os.getuid():
            yield f"{path} belongs to another user than you: run this as the user that serves"
    room = shutil.disk_usage(data)
    print(f"room: {room.free / 1e9:.1f} GB free of {room.total / 1e9:.1f} GB")
    if room.free < _LEAST_ROOM_BYTES:
        yield f"only {room.free / 1e6:.0f} MB are free in {data}: a full disk takes no tickets"


def _database(now: datetime) -> Iterator[str]:
    if not settings.DATA.is_dir():
        return
    try:
        problem = database.not_ready()
        print(f"database: {database.product()}")
        caution = database.caution()
        if caution:
            yield caution
        if problem:
            yield f"{problem}: run watchdesk-server init"
        elif not caution:
            if connection.vendor == "postgresql":
                print(f"walls between clients: row-level security on {len(walls.WALLED)} tables")
            yield from _clock(now)
            yield from _work(now)
            yield from _hearing()
            yield from _roles()
    except DatabaseError as error:
        yield f"the database does not answer: {str(error).strip()}"
    finally:
        connection.close()


def _clock(now: datetime) -> Iterator[str]:
    """Compare this computer's clock with the database's, and with what it wrote before."""
    print(f"clock: {now:%Y-%m-%d %H:%M:%S} UTC")
    if connection.vendor == "postgresql":
        off = abs(database.clock() - datetime.now(UTC))
        if off > _CLOCK_OFF:
            yield f"the database's clock differs by {off.total_seconds():.0f} s: set both by NTP"
    newest = Ticket.objects.order_by("-id").values_list("created_at", flat=True).first()
    if newest and newest - now > _CLOCK_OFF:
        yield (
            f"the newest ticket was opened at {newest:%Y-%m-%d %H:%M:%S} UTC, later than now: this "
            "computer's clock went back, and due instants with it; set it by NTP"
        )


def _work(now: datetime) -> Iterator[str]:
    """Tell of due work that fails again and again, and of work that nobody does."""
    failing, last = stuck(), last_failure()
    if failing:
        yield (
            f"due work fails again and again ({failing} pieces, the last with {last!r}): "
            "it is tried on once an hour; the log has each failure with its cause"
        )
    waits = waiting_since(now, _UNDONE)
    if waits:
        yield (
            f"due work waits since {waits:%Y-%m-%d %H:%M:%S} UTC: no serve or worker does it, so "
            "nobody is warned and nothing is closed; start one of them"
        )


def _roles() -> Iterator[str]:
    """Tell of roles that a client's policy names and nobody has: nobody would be told."""
    for name in sorted(set(Client.objects.values_list("policy", flat=True))):
        try:
            empty = empty_roles(followed_policy(name).policy)
        except ServerError:
            continue
        for role in empty:
            yield f"the policy {name} names the {role}, whom nobody is: staff team EMAIL {role!r}"


def _hearing() -> Iterator[str]:
    since = deaf_since()
    if since:
        yield (
            f"nobody but devices of one client was heard since {since:%Y-%m-%d %H:%M} UTC, so no "
            "silence is told: is this server reached from outside?"
        )


def _certificate(path: str | None, now: datetime) -> Iterator[str]:
    if path is None:
        return
    try:
        until = expires_at(Path(path))
    except InvalidError as error:
        yield str(error)
        return
    print(f"certificate: {path}, valid until {until:%Y-%m-%d %H:%M} UTC")
    if until <= now:
        yield f"the certificate {path} has expired: no device reports until it is renewed"
    elif until - now < _SOON:
        yield f"the certificate {path} expires in {(until - now).days} days: renew it"
