"""Rows of a small desk for tests of what reads them: clients, devices, tickets, technicians.

Everything is written through the models, at instants given by the test.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password

import server_stub
from agent.protocol.device import CheckState, Heartbeat
from agent.protocol.ids import uuid7
from agent.protocol.words import Evaluation, Priority, Source, Status
from server_stub.clients.models import Client, Device, Site
from server_stub.desk.models import Technician
from server_stub.sla import clocks
from server_stub.sla.models import Clock, ClockState, PolicyVersion
from server_stub.tickets.models import NOT_DUE, EntryKind, Ticket, TimelineEntry

_DEFAULT_POLICY = Path(server_stub.__file__).parent / "sla" / "policies" / "default.yaml"

PASSWORD = "correct horse battery staple"

FACTS: dict[str, Any] = {
    "computer": {
        "name": "FRONTDESK-03",
        "kind": "workstation",
        "maker": "HP",
        "model": "EliteDesk 800 G6",
    },
    "serial": "5CG2140XYZ",
    "user": "HARBOUR\\reception",
    "boot_at": "2026-11-17T06:58:00Z",
    "os": {"name": "Windows 11 Pro", "version": "23H2", "build": "22631.4460", "arch": "AMD64"},
    "memory": {"total_bytes": 17_058_197_504, "swap_bytes": 2_550_136_832},
    "volumes": [
        {"target": "C:", "type": "NTFS", "total_bytes": 255_328_219_136, "free_percent": 0},
        {"target": "D:", "type": "NTFS", "total_bytes": 1_000_202_039_296, "free_percent": 60},
    ],
    "network": [
        {
            "name": "Ethernet",
            "mac": "84:a9:3e:10:22:7f",
            "addresses": ["192.168.14.23"],
            "gateways": ["192.168.14.1"],
            "dns": ["192.168.14.10"],
        }
    ],
}
"""What a computer at a front desk tells of itself."""

BESIDE: dict[str, Any] = {
    "about": "Samsung SSD 980 500GB, serial S64DNL0T612345",
    "series": [
        {
            "metric": "free_bytes",
            "unit": "bytes",
            "points": [
                [before_s, 3_435_973_837 + before_s * 600_000]
                for before_s in range(21_600, -1, -600)
                if not 5_000 < before_s < 12_000
            ],
        },
        {"metric": "free_percent", "unit": "percent", "points": [[21_600, 6.6], [0, 1.4]]},
    ],
    "evidence": [
        {
            "title": "Largest folders",
            "lines": ["C:/Imaging 141 GiB", "C:/Windows 31 GiB", "C:/Users/reception 22 GiB"],
        },
        {"title": "What changed", "lines": ["started 4 d 3 h ago", "rules changed 2 d ago"]},
    ],
}
"""What an alert event may bring beside its readings, as the intake keeps it."""

DISK_READINGS: list[dict[str, Any]] = [
    {"metric": "free_percent", "value": 1.4, "unit": "percent"},
    {"metric": "free_bytes", "value": 3_435_973_837, "unit": "bytes"},
]


def technician(
    email: str = "ana.sousa@desk.example",
    *,
    name: str = "Ana Sousa",
    only: Iterable[Client] | None = None,
) -> Technician:
    """Add a technician whose password is ``PASSWORD``, limited to the clients ``only`` if given."""
    row = Technician(email=email, name=name, role="technician", limited=only is not None)
    row.password = _password_hash()
    row.save()
    row.clients.set(only or ())
    return row


@cache
def _password_hash() -> str:
    """Return the hash of ``PASSWORD``, which is slow on purpose: once is enough."""
    return make_password(PASSWORD)


def client(name: str = "Harbour Dental", site: str = "Quay Street") -> tuple[Client, Site]:
    """Add a client with one site."""
    row = Client.objects.create(name=name)
    return row, Site.objects.create(client=row, name=site, time_zone="Europe/London")


def device(
    of: tuple[Client, Site],
    name: str = "FRONTDESK-03",
    *,
    now: datetime,
    kind: str = "workstation",
    os: str = "windows",
    facts: Mapping[str, Any] | None = None,
    checks: Iterable[CheckState] = (),
    silent: timedelta = timedelta(seconds=40),
) -> Device:
    """Add a device that was heard ``silent`` ago, telling ``facts`` and ``checks``."""
    owner, site = of
    text = json.dumps(facts) if facts is not None else ""
    heartbeat = Heartbeat(
        at=(now - silent).isoformat(),
        agent_version="0.1.0",
        boot_at=(now - timedelta(days=4)).isoformat(),
        checks=tuple(checks),
    )
    return Device.objects.create(
        id=uuid7(),
        client=owner,
        site=site,
        name=name,
        kind=kind,
        os=os,
        agent_version="0.1.0",
        token_hash=hashlib.sha256(uuid7().encode()).hexdigest(),
        facts=text,
        facts_hash=hashlib.sha256(text.encode()).hexdigest() if text else "",
        facts_at=now - timedelta(hours=3) if text else None,
        heartbeat=heartbeat.to_text() if heartbeat.checks else "",
        boot_at=now - timedelta(days=4),
        enrolled_at=now - timedelta(days=30),
        last_seen_at=now - silent,
    )


def check_state(
    rule: str,
    target: str,
    evaluation: Evaluation = Evaluation.OK,
    *,
    summary: str = "",
    since: str = "2026-11-18T08:12:00.000Z",
    check: str = "disk.space",
) -> CheckState:
    """Return how one rule judges one target."""
    return CheckState(rule, check, target, evaluation, since, summary)


def ticket(
    of: tuple[Client, Site],
    title: str = "Low disk space on C:: 3.2 GiB free",
    *,
    now: datetime,
    on: Device | None = None,
    response_in: timedelta | None = timedelta(minutes=12),
    resolution_in: timedelta | None = timedelta(hours=6),
    age: timedelta = timedelta(minutes=18),
    priority: Priority = Priority.NORMAL,
    evaluation: Evaluation | None = Evaluation.CRITICAL,
    status: Status = Status.NEW,
    source: Source = Source.MONITOR,
    **columns: Any,
) -> Ticket:
    """Add a ticket ``age`` old with its clocks (None: stopped) and its first timeline entry."""
    resolved = status in (Status.RESOLVED, Status.CLOSED)
    dues = [now + span for span in (response_in, resolution_in) if span is not None]
    row = Ticket.objects.create(
        client=of[0],
        site=of[1],
        device=on,
        title=title,
        status=status,
        priority=priority,
        source=source,
        evaluation=evaluation or "",
        facts_hash=on.facts_hash if on else "",
        created_at=now - age,
        updated_at=now - age,
        resolved_at=now if resolved else None,
        next_due_at=NOT_DUE if resolved or not dues else min(dues),
        **columns,
    )
    for name, span in (("response", response_in), ("resolution", resolution_in)):
        Clock.objects.create(
            ticket=row,
            policy_version=policy(),
            name=name,
            state=ClockState.STOPPED if span is None or resolved else ClockState.RUNNING,
            started_at=now - age,
            due_at=now + span if span is not None else None,
            stopped_at=now if span is None or resolved else None,
        )
    if source is Source.MONITOR:
        entry(row, EntryKind.OPENED, now - age, body=title, payload=monitor_payload(row))
    else:
        entry(row, EntryKind.OPENED, now - age, actor="reception@harbour.example", body=title)
    return row


def settle_clocks(row: Ticket, now: datetime) -> None:
    """Set a ticket's clocks and its next due instant to what its timeline makes them."""
    zone = row.site.time_zone if row.site else "UTC"
    accounts = clocks.account(
        clocks.policy_of(policy()), row, row.timeline.order_by("id"), now, zone
    )
    row.clocks.all().delete()
    for account in accounts:
        Clock.objects.create(ticket=row, policy_version=policy(), **clocks.columns(account))
    row.next_due_at = clocks.next_due(accounts) or NOT_DUE
    row.save()


