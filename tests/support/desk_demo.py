"""A desk on an ordinary morning: three clients, eight tickets, nothing hostile.

What the screenshots and the browser stories look at.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.protocol.device import CheckState
from agent.protocol.words import Evaluation, Priority, Source, Status
from server_stub.clients.models import Client, Device, Site
from server_stub.tickets.models import EntryKind, Ticket
from tests.support import desk_rows

_M = timedelta(minutes=1)
_H = timedelta(hours=1)


@dataclass(frozen=True)
class DeskDemo:
    """What the stories need to name."""

    harbour: tuple[Client, Site]
    disk: Ticket
    front_desk: Device


def checks() -> list[CheckState]:
    """Return the states of an office computer's checks."""
    state = desk_rows.check_state
    return [
        state(
            "disk-space-workstation",
            "C:",
            Evaluation.CRITICAL,
            summary="free_percent 1.4 %, free_bytes 3.2 GiB",
            since="2026-11-21T09:27:00.000Z",
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
            since="2026-11-21T09:40:00.000Z",
            check="tcp",
        ),
    ]


def morning(now: datetime) -> DeskDemo:
    """Write the desk's rows as they stand at ``now``."""
    harbour = desk_rows.client("Harbour Dental", "Quay Street")
    baker = desk_rows.client("Baker & Finch Solicitors", "Head office")
    north = desk_rows.client("Northgate Logistics", "Warehouse 2")
    front = desk_rows.device(
        harbour, "FRONTDESK-03", now=now, facts=desk_rows.FACTS, checks=checks()
    )
    files = desk_rows.device(baker, "bf-files-01", now=now, kind="server", os="linux")
    scale = desk_rows.device(north, "NG-SCALE-PC", now=now, silent=3 * _H)
    laptop = desk_rows.device(baker, "BF-LT-0147", now=now, kind="laptop")
    host = desk_rows.device(north, "ng-hv-02", now=now, kind="server", os="linux")
    desk_rows.ticket(
        north,
        "RAID md0 is degraded: 1 of 2 disks",
        now=now,
        on=host,
        age=95 * _M,
        response_in=-35 * _M,
        resolution_in=145 * _M,
        priority=Priority.URGENT,
        occurrences=1,
    )
    disk = _disk_ticket(harbour, front, now)
    desk_rows.ticket(
        baker,
        "Cannot open the shared calendar since this morning",
        now=now,
        on=laptop,
        age=40 * _M,
        response_in=20 * _M,
        source=Source.TRAY,
        evaluation=None,
    )
    desk_rows.ticket(
        baker,
        "Service smbd has stopped and was restarted 3 times",
        now=now,
        on=files,
        age=70 * _M,
        response_in=None,
        resolution_in=170 * _M,
        priority=Priority.HIGH,
        status=Status.OPEN,
        occurrences=3,
    )
    desk_rows.ticket(
        harbour,
        "Certificate of imaging.harbourdental.example ends in 12 days",
        now=now,
        age=26 * _H,
        response_in=None,
        resolution_in=30 * _H,
        priority=Priority.LOW,
        evaluation=Evaluation.WARNING,
        status=Status.OPEN,
    )
    desk_rows.ticket(
        north,
        "Label printer in bay 4 prints half a label",
        now=now,
        age=5 * _H,
        response_in=None,
        resolution_in=52 * _H,
        source=Source.PHONE,
        evaluation=None,
        status=Status.OPEN,
    )
    desk_rows.ticket(
        north,
        "NG-SCALE-PC: the backup of last night is missing",
        now=now,
        on=scale,
        age=3 * _H,
        response_in=None,
        resolution_in=73 * _H,
        evaluation=Evaluation.UNKNOWN,
        status=Status.OPEN,
    )
    desk_rows.ticket(
        baker,
        "New starter on Monday: laptop, mailbox and key card",
        now=now,
        age=50 * _H,
        response_in=None,
        resolution_in=None,
        source=Source.EMAIL,
        priority=Priority.LOW,
        evaluation=None,
        status=Status.WAITING,
    )
    return DeskDemo(harbour, disk, front)


def _disk_ticket(harbour: tuple[Client, Site], front: Device, now: datetime) -> Ticket:
    warned = now - 48 * _M
    row = desk_rows.ticket(
        harbour,
        now=now,
        on=front,
        age=48 * _M,
        title="Low disk space on C: – 3.2 GiB free",
        response_in=12 * _M,
        resolution_in=192 * _M,
        priority=Priority.HIGH,
    )
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
        device_at=warned - 7 * _M,
    )
    later = now - 18 * _M
    desk_rows.entry(
        row,
        EntryKind.CHANGED,
        later,
        body=row.title,
        payload=desk_rows.monitor_payload(
            row, evaluation={"from": "warning", "to": "critical"}, change="changed"
        ),
        device_at=later - 7 * _M,
    )
    desk_rows.entry(
        row,
        EntryKind.PRIORITY,
        later,
        body="Priority low → high, as the monitor's rule says.",
        payload={"from": "low", "to": "high"},
    )
    desk_rows.entry(
        row,
        EntryKind.NOTE,
        now - 6 * _M,
        actor="ana.sousa@desk.example",
        body="Practice software keeps its X-ray cache on C:. Asked the vendor for the setting.",
    )
    return row
