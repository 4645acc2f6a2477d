"""What is too old is shown first, then removed; what is worked on and the ledgers stay."""

import json
import os
from datetime import timedelta

import pytest
from django.db import transaction

from server_stub.audit.models import AuditEntry, Seal
from server_stub.audit.record import record
from server_stub.audit.sealing import seal_new, verify
from server_stub.clients.models import Device
from server_stub.contacts import attachments
from server_stub.contacts.attachments import path_of
from server_stub.contacts.models import Attachment, Report
from server_stub.errors import InvalidError
from server_stub.intake.models import FactsRecord
from server_stub.quiet.models import HeldBack
from server_stub.retention.actions import apply, keep, rehearse, trim
from server_stub.retention.models import Keep
from server_stub.tickets.models import Link, Ticket, TimelineEntry
from tests.support.databases import ServerDatabase
from tests.support.filed_reports import a_filed_report, a_kept_file
from tests.support.fleet_rows import a_held_back
from tests.support.rows import NOW, a_client, a_device, a_ticket, an_entry

DAY = timedelta(days=1)
LATER = NOW + 100 * DAY


def grown_old(file: Attachment) -> None:
    """Let a file have come and been written when its ticket was new."""
    Attachment.objects.filter(id=file.id).update(at=NOW)
    os.utime(path_of(file.stored), (NOW.timestamp(), NOW.timestamp()))


def removed(what: str) -> int:
    """Set an age of 60 days, show and remove; return how many went."""
    keep(what, 60, LATER)
    [shown] = rehearse(LATER)
    [gone] = list(apply(LATER, "root"))
    assert gone.count == shown.count
    assert [again.count for again in apply(LATER, "root")] == [0], "once is enough"
    return gone.count


def test_nothing_goes_before_it_was_shown(database: ServerDatabase) -> None:
    ticket = a_ticket(a_client(), status="resolved", resolved_at=NOW)
    an_entry(ticket, "changed", at=NOW)
    keep("timeline", 60, LATER)

    [left] = list(apply(LATER, "root"))
    trim(LATER)
    assert (left.rehearsed, left.count, TimelineEntry.objects.count()) == (False, 0, 1)

    rehearse(LATER)
    keep("timeline", 50, LATER)
    trim(LATER)
    assert TimelineEntry.objects.count() == 1, "another age was never shown"

    rehearse(LATER)
    trim(LATER)
    assert not TimelineEntry.objects.exists()
    assert AuditEntry.objects.get().tree["removed"] == 1


def test_of_old_tickets_words_and_readings_go_and_what_happened_stays(
    database: ServerDatabase,
) -> None:
    client = a_client()
    old = a_ticket(client, status="resolved", resolved_at=NOW)
    young = a_ticket(client, status="resolved", resolved_at=LATER - DAY)
    worked_on = a_ticket(client)
    for ticket in (old, young, worked_on):
        for kind in ("opened", "changed", "tried", "reply", "note", "status", "resolved"):
            an_entry(ticket, kind, at=NOW, body="said", actor="kim@desk.example")

    by_monitor = an_entry(old, "resolved", at=NOW, body="Resolved.", actor="monitor")

    assert removed("timeline") == 7

    kinds = list(old.timeline.order_by("id").values_list("kind", "body"))
    gone = "(removed by retention)"
    assert kinds == [
        ("opened", gone),
        ("reply", gone),
        ("note", gone),
        ("status", gone),
        ("resolved", gone),
        ("resolved", by_monitor.body),
    ]
    for ticket in (young, worked_on):
        assert ticket.timeline.filter(body="said").count() == 7


def test_what_people_said_beside_goes_too_and_what_was_done_stays(
    database: ServerDatabase,
) -> None:
    """A report's answers and a reason are words; minutes and statuses are what is reckoned by."""
    old = a_ticket(a_client(), status="resolved", resolved_at=NOW)
    told = {"by": "contact", "answers": {"where": "at home"}, "tried": "a restart"}
    an_entry(old, "opened", at=NOW, actor="contact", payload=json.dumps(told))
    work = {"minutes": 30, "note": "at the client's", "reason": "asked", "reason_key": "asked"}
    an_entry(old, "work", at=NOW, actor="kim@desk.example", payload=json.dumps(work))

    assert removed("timeline") == 2

    [opened, worked] = old.timeline.order_by("id")
    assert opened.tree == {"by": "contact"}
    assert worked.tree == {"minutes": 30, "reason_key": "asked"}


def test_names_typed_into_a_report_go_and_how_it_was_filed_stays(database: ServerDatabase) -> None:
    client = a_client()
    old = a_ticket(client, device=a_device(client), status="resolved", resolved_at=NOW)
    worked_on = a_ticket(client, device=a_device(client))
    typed = {"name": "Rui", "phone": "1", "email": "rui@b.example", "prefer": "phone"}
    for ticket in (old, worked_on):
        a_filed_report(ticket, f"{ticket.id}.png")
        Report.objects.filter(ticket=ticket).update(payload=json.dumps(typed), at=NOW)
        told = {"by": "contact", "name": "Rui"}
        an_entry(
            ticket, "opened", at=NOW, actor="contact", body="It is dark", payload=json.dumps(told)
        )

    assert removed("timeline") == 2

    assert json.loads(Report.objects.get(ticket=old).payload) == {"prefer": "phone"}
    assert old.timeline.get().tree == {"by": "contact"}
    assert json.loads(Report.objects.get(ticket=worked_on).payload) == typed
    assert worked_on.timeline.get().tree["name"] == "Rui"


