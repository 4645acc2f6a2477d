"""The ticket page, through Django's test client on both databases."""

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agent.protocol.words import Evaluation, Priority, Source, Status
from server_stub.intake.models import FactsRecord
from server_stub.staff.ticket import TIMELINE_PAGE
from server_stub.tickets.models import EntryKind
from tests.server_stub.staff.pages import SignedIn, text
from tests.support import desk_rows

_MINUTE = timedelta(minutes=1)
TUESDAY = datetime(2026, 11, 24, 10, 33, tzinfo=UTC)


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Hold the pages' clock at a Tuesday morning, within office hours."""
    monkeypatch.setattr("server_stub.staff.access.utc_now", lambda: TUESDAY)
    return TUESDAY


def test_it_tells_what_it_is_about_and_leads_to_its_device(
    signed_in: SignedIn, now: datetime
) -> None:
    of = desk_rows.client("Harbour Dental", "Quay Street")
    device = desk_rows.device(of, "FRONTDESK-03", now=now)
    row = desk_rows.ticket(of, "Disk is full", now=now, on=device, occurrences=3)
    answer = signed_in(desk_rows.technician()).get(f"/tickets/{row.id}")
    page = text(answer)
    assert f"<title>#{row.id} Disk is full · watchdesk</title>" in answer.content.decode()
    assert "Queue Harbour Dental Quay Street FRONTDESK-03" in page
    assert (
        "new priority normal evaluation critical assigned to nobody opened by monitor 18 min"
        in page
    )
    assert "3 occurrences" in page
    assert f'href="/devices/{device.id}"' in answer.content.decode()


def test_each_clock_is_explained_in_a_sentence_and_by_its_intervals(
    signed_in: SignedIn, now: datetime
) -> None:
    """Opened on Monday evening: the night does not count, and the page says so."""
    row = desk_rows.ticket(
        desk_rows.client(), now=now, age=timedelta(hours=18), priority=Priority.URGENT
    )
    desk_rows.settle_clocks(row, now)
    page = text(signed_in(desk_rows.technician()).get(f"/tickets/{row.id}"))
    assert "Response overdue by" in page
    assert re.search(r"Response: overdue since [^;]+; 2 h of 1 h used", page), page
    assert "Resolution: due" in page
    assert "How this was reckoned" in page
    assert "Promised: 1 h of the calendar office" in page
    assert "Mon 23 Nov 16:33 – 17:00 27 min calendar office" in page
    assert "Mon 23 Nov 17:00 – 09:00 not counted outside working hours" in page
    assert "09:00 – 10:33 1 h 33 min calendar office" in page


def test_a_clock_that_cannot_be_explained_is_shown_as_stored(
    signed_in: SignedIn, now: datetime
) -> None:
    """A site's zone may be one that this computer's tables do not know."""
    of = desk_rows.client()
    of[1].time_zone = "Atlantis/Capital"
    of[1].save()
    row = desk_rows.ticket(of, now=now)
    answer = signed_in(desk_rows.technician()).get(f"/tickets/{row.id}")
    assert answer.status_code == 200
    assert "Response due in 12 min As it was stored last. It cannot be explained now:" in text(
        answer
    )


def test_a_ticket_without_clocks_says_why(signed_in: SignedIn, now: datetime) -> None:
    row = desk_rows.ticket(desk_rows.client(), now=now)
    row.clocks.all().delete()
    page = text(signed_in(desk_rows.technician()).get(f"/tickets/{row.id}"))
    assert "This ticket has no clock" in page


def test_the_sites_own_time_is_told_where_it_differs(signed_in: SignedIn, now: datetime) -> None:
    of = desk_rows.client()
    of[1].time_zone = "America/New_York"
    of[1].save()
    row = desk_rows.ticket(of, now=now)
    browser = signed_in(desk_rows.technician())
    assert "at the site it is Tue 05:33" in text(browser.get(f"/tickets/{row.id}"))
    browser.cookies["watchdesk-zone"] = "America/New_York"
    assert "at the site it is" not in text(browser.get(f"/tickets/{row.id}"))


