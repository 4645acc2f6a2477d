"""The figures a Prometheus reads."""

import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agent.protocol.credentials import CredentialPrefix, credential_hash, new_credential
from server_stub import metrics
from server_stub.fleet.models import LastSweep
from server_stub.scrape import Counted
from tests.server_stub.intake.messages import a_heartbeat, an_event
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW, a_client, a_device, a_policy_version, a_ticket
from tests.support.server_process import ServerProcess

SAMPLE = re.compile(
    r'[a-z_]+(\{[a-z_]+="([^"\\\n]|\\.)*"(,[a-z_]+="([^"\\\n]|\\.)*")*\})? (\+Inf|-?[0-9.e-]+)'
)


def test_a_counter_counts_by_its_labels_from_many_threads() -> None:
    counter = metrics.Counter("things_total", "Things.", ["kind"])

    def count() -> None:
        for _ in range(1_000):
            counter.add("small")

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert list(counter.samples()) == ['things_total{kind="small"} 8000']


def test_a_histograms_buckets_add_up() -> None:
    histogram = metrics.Histogram("size", "Sizes.", [1, 10])
    for value in (0.5, 1, 2, 10, 11, 1_000):
        histogram.observe(value)

    assert list(histogram.samples()) == [
        'size_bucket{le="1"} 2',
        'size_bucket{le="10"} 4',
        'size_bucket{le="+Inf"} 6',
        "size_sum 1024.5",
        "size_count 6",
    ]


def test_label_values_are_escaped() -> None:
    counter = metrics.Counter("c_total", "C.", ["l"])
    counter.add('a"b\\c\nd')

    assert list(counter.samples()) == ['c_total{l="a\\"b\\\\c\\nd"} 1']


def test_tickets_and_devices_are_counted_once_a_minute_at_most(database: ServerDatabase) -> None:
    client = a_client()
    now = datetime.now(UTC)
    a_ticket(client, priority="high")
    a_ticket(client, priority="high")
    a_ticket(client, priority="high", status="resolved", resolved_at=now)
    a_device(client, last_seen_at=now)
    a_device(client, last_seen_at=now - timedelta(minutes=16))
    counted = Counted()

    assert counted.tickets() == {("high",): 2}
    with CaptureQueriesContext(connection) as queries:
        assert counted.devices() == {("known",): 2, ("recent",): 1}
        assert counted.tickets() == {("high",): 2}
    assert len(queries) == 0


def scraped(url: str) -> dict[str, float]:
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - loopback
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = answer.read().decode().splitlines()
    samples = [line for line in lines if not line.startswith("#")]
    assert [line for line in samples if not SAMPLE.fullmatch(line)] == []
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in samples)}


def test_a_served_process_tells_what_it_did_on_a_bind_of_its_own(
    database: ServerDatabase, server_process: Callable[..., ServerProcess]
) -> None:
    a_policy_version()
    token = new_credential(CredentialPrefix.DEVICE)
    a_device(a_client(), token_hash=credential_hash(token))
    LastSweep.objects.create(at=NOW, hears_since=NOW)
    server = server_process(database, "--metrics", "127.0.0.1:0")
    figures = next(
        line.removeprefix("metrics on ")
        for line in server.output().splitlines()
        if line.startswith("metrics on ")
    )
    events = f'{{"events":[{an_event(target="/a").to_text()},{an_event(target="/b").to_text()}]}}'
    for route, body in (("events", events), ("heartbeat", a_heartbeat().to_text())):
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{server.url}/api/v1/{route}",
            data=body.encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 - loopback

    found = scraped(figures)

    assert found['watchdesk_requests_total{route="events",status="200"}'] == 1
    assert found["watchdesk_intake_group_envelopes_sum"] == 2
    assert found["watchdesk_intake_commit_seconds_count"] == 1
    assert found["watchdesk_heartbeats_total"] == 1
    assert "watchdesk_intake_waiting" in found
    assert sum(n for name, n in found.items() if name.startswith("watchdesk_tickets_")) == 2
    assert found['watchdesk_devices{state="known"}'] == 1
    assert found["watchdesk_fleet_swept_timestamp_seconds"] == NOW.timestamp()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{server.url}/metrics", timeout=30)  # noqa: S310 - loopback
