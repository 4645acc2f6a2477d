"""A site falls silent and comes back: a real agent, ``serve``, and two workers on one PostgreSQL.

The other devices of the site are rows. Nobody waits a quarter of an hour: when everything was
heard last is put back.
"""

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from server_stub.clients.models import Device
from server_stub.fleet.due import RECURRING
from server_stub.fleet.models import LastSweep, Member, Outage, Watch
from server_stub.fleet.parents import OUTAGE
from server_stub.intake.models import LastWord
from server_stub.tickets.models import Ticket, TimelineEntry
from server_stub.work.models import DueWork
from server_stub.work.recurring import plant
from tests.end_to_end.conftest import Desk
from tests.support.agent_process import AgentProcess
from tests.support.databases import ServerDatabase
from tests.support.polling import until
from tests.support.rows import a_device, a_site
from tests.support.server_process import (
    PROJECT,
    ServerProcess,
    server_command,
    server_environment,
)

RULES = """
version: 1
rules:
  - name: service
    why: a test
    check: tcp
    targets: {include: ["127.0.0.1:9"]}
    critical: {when: state == open, for: 1h, priority: high}
    ticket: {title: "something answers on {target}"}
"""
AGO = timedelta(minutes=20)


@pytest.fixture
def desk(
    postgresql: ServerDatabase, server_process: Callable[..., ServerProcess], tmp_path: Path
) -> Desk:
    """A server that leaves due work to others."""
    return Desk(postgresql, lambda *given: server_process(*given, "--no-worker"), tmp_path)


@pytest.fixture
def _workers(desk: Desk) -> Iterator[None]:
    """Two processes that do due work, the fleet's alone."""
    plant(RECURRING, timezone.now())
    with (desk.database.data / "workers.log").open("wb") as log:
        started = [
            subprocess.Popen(
                server_command("worker"),
                cwd=PROJECT,
                env=server_environment(desk.database),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            for _ in range(2)
        ]
    yield
    for one in started:
        one.terminate()
    for one in started:
        one.wait(30)


def swept(look: Callable[[], bool]) -> Callable[[], bool]:
    """Have the fleet looked over again and again until what is looked for is there."""

    def again() -> bool:
        DueWork.objects.filter(kind="fleet").update(due_at=timezone.now())
        return look()

    return again


def is_one_outage() -> bool:
    """Put back, too, since when the server hears; a sweep under way may write that again."""
    LastSweep.objects.update(hears_since=datetime(2026, 1, 1, tzinfo=UTC))
    Watch.objects.update(look_at=timezone.now())
    return Ticket.objects.filter(fingerprint=OUTAGE).exists()


def is_over() -> bool:
    Device.objects.filter(name__startswith="pc-").update(last_seen_at=timezone.now())
    return Outage.objects.get().ended_at is not None


@pytest.mark.usefixtures("_workers")
def test_a_site_falls_silent_and_comes_back_as_one_ticket(desk: Desk) -> None:
    desk.enrol("--kind", "server")
    agent = AgentProcess(desk.state, desk.rules(RULES))
    until(lambda: agent.status()["delivery"]["last_success_at"], what="its heartbeat")
    site = a_site(desk.client, "Lyon")
    real = Device.objects.get()
    Device.objects.update(site=site)
    others = [a_device(desk.client, site=site, kind="server") for _ in range(3)]
    until(swept(LastSweep.objects.exists), what="a first sweep")

    agent.kill()
    desk.stop_server()  # it writes what it heard last
    Device.objects.update(last_seen_at=timezone.now() - AGO)
    desk.start_server()
    until(swept(is_one_outage), what="the outage's ticket")

    assert set(Member.objects.values_list("device", flat=True)) == {
        real.id,
        *(one.id for one in others),
    }
    assert not LastWord.objects.exists(), "a power cut leaves no word"

    agent = AgentProcess(desk.state, desk.rules(RULES))
    until(swept(is_over), what="its end")

    parent = Ticket.objects.get()
    assert parent.status == "resolved"
    assert set(Member.objects.values_list("heard", flat=True)) == {True}
    kinds = list(TimelineEntry.objects.order_by("id").values_list("kind", flat=True))
    assert (kinds.count("opened"), kinds.count("resolved")) == (1, 1)
    assert agent.stop() == 0
    until(lambda: LastWord.objects.filter(word="stopped").exists(), what="its last word")