def test_the_monitors_latest_readings_and_advice_are_shown(
    signed_in: SignedIn, now: datetime
) -> None:
    row = desk_rows.ticket(desk_rows.client(), now=now)
    readings = [{"metric": "free_percent", "value": 0.5, "unit": "percent"}]
    desk_rows.entry(
        row,
        EntryKind.CHANGED,
        now,
        payload=desk_rows.monitor_payload(row, readings=readings, advice="Empty the bin."),
    )
    desk_rows.entry(row, EntryKind.NOTE, now, actor="ana@desk.example", body="Rang them.")
    page = text(signed_in(desk_rows.technician()).get(f"/tickets/{row.id}"))
    assert "What the monitor found just now" in page
    assert "free 0.5 % free_percent 0.5 Target C: Rule disk-space-workstation" in page
    assert "Condition free_percent &lt; 10 and free_bytes &lt; 4 GiB" in page
    assert "What to do Empty the bin." in page


def test_what_explains_the_alert_stays_when_later_reports_bring_nothing(
    signed_in: SignedIn, now: datetime
) -> None:
    row = desk_rows.ticket(desk_rows.client(), now=now)
    bringing = desk_rows.monitor_payload(row, **desk_rows.BESIDE)
    desk_rows.entry(row, EntryKind.CHANGED, now - 5 * _MINUTE, payload=bringing)
    tried = {"tried": [desk_rows.a_try(now - 9 * _MINUTE, "not_healed", "13 GiB before and after")]}
    desk_rows.entry(row, EntryKind.TRIED, now - 5 * _MINUTE, payload=tried, body="as stored")
    desk_rows.entry(row, EntryKind.CHANGED, now, payload=desk_rows.monitor_payload(row))
    page = text(signed_in(desk_rows.technician()).get(f"/tickets/{row.id}"))
    assert "About it Samsung SSD 980 500GB, serial S64DNL0T612345" in page
    assert "What led to it as it was 5 min ago free least 3.2 GiB, most 15 GiB" in page
    assert "All values of free Before Value 0 s 3.2 GiB 10 min 3.5 GiB" in page
    assert "Largest folders C:/Imaging 141 GiB C:/Windows 31 GiB" in page
    assert "What the agent tried At Action Outcome Before and after 10:24" in page
    assert "clean the temporary files not healed 13 GiB before and after" in page
    assert (
        "The monitor tried to heal it 10:28 clean the temporary files, 10:24 : not healed" in page
    )
    assert "as stored" not in page


def test_the_timeline_is_newest_last_with_who_when_and_what(
    signed_in: SignedIn, now: datetime
) -> None:
    row = desk_rows.ticket(
        desk_rows.client(), "Low disk", now=now, age=48 * _MINUTE, evaluation=Evaluation.WARNING
    )
    judged = {"evaluation": {"from": "warning", "to": "critical"}}
    desk_rows.entry(
        row,
        EntryKind.CHANGED,
        now - 18 * _MINUTE,
        body="Very low disk",
        payload=desk_rows.monitor_payload(row, **judged),
        device_at=now - 25 * _MINUTE,
    )
    desk_rows.entry(
        row, EntryKind.PRIORITY, now - 18 * _MINUTE, payload={"from": "low", "to": "high"}
    )
    desk_rows.entry(row, EntryKind.NOTE, now, actor="ana@desk.example", body="Rang them.")
    page = text(signed_in(desk_rows.technician()).get(f"/tickets/{row.id}"))
    told = page[page.index("Timeline") : page.index("About")]
    assert told.index("The monitor opened the ticket 09:45 warning Low disk") < told.index(
        "The monitor reported 10:15 · the device’s clock said 10:08 warning → critical"
    )
    assert told.index("The monitor changed the priority 10:15 low → high") < told.index(
        "ana@desk.example noted 10:33 Rang them."
    )


def test_the_devices_time_is_not_shown_when_it_agrees(signed_in: SignedIn, now: datetime) -> None:
    row = desk_rows.ticket(desk_rows.client(), now=now)
    desk_rows.entry(row, EntryKind.CHANGED, now, device_at=now - timedelta(seconds=59))
    page = text(signed_in(desk_rows.technician()).get(f"/tickets/{row.id}"))
    assert "clock said" not in page


