"""A fleet whose heartbeats and clock are ours."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db import transaction

from agent.protocol.words import LastWord
from server_stub.clients.models import Client, Device, Site
from server_stub.fleet.models import LastSweep
from server_stub.fleet.sweep import Sweep, sweep
from server_stub.intake import heartbeats, promises, session
from server_stub.intake.heartbeats import Seen
from server_stub.quiet.active import KNOWN
from server_stub.sla.models import PolicyVersion
from tests.server_stub.intake.messages import a_heartbeat
from tests.support import desk_rows
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW, a_client, a_device, a_site


def a_policy(monitors: str) -> PolicyVersion:
    """Store a newest version of the default policy that says this of monitors."""
    text = desk_rows.policy().text + monitors
    digest = sha256(text.encode()).hexdigest()
    return PolicyVersion.objects.create(name="default", hash=digest, text=text)


class Fleet:
    """Devices of one site that are heard when told so."""

    def __init__(self) -> None:
        """Begin without a device, at ``NOW``."""
        self.now: datetime = NOW
        self.client: Client = a_client("Acme")
        self.site: Site = a_site(self.client, "Lyon")
        self.devices: list[Device] = []

    def add(self, count: int = 1, **fields: object) -> list[Device]:
        """Add devices, just heard."""
        given: dict[str, Any] = {"site": self.site, "last_seen_at": self.now} | fields
        new = [a_device(self.client, **given) for _ in range(count)]
        self.devices += new
        return new

    def hear(self, *devices: Device, word: LastWord | None = None) -> None:
        """Let devices be heard now, with a last word when one is given."""
        beat = a_heartbeat(last_word=word)
        with session.transaction():
            heartbeats.write({one.id: Seen(self.now, beat) for one in devices})

    def sweep(self, *, after_a_stop: bool = False) -> Sweep:
        """Look over the fleet once, as is done every 30 seconds but ``after_a_stop``."""
        if not after_a_stop:
            LastSweep.objects.update(at=self.now - timedelta(seconds=30))
        with transaction.atomic():
            return sweep(self.now)

    def passes(self, length: timedelta, *heard: Device, step: timedelta) -> None:
        """Let time pass, sweeping at each step; ``heard`` send heartbeats all the while."""
        until = self.now + length
        while self.now < until:
            self.now = min(self.now + step, until)
            if heard:
                self.hear(*heard)
            self.sweep()


@pytest.fixture
def fleet(database: ServerDatabase) -> Iterator[Fleet]:
    """Return a fleet over a fresh database with the shipped policy."""
    promises._policy.cache_clear()
    promises._first_due.cache_clear()
    KNOWN.forget()
    desk_rows.policy()
    LastSweep.objects.create(at=NOW, hears_since=NOW - timedelta(days=1))
    yield Fleet()
    KNOWN.forget()
