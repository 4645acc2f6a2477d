"""A desk on an ordinary morning: three clients, eight tickets, nothing hostile.

What the browser stories and the picture in the README look at.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agent.protocol.device import CheckState
from agent.protocol.words import Evaluation, Priority, Source, Status
from server_stub.clients.models import Client, Device, Site
from server_stub.tickets.models import EntryKind, Ticket
from tests.support import desk_rows

ANA = "ana.sousa@desk.example"
_M = timedelta(minutes=1)
_H = timedelta(hours=1)


@dataclass(frozen=True)
class DeskDemo:
    """What the stories need to name."""

    harbour: tuple[Client, Site]
    disk: Ticket
    front_desk: Device


def checks(now: datetime) -> list[CheckState]:
    """Return the states of an office computer's checks."""
    state = desk_rows.check_state
    return [
        state(
            "disk-space-workstation",
            "C:",
            Evaluation.CRITICAL,
            summary="free_percent 1.4 %, free_bytes 3.2 GiB",
            since=(now - 18 * _M).isoformat(),
        ),
        state("disk-space-workstation", "D:", summary="free_percent 61 %, free_bytes 570 GiB"),
        state("memory-pressure", "memory", summary="available_percent 37 %", check="memory"),
        state("cpu-busy", "cpu", summary="busy_percent 12 %", check="cpu"),
        state("print-spooler", "Spooler", summary="state running", check="service"),
        state(
            "practice-database",
            "192.168.14.10:1433",
            Evaluation.UNKNOWN,
            summary="no answer within 10 s",
            since=(now - 4 * _M).isoformat(),
            check="tcp",
        ),
    ]


def morning(now: datetime) -> DeskDemo:
    """Write the desk's rows as they stand at ``now``."""
    harbour = desk_rows.client("Harbour Dental", "Quay Street")
    baker = desk_rows.client("Baker & Finch Solicitors", "Head office")
    north = desk_rows.client("Northgate Logistics", "Warehouse 2")
    front = desk_rows.device(
        harbour, "FRONTDESK-03", now=now, facts=desk_rows.FACTS, checks=checks(now)
    )
    files = desk_rows.device(baker, "bf-files-01", now=now, kind="server", os="linux")
    scale = desk_rows.device(north, "NG-SCALE-PC", now=now, silent=3 * _H)
    laptop = desk_rows.device(baker, "BF-LT-0147", now=now, kind="laptop")
    host = desk_rows.device(north, "ng-hv-02", now=now, kind="server", os="linux")

    def add(of: tuple[Client, Site], number: int, title: str, **more: Any) -> Ticket:
        return desk_rows.ticket(of, title, id=number, now=now, **more)

    add(
        north,
        1042,
        "RAID md0 is degraded: 1 of 2 disks left",
        on=host,
        age=95 * _M,
        priority=Priority.URGENT,
    )
    disk = _disk(add(harbour, 1041, "Low disk space on C: – 3.2 GiB free", on=front, age=48 * _M))
    add(
        baker,
        1043,
        "Cannot open the shared calendar since this morning",
        on=laptop,
        age=41 * _M,
        priority=Priority.HIGH,
        source=Source.TRAY,
        evaluation=None,
    )
    samba = add(
        baker,
        1038,
        "Service smbd stopped and was restarted 3 times",
        on=files,
        age=26 * _H,
        priority=Priority.URGENT,
        status=Status.OPEN,
        occurrences=3,
    )
    certificate = add(
        harbour,
        1034,
        "Certificate of imaging.harbourdental.example ends in 12 days",
        age=49 * _H,
        priority=Priority.LOW,
        evaluation=Evaluation.WARNING,
        status=Status.OPEN,
    )
    printer = add(
        north,
        1040,
        "Label printer in bay 4 prints half a label",
        age=5 * _H,
        source=Source.PHONE,
        evaluation=None,
        status=Status.OPEN,
    )
    backup = add(
        north,
        1039,
        "No backup of last night on NG-SCALE-PC",
        on=scale,
        age=3 * _H,
        evaluation=Evaluation.UNKNOWN,
        status=Status.OPEN,
    )
    starter = add(
        baker,
        1031,
        "New starter on Monday: laptop, mailbox and key card",
        age=95 * _H,
        source=Source.EMAIL,
        priority=Priority.LOW,
        evaluation=None,
        status=Status.WAITING,
    )
    for row in (samba, certificate, printer, backup, starter):
        desk_rows.entry(row, EntryKind.REPLY, row.created_at + 25 * _M, actor=ANA, body="On it.")
    waits = {"from": "open", "to": "waiting"}
    desk_rows.entry(starter, EntryKind.STATUS, now - 20 * _H, actor=ANA, payload=waits)
    for row in Ticket.objects.select_related("site"):
        desk_rows.settle_clocks(row, now)
    return DeskDemo(harbour, disk, front)


def _disk(row: Ticket) -> Ticket:
    """Tell how the disk filled: a warning of low priority first, then critical and high."""
    row.timeline.update(
        payload=desk_rows.payload_text(
            row,
            condition="free_percent < 10 and free_bytes < 20 GiB",
            evaluation={"to": "warning"},
            priority="low",
            readings=[
                {"metric": "free_percent", "value": 5.6, "unit": "percent"},
                {"metric": "free_bytes", "value": 14_388_097_024, "unit": "bytes"},
            ],
        ),
        body="Low disk space on C: – 13 GiB free",
        device_at=row.created_at - 7 * _M,
    )
    graver = row.created_at + 30 * _M
    judged = {"evaluation": {"from": "warning", "to": "critical"}, "change": "changed"}
    desk_rows.entry(
        row,
        EntryKind.CHANGED,
        graver,
        body=row.title,
        payload=desk_rows.monitor_payload(row, **judged, **desk_rows.BESIDE),
        device_at=graver - 7 * _M,
    )
    tried = desk_rows.a_try(graver - 2 * _M, "not_healed", "13 GiB free before, 13 GiB after")
    desk_rows.entry(row, EntryKind.TRIED, graver, payload={"tried": [tried]})
    desk_rows.entry(
        row,
        EntryKind.PRIORITY,
        graver,
        body="Priority low → high, as the monitor's rule says.",
        payload={"from": "low", "to": "high"},
    )
    Ticket.objects.filter(id=row.id).update(priority=Priority.HIGH, updated_at=graver)
    row.refresh_from_db()
    return row