def test_a_long_timeline_is_read_piece_by_piece(signed_in: SignedIn, now: datetime) -> None:
    row = desk_rows.ticket(desk_rows.client(), "first of all", now=now, source=Source.PHONE)
    for number in range(TIMELINE_PAGE):
        desk_rows.entry(row, EntryKind.NOTE, now, body=f"note {number:03}.")
    browser = signed_in(desk_rows.technician())
    newest = browser.get(f"/tickets/{row.id}")
    notes = re.findall(r"note (\d+)\.", text(newest))
    assert notes == [f"{number:03}" for number in range(TIMELINE_PAGE)]
    earlier = re.search(r'href="(/tickets/\d+\?before=\d+)"', newest.content.decode())
    assert earlier
    rest = text(browser.get(earlier[1]))
    assert "opened the ticket" in rest
    assert "note 000." not in rest
    assert "To the newest" in rest


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "9" * 18, "1e3", "٣"])
def test_a_mistyped_place_in_the_timeline_is_no_error(
    signed_in: SignedIn, now: datetime, before: str
) -> None:
    row = desk_rows.ticket(desk_rows.client(), now=now)
    answer = signed_in(desk_rows.technician()).get(f"/tickets/{row.id}", {"before": before})
    assert answer.status_code == 200


def test_the_facts_shown_are_those_that_held(signed_in: SignedIn, now: datetime) -> None:
    of = desk_rows.client()
    device = desk_rows.device(of, now=now, facts={"model": "Now with an SSD"})
    row = desk_rows.ticket(of, now=now, on=device)
    browser = signed_in(desk_rows.technician())
    page = text(browser.get(f"/tickets/{row.id}"))
    assert "as they were when it was reported Computer model Now with an SSD" in page

    then = json.dumps({"model": "Then with a disk"})
    row.facts_hash = hashlib.sha256(then.encode()).hexdigest()
    row.save()
    page = text(browser.get(f"/tickets/{row.id}"))
    assert "as told 3 h ago; those of the report have not arrived" in page

    FactsRecord.objects.create(device=device, hash=row.facts_hash, text=then)
    page = text(browser.get(f"/tickets/{row.id}"))
    assert "as they were when it was reported Computer model Then with a disk" in page


def test_foreign_and_missing_tickets_are_the_same_404(signed_in: SignedIn, now: datetime) -> None:
    harbour, baker = desk_rows.client("Harbour Dental"), desk_rows.client("Baker & Finch")
    foreign = desk_rows.ticket(baker, now=now)
    browser = signed_in(desk_rows.technician(only=[harbour[0]]))
    answers = [browser.get(f"/tickets/{number}") for number in (foreign.id, 999_999, 2**63, 10**30)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert "There is nothing here" in text(answers[0])


def test_the_number_of_queries_does_not_grow_with_the_timeline(
    signed_in: SignedIn, now: datetime
) -> None:
    of = desk_rows.client()
    row = desk_rows.ticket(of, now=now, on=desk_rows.device(of, now=now, facts=desk_rows.FACTS))
    desk_rows.entry(row, EntryKind.NOTE, now, actor="ana@desk.example")
    browser = signed_in(desk_rows.technician(only=[of[0]]))
    with CaptureQueriesContext(connection) as few:
        browser.get(f"/tickets/{row.id}")
    for number in range(60):
        desk_rows.entry(row, EntryKind.NOTE, now, actor=f"{number}@desk.example")
    with CaptureQueriesContext(connection) as many:
        browser.get(f"/tickets/{row.id}")
    assert len(many) == len(few) <= 20


def test_a_resolved_ticket_says_when(signed_in: SignedIn, now: datetime) -> None:
    row = desk_rows.ticket(
        desk_rows.client(), now=now - 5 * _MINUTE, status=Status.RESOLVED, evaluation=Evaluation.OK
    )
    page = text(signed_in(desk_rows.technician()).get(f"/tickets/{row.id}"))
    assert "resolved 5 min ago" in page


@pytest.mark.parametrize(
    ("zone", "said"),
    [("UTC", "Times are in UTC."), ("Europe%2FLondon", "in Europe/London; point at one for UTC.")],
)
def test_the_zone_of_the_times_is_said_once(signed_in: SignedIn, zone: str, said: str) -> None:
    browser = signed_in(desk_rows.technician())
    browser.cookies["watchdesk-zone"] = zone
    assert said in text(browser.get("/maintenance"))