def monitor_payload(row: Ticket, **members: Any) -> dict[str, Any]:
    """Return what the intake keeps of an alert event on the timeline."""
    told: dict[str, Any] = {
        "rule": "disk-space-workstation",
        "check": "disk.space",
        "target": "C:",
        "change": "opened",
        "condition": "free_percent < 10 and free_bytes < 4 GiB",
        "advice": "Empty the recycle bin and the download folder, then run Disk Clean-up.",
        "readings": DISK_READINGS,
        "evaluation": {"to": row.evaluation},
        "priority": row.priority,
    }
    return told | members


def a_try(at: datetime, outcome: str, detail: str = "") -> dict[str, str]:
    """Return one attempt to heal, as the intake keeps it."""
    action = "clean the temporary files"
    return {"action": action, "at": at.isoformat(), "outcome": outcome, "detail": detail}


def payload_text(row: Ticket, **members: Any) -> str:
    """Return ``monitor_payload`` as it is stored."""
    return json.dumps(monitor_payload(row, **members))


def entry(
    row: Ticket,
    kind: EntryKind,
    at: datetime,
    *,
    actor: str = "monitor",
    body: str = "",
    payload: Mapping[str, Any] | None = None,
    device_at: datetime | None = None,
) -> TimelineEntry:
    """Add an entry to a ticket's timeline."""
    return TimelineEntry.objects.create(
        ticket=row,
        kind=kind,
        at=at,
        device_at=device_at,
        actor=actor,
        channel=row.source,
        body=body,
        payload=json.dumps(payload) if payload else "",
    )


def policy() -> PolicyVersion:
    """Return the one policy version that clocks follow, added when it is not there."""
    text = _DEFAULT_POLICY.read_text(encoding="utf-8")
    row, _ = PolicyVersion.objects.get_or_create(
        hash=hashlib.sha256(text.encode()).hexdigest(), defaults={"name": "default", "text": text}
    )
    return row
