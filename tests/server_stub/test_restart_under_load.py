"""Stopping and starting again while devices report and staff read: nothing acknowledged is lost."""

import http.client
import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from agent.protocol.credentials import CredentialPrefix, credential_hash, new_credential
from server_stub.desk.actions import new_api_key
from server_stub.intake.models import SeenEnvelope
from server_stub.sla.models import PolicyVersion
from server_stub.sla.policy import DEFAULT, load
from server_stub.tickets.models import Ticket
from tests.server_stub.intake.messages import an_event
from tests.support.databases import ServerDatabase
from tests.support.polling import until
from tests.support.rows import a_client, a_device, a_technician
from tests.support.server_process import ServerProcess

if TYPE_CHECKING:
    from agent.protocol.events import AlertEvent

DEVICES = 6
RESTARTS = 2


class Caller(threading.Thread):
    """Calls again and again by new connections, whatever becomes of them, and counts answers."""

    def __init__(self, address: str, token: str) -> None:
        super().__init__()
        self.address = address
        self.token = token
        self.answers: Counter[int] = Counter()
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.is_set():
            self.call()

    def call(self) -> None:
        self.ask("GET", "/api/v1/tickets", None)

    def ask(self, method: str, path: str, body: str | None) -> bytes:
        """Return the body of a 200, else nothing."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            told = answer.read()
        except (OSError, http.client.HTTPException):  # between two servers there is none
            self.stopping.wait(0.02)
            return b""
        finally:
            connection.close()
        self.answers[answer.status] += 1
        return told if answer.status == 200 else b""


class Reporter(Caller):
    """A device that keeps what was not acknowledged and sends it again, as the agent does."""

    def __init__(self, address: str, token: str) -> None:
        super().__init__(address, token)
        self.events: list[AlertEvent] = []
        self.acknowledged: list[str] = []

    def call(self) -> None:
        if len(self.events) == len(self.acknowledged):
            self.events.append(an_event(target=f"/volume{len(self.events)}"))
        told = self.ask("POST", "/api/v1/events", f'{{"events":[{self.events[-1].to_text()}]}}')
        if told:
            self.acknowledged += [receipt["id"] for receipt in json.loads(told)["receipts"]]


def test_restarts_under_load_lose_and_double_nothing(
    database: ServerDatabase, server_process: Callable[..., ServerProcess]
) -> None:
    found = load(DEFAULT)
    PolicyVersion.objects.create(name="default", hash=found.hash, text=found.text)
    client = a_client()
    tokens = [new_credential(CredentialPrefix.DEVICE) for _ in range(DEVICES)]
    for token in tokens:
        a_device(client, token_hash=credential_hash(token))
    key = new_api_key(a_technician("kim@example.org"))
    server = server_process(database)
    address = server.url.removeprefix("http://")
    devices = [Reporter(address, token) for token in tokens]
    callers = [*devices, Caller(address, key)]
    for one in callers:
        one.start()
    try:
        for restart in range(RESTARTS):
            more = [len(device.acknowledged) + 5 for device in devices]
            until(
                lambda more=more: all(  # type: ignore[misc] # a list of numbers
                    len(device.acknowledged) >= count
                    for device, count in zip(devices, more, strict=True)
                ),
                what=f"the load before restart {restart}",
                within_s=60,
            )
            assert server.stop() == 0, server.output()
            server = server_process(database, "--listen", address)
        more = [len(device.acknowledged) + 3 for device in devices]
        until(
            lambda: all(
                len(device.acknowledged) >= count
                for device, count in zip(devices, more, strict=True)
            ),
            what="the load after the last restart",
            within_s=60,
        )
    finally:
        for one in callers:
            one.stopping.set()
        for one in callers:
            one.join()
    server.stop()

    statuses = set().union(*(one.answers for one in callers))
    assert statuses <= {200, 503}
    kept = list(SeenEnvelope.objects.values_list("envelope_id", flat=True))
    acknowledged = {envelope for device in devices for envelope in device.acknowledged}
    assert acknowledged <= set(kept)
    assert set(kept) <= {event.id for device in devices for event in device.events}
    assert len(kept) == len(set(kept)) == Ticket.objects.count()
    assert "Traceback" not in server.output()


@pytest.mark.parametrize("signals", [1, 3])
def test_it_ends_in_time_however_often_it_is_told(
    sqlite: ServerDatabase, server_process: Callable[..., ServerProcess], signals: int
) -> None:
    server = server_process(sqlite)
    for _ in range(signals):
        server.process.terminate()

    assert server.process.wait(20) == 0
