"""Three clients, each with one row of everything, and a word of its own in every text.

Two of them are hostile: they call their tickets what would put them into the searches of the
first one, were the index's marks words that a text can hold, and more of them than a page takes.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from agent.protocol.credentials import CredentialPrefix, credential_hash, new_credential
from agent.protocol.device import Heartbeat
from server_stub.audit.record import record
from server_stub.clients.models import Agreement, Client, Covered, Device, EnrolmentToken, Site
from server_stub.contacts.models import Attachment, Contact, Report
from server_stub.intake.models import FactsRecord
from server_stub.knowledge.models import Note, Solution
from server_stub.quiet.models import HeldBack, MaintenanceWindow
from server_stub.sla.models import Clock, PolicyVersion
from server_stub.tickets.models import (
    NOT_DUE,
    EntryKind,
    Link,
    Notice,
    Participant,
    Ticket,
    TimelineEntry,
)
from server_stub.tickets.words import MARK
from tests.support import desk_rows
from tests.support.filed_reports import a_filed_report, a_kept_file
from tests.support.fleet_rows import a_held_back, a_member, a_window
from tests.support.rows import NOW, a_client, a_clock, a_note, a_site, a_ticket, an_entry


@dataclass(frozen=True)
class World:
    """One client's rows; ``canary`` stands in each text of them and nowhere else."""

    canary: str
    client: Client
    site: Site
    device: Device
    ticket: Ticket
    resolved: Ticket
    entry: TimelineEntry
    clock: Clock
    device_token: str
    enrolment_token: str
    report: Report
    attachment: Attachment
    note: Note

    @property
    def link(self) -> Link:
        """Return the link from its ticket to its resolved one."""
        return Link.objects.get(ticket=self.ticket)

    @property
    def participant(self) -> Participant:
        """Return who takes part in its ticket."""
        return Participant.objects.filter(ticket=self.ticket).earliest("id")

    @property
    def notice(self) -> Notice:
        """Return what is told of its ticket."""
        return Notice.objects.filter(ticket=self.ticket).earliest("id")

    @property
    def alike(self) -> Ticket:
        """Return what may be the same matter."""
        return self.ticket

    @property
    def accepted(self) -> Ticket:
        """Return the ticket whose condition is accepted."""
        return self.resolved

    @property
    def tickets(self) -> frozenset[int]:
        """Return the numbers of all its tickets."""
        return frozenset(Ticket.objects.filter(client=self.client).values_list("id", flat=True))

    @cached_property
    def names(self) -> dict[str, str]:
        """Return what an address may name of it: looked up once, for thousands of requests."""
        return {
            "client": str(self.client.id),
            "client_name": self.client.name,
            "site": str(self.site.id),
            "site_name": self.site.name,
            "device": self.device.id,
            "ticket": str(self.ticket.id),
            "report": self.report.envelope_id,
            "attachment": str(self.attachment.id),
            "note": str(self.note.id),
            "window": str(MaintenanceWindow.objects.get(reason=self.canary).id),
            "agreement": str(Agreement.objects.filter(client=self.client).earliest("id").id),
            "contact": f"{self.report.contact.pk:012}",
            "word": self.canary,
        }


NOTHING = {
    "client": "710999",
    "client_name": "canarynowherez client",
    "site": "720999",
    "site_name": "canarynowherez site",
    "device": "01930000-0000-7000-8000-000000000000",
    "ticket": "730999",
    "report": "01930000-0000-7000-8000-000000000999",
    "attachment": "760999",
    "note": "770999",
    "window": "780999",
    "agreement": "790999",
    "contact": "000000000999",
    "word": "canarynowherez",
}
"""What an address may name that is not there; as long as the names that are."""