def test_what_was_said_just_now_stays_however_old_its_ticket(database: ServerDatabase) -> None:
    """A note on a ticket closed long ago would be gone within five minutes."""
    old = a_ticket(a_client(), status="closed", resolved_at=NOW)
    an_entry(old, "note", at=LATER - DAY, body="they called again", actor="kim@desk.example")
    an_entry(old, "changed", at=LATER - DAY, actor="monitor")

    assert removed("timeline") == 0
    assert old.timeline.filter(body="they called again").exists()


@pytest.mark.parametrize("kind", ["duplicate", "child"])
def test_what_belongs_to_something_unresolved_is_worked_on(
    database: ServerDatabase, kind: str
) -> None:
    client = a_client()
    original = a_ticket(client)
    accepted = a_ticket(client, status="closed", resolved_at=NOW, accepted_until=LATER + DAY)
    linked = a_ticket(client, status="closed", resolved_at=NOW)
    Link.objects.create(ticket=linked, other=original, kind=kind)
    for ticket in (accepted, linked):
        an_entry(ticket, "note", at=NOW, body="said", actor="kim@desk.example")

    assert removed("timeline") == 0

    Ticket.objects.update(status="closed", resolved_at=NOW, accepted_until=None)
    assert removed("timeline") == 2


def test_old_facts_go_unless_they_hold_still(database: ServerDatabase) -> None:
    device = a_device(a_client())
    Device.objects.filter(id=device.id).update(facts_hash="now")
    a_ticket(device.client, device=device, facts_hash="named")
    for name in ("now", "named", "old"):
        FactsRecord.objects.create(device=device, hash=name, text="{}", at=NOW)
    FactsRecord.objects.create(device=device, hash="young", text="{}", at=LATER)

    assert removed("facts") == 1
    assert set(FactsRecord.objects.values_list("hash", flat=True)) == {"now", "named", "young"}


def test_old_files_go_and_their_names_stay(database: ServerDatabase) -> None:
    client = a_client()
    device = a_device(client)
    old = a_ticket(client, device=device, status="resolved", resolved_at=NOW)
    new = a_ticket(client, device=a_device(client))
    gone = a_kept_file(a_filed_report(old, "old"), "old")
    stays = a_kept_file(a_filed_report(new, "new"), "new")
    grown_old(gone)

    assert removed("attachments") == 1

    row = Attachment.objects.get(id=gone.id)
    assert (row.state, row.stored, row.name) == ("removed", "", gone.name)
    assert not path_of(gone.stored).exists()
    assert path_of(stays.stored).exists()


def test_a_file_that_another_ticket_has_too_stays(database: ServerDatabase) -> None:
    client = a_client()
    device = a_device(client)
    old = a_ticket(client, device=device, status="resolved", resolved_at=NOW)
    first = a_kept_file(a_filed_report(old, "one"), "one")
    other = a_ticket(client, device=a_device(client))
    second = a_kept_file(a_filed_report(other, "two"), "two")
    Attachment.objects.filter(id=second.id).update(stored=first.stored)
    grown_old(first)

    assert removed("attachments") == 1
    assert path_of(first.stored).exists()


def test_a_file_that_is_filed_again_just_now_stays(database: ServerDatabase) -> None:
    """Another process may have found it there, and its row may not be written yet."""
    client = a_client()
    old = a_ticket(client, device=a_device(client), status="resolved", resolved_at=NOW)
    gone = a_kept_file(a_filed_report(old, "one"), "one")
    grown_old(gone)
    assert attachments.kept(b"one") == gone.stored

    assert removed("attachments") == 1
    assert path_of(gone.stored).read_bytes() == b"one"


def test_what_was_held_back_long_ago_goes(database: ServerDatabase) -> None:
    device = a_device(a_client())
    a_held_back(device)
    a_held_back(device, fingerprint="young", released_at=LATER)
    a_held_back(device, fingerprint="waiting", released_at=None)

    assert removed("held-back") == 1
    assert HeldBack.objects.count() == 2


def test_the_audit_log_stays_verifiable_after_its_beginning_went(
    database: ServerDatabase,
) -> None:
    for at in (NOW, NOW + DAY, LATER - DAY):
        for _ in range(3):
            record("kim@desk.example", "page", "sign in", now=at)
        with transaction.atomic():
            seal_new(at)

    assert removed("audit") == 6

    with transaction.atomic():
        seal_new(LATER)
    found = verify(LATER)
    assert (found.problems, found.dropped, found.entries) == ([], 6, 4)
    assert Seal.objects.filter(dropped_at=LATER).count() == 2


@pytest.mark.parametrize(("what", "days"), [("tickets", 60), ("facts", 29), ("facts", 99_999)])
def test_an_age_that_cannot_be_meant_is_refused(
    database: ServerDatabase, what: str, days: int
) -> None:
    with pytest.raises(InvalidError):
        keep(what, days, NOW)

    assert not Keep.objects.exists()


def test_a_class_can_be_kept_for_ever_again(database: ServerDatabase) -> None:
    keep("facts", 60, NOW)
    keep("facts", 0, NOW)

    assert rehearse(NOW) == []