def a_world(name: str, number: int, policy: PolicyVersion) -> World:
    """Write one client's rows, under numbers that stand nowhere by chance."""
    canary = f"canary{name}"
    client = a_client(f"{canary} client", id=710_000 + number)
    site = a_site(client, f"{canary} site", id=720_000 + number)
    device_token = new_credential(CredentialPrefix.DEVICE)
    device = desk_rows.device(
        (client, site),
        f"{canary} pc",
        now=NOW,
        facts={"computer": canary, "os": {"name": canary}},
        checks=[desk_rows.check_state(f"{canary}-rule", canary, summary=canary)],
    )
    device.token_hash = credential_hash(device_token)
    device.save()
    enrolment_token = new_credential(CredentialPrefix.ENROLMENT)
    EnrolmentToken.objects.create(
        client=client,
        site=site,
        token_hash=credential_hash(enrolment_token),
        uses=1_000,
        expires_at=NOW + timedelta(days=3_000),
    )
    held = json.dumps({"computer": f"{canary} then"})
    FactsRecord.objects.create(device=device, hash=canary.ljust(64, "0"), text=held)
    fields = {
        "site": site,
        "device": device,
        "fingerprint": canary,
        "facts_hash": canary.ljust(64, "0"),
        "next_due_at": NOW + timedelta(hours=1),
        "updated_at": NOW,
        "created_at": NOW,
    }
    desk_rows.technician(f"kim@{canary}.example", only=[client])
    ticket = a_ticket(client, f"{canary} ticket", id=730_000 + number, **fields)
    done = {
        "id": 740_000 + number,
        "status": "resolved",
        "resolved_at": NOW,
        "accepted_until": NOT_DUE,
    }
    resolved = a_ticket(client, f"{canary} resolved", **fields, **done)
    for one in (ticket, resolved):
        payload = json.dumps({"rule": canary, "check": canary, "target": canary})
        an_entry(one, EntryKind.OPENED, at=NOW, body=canary, actor="monitor", payload=payload)
    entry = an_entry(ticket, EntryKind.NOTE, at=NOW, body=f"{canary} note", actor="a@b.example")
    Link.objects.create(ticket=ticket, other=resolved, kind="related", actor=f"a@{canary}.example")
    Participant.objects.create(ticket=ticket, email=f"rui@{canary}.example", name=canary)
    Notice.objects.create(ticket=ticket, kind="warning", to=canary, text=canary, send_at=NOW)
    report = a_filed_report(ticket, canary)
    attachment = a_kept_file(report, canary)
    note = a_note(client, f"{canary} note", id=770_000 + number, text=canary, words=canary)
    window = a_window(
        client, id=780_000 + number, reason=canary, site=site, created_by=f"kim@{canary}.example"
    )
    agreement = Agreement.objects.create(
        id=790_000 + number, client=client, name=canary, starts=NOW.date(), whole=False
    )
    Covered.objects.create(agreement=agreement, site=site)
    a_held_back(device, window=window, title=canary, fingerprint=canary, who=canary)
    a_member(device, ticket, site)
    record(f"kim@{canary}.example", "page", canary, canary, client_id=client.id, now=NOW)
    if number != 1:
        a_flood(client, canary, 700_000 + 1_000 * number)
    clock = a_clock(ticket, "resolution", policy_version=policy, due_at=NOW + timedelta(hours=1))
    return World(
        canary,
        client,
        site,
        device,
        ticket,
        resolved,
        entry,
        clock,
        device_token,
        enrolment_token,
        report,
        attachment,
        note,
    )


def a_flood(client: Client, canary: str, first: int) -> None:
    """Write older tickets, resolved ones, whose titles look like the index's marks of client 1."""
    marks = " ".join(
        f"{sign}{word}" for sign in ("zq", MARK) for word in ("client710001", "statusnew")
    )
    Ticket.objects.bulk_create(
        Ticket(
            id=first + n,
            client=client,
            title=f"{canary} ticket pc {marks}",
            priority="normal",
            status="resolved",
            created_at=NOW,
            updated_at=NOW,
            resolved_at=NOW,
        )
        for n in range(60)
    )


def snapshot(world: World) -> dict[str, object]:
    """Return everything the database has of a client, to tell whether anybody changed it."""
    tickets = Ticket.objects.filter(client=world.client)
    return {
        "client": list(Client.objects.filter(id=world.client.id).values()),
        "sites": list(Site.objects.filter(client=world.client).order_by("id").values()),
        "devices": list(Device.objects.filter(client=world.client).order_by("id").values()),
        "tickets": list(tickets.order_by("id").values()),
        "timeline": list(TimelineEntry.objects.filter(ticket__in=tickets).order_by("id").values()),
        "links": list(Link.objects.filter(ticket__in=tickets).order_by("id").values()),
        "participants": list(
            Participant.objects.filter(ticket__in=tickets).order_by("id").values()
        ),
        "notices": list(Notice.objects.filter(ticket__in=tickets).order_by("id").values()),
        "contacts": list(Contact.objects.filter(client=world.client).order_by("id").values()),
        "reports": list(Report.objects.filter(ticket__in=tickets).order_by("id").values()),
        "attachments": list(Attachment.objects.filter(ticket__in=tickets).order_by("id").values()),
        "windows": list(MaintenanceWindow.objects.filter(client=world.client).values()),
        "held": list(HeldBack.objects.filter(client=world.client).values()),
        "agreements": list(Agreement.objects.filter(client=world.client).values()),
        "notes": list(Note.objects.filter(client=world.client).order_by("id").values()),
        "solutions": list(Solution.objects.filter(note=world.note).order_by("id").values()),
        "clocks": list(Clock.objects.filter(ticket__in=tickets).order_by("id").values()),
    }


def a_heartbeat() -> str:
    """Return the text of a heartbeat."""
    return Heartbeat(at=NOW.isoformat(), agent_version="0.1.0", boot_at=NOW.isoformat()).to_text()
