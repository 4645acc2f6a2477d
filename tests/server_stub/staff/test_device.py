"""The device page, through Django's test client on both databases."""

from datetime import date, datetime, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from agent.protocol.words import Evaluation, Status
from server_stub.clients.agreements import Terms, agree, set_importance
from server_stub.desk.models import Role
from server_stub.intake.models import LastWord
from tests.server_stub.staff.pages import SignedIn, text
from tests.support import desk_rows
from tests.support.fleet_rows import a_held_back, a_window
from tests.support.rows import a_technician

_MINUTE = timedelta(minutes=1)


def test_it_tells_what_the_device_is_and_how_it_does(signed_in: SignedIn, now: datetime) -> None:
    of = desk_rows.client("Harbour Dental", "Quay Street")
    checks = [
        desk_rows.check_state("disk-space", "D:", summary="free_percent 61 %"),
        desk_rows.check_state("disk-space", "C:", Evaluation.CRITICAL, since="not a time"),
        desk_rows.check_state("database", "10.0.0.4:1433", Evaluation.UNKNOWN, check="tcp"),
    ]
    row = desk_rows.device(of, "FRONTDESK-03", now=now, facts=desk_rows.FACTS, checks=checks)
    page = text(signed_in(desk_rows.technician()).get(f"/devices/{row.id}"))
    assert "workstation last seen just now 1 critical 1 unknown 1 ok" in page
    order = [
        page.index("critical disk-space disk.space C: – not a time"),
        page.index("unknown database tcp 10.0.0.4:1433 – 3 d 2 h ago"),
        page.index("ok disk-space disk.space D: free_percent 61 % 3 d 2 h ago"),
    ]
    assert order == sorted(order)
    assert "System windows" in page
    assert "Agent 0.1.0" in page
    assert "maker HP model EliteDesk 800 G6 serial 5CG2140XYZ" in page
    assert "C: NTFS 238 GiB 0 %" in page
    assert "silent" not in page


def test_a_silent_device_says_that_what_it_shows_is_old(signed_in: SignedIn, now: datetime) -> None:
    """Old readings must not pass for how things stand."""
    checks = [desk_rows.check_state("disk-space", "C:")]
    row = desk_rows.device(
        desk_rows.client(), now=now, checks=checks, silent=timedelta(hours=3, minutes=5)
    )
    page = text(signed_in(desk_rows.technician()).get(f"/devices/{row.id}"))
    assert "This device has been silent for 3 h 5 min, since 07:28" in page
    assert "whether it still holds is unknown" in page


def test_a_device_that_never_sent_a_heartbeat_says_so(signed_in: SignedIn, now: datetime) -> None:
    row = desk_rows.device(desk_rows.client(), now=now)
    page = text(signed_in(desk_rows.technician()).get(f"/devices/{row.id}"))
    assert "No heartbeat has come yet." in page
    assert "The agent has not told any yet." in page
    assert "This device has never had a ticket." in page


def test_a_heartbeat_of_another_version_counts_as_none(signed_in: SignedIn, now: datetime) -> None:
    row = desk_rows.device(desk_rows.client(), now=now)
    row.heartbeat = '{"at": 3, "checks": "many"}'
    row.save()
    answer = signed_in(desk_rows.technician()).get(f"/devices/{row.id}")
    assert answer.status_code == 200
    assert "No heartbeat has come yet." in text(answer)


def test_what_waits_on_the_device_is_told(signed_in: SignedIn, now: datetime) -> None:
    row = desk_rows.device(desk_rows.client(), now=now)
    row.heartbeat = (
        '{"at": "x", "agent_version": "0.1.0", "boot_at": "x", "waiting": 3, "oldest_s": 7500.5}'
    )
    row.save()
    page = text(signed_in(desk_rows.technician()).get(f"/devices/{row.id}"))
    assert "Waiting to be sent 3 messages, the oldest for 2 h 5 min" in page
    assert "The agent runs no rule that finds a target on this device." in page


def test_a_silence_that_was_announced_says_so(signed_in: SignedIn, now: datetime) -> None:
    row = desk_rows.device(desk_rows.client(), now=now, silent=60 * _MINUTE)
    word = LastWord.objects.create(device=row, word="shutdown", at=now - 60 * _MINUTE)
    browser = signed_in(desk_rows.technician())
    page = text(browser.get(f"/devices/{row.id}"))
    assert "It said so: it was shut down." in page
    assert "Last word it was shut down, 09:33" in page
    word.taken_back_at = now - 59 * _MINUTE
    word.save()
    page = text(browser.get(f"/devices/{row.id}"))
    assert "It is switched off, asleep, or without a way to this server." in page
    assert "Last word it was shut down, 09:33; heard again 09:34" in page


def test_what_was_held_back_of_it_is_shown_with_why(signed_in: SignedIn, now: datetime) -> None:
    of = desk_rows.client()
    row, other = (desk_rows.device(of, name, now=now) for name in ("ours", "other"))
    window = a_window(of[0], reason="new switch")
    a_held_back(row, window=window, released_at=None, released="")
    a_held_back(other, title="of another device", window=window)
    page = text(signed_in(desk_rows.technician()).get(f"/devices/{row.id}"))
    assert "Low disk space warning" in page
    assert "new switch by kim@desk.example held back still" in page
    assert "of another device" not in page


def test_its_maintenance_is_planned_from_its_page(signed_in: SignedIn, now: datetime) -> None:
    row = desk_rows.device(desk_rows.client(), now=now)
    address = f'href="/maintenance?device={row.id}"'
    of_both = [a_technician(role=role) for role in (Role.TECHNICIAN, Role.READ_ONLY)]
    pages = [signed_in(one).get(f"/devices/{row.id}").content.decode() for one in of_both]
    assert [address in page for page in pages] == [True, False]


def test_its_tickets_are_listed_unresolved_first(signed_in: SignedIn, now: datetime) -> None:
    of = desk_rows.client()
    row = desk_rows.device(of, now=now)
    desk_rows.ticket(of, "still there", now=now, on=row)
    desk_rows.ticket(of, "done since", now=now, on=row, status=Status.RESOLVED)
    desk_rows.ticket(of, "of another device", now=now)
    page = text(signed_in(desk_rows.technician()).get(f"/devices/{row.id}"))
    assert page.index("still there normal new") < page.index("done since normal resolved")
    assert "of another device" not in page


def test_foreign_missing_and_mistyped_devices_are_the_same_404(
    signed_in: SignedIn, now: datetime
) -> None:
    harbour, baker = desk_rows.client("Harbour Dental"), desk_rows.client("Baker & Finch")
    foreign = desk_rows.device(baker, now=now)
    browser = signed_in(desk_rows.technician(only=[harbour[0]]))
    paths = (foreign.id, "0190a5a0-0000-7000-8000-000000000000", "%00", "x" * 40, "1")
    answers = [browser.get(f"/devices/{path}") for path in paths]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_the_number_of_queries_does_not_grow_with_its_tickets(
    signed_in: SignedIn, now: datetime
) -> None:
    of = desk_rows.client()
    row = desk_rows.device(of, now=now, facts=desk_rows.FACTS)
    desk_rows.ticket(of, now=now, on=row)
    browser = signed_in(desk_rows.technician(only=[of[0]]))
    with CaptureQueriesContext(connection) as few:
        browser.get(f"/devices/{row.id}")
    for _ in range(60):
        desk_rows.ticket(of, now=now, on=row)
    with CaptureQueriesContext(connection) as many:
        answer = browser.get(f"/devices/{row.id}")
    assert len(many) == len(few) <= 8
    assert "Only the newest 50 are shown." in text(answer)


def test_it_tells_the_agreement_that_covers_it_and_that_it_matters(
    signed_in: SignedIn, now: datetime
) -> None:
    of = desk_rows.client("Harbour Dental", "Quay Street")
    usual, covered = (desk_rows.device(of, name, now=now) for name in ("A", "B"))
    agree(of[0], Terms("premium", date(2020, 1, 1), devices=[covered]))
    set_importance(covered, "vip")
    page = signed_in(desk_rows.technician())

    told = text(page.get(f"/devices/{covered.id}"))

    assert "Agreement premium Importance vip" in told
    assert "Agreement" not in text(page.get(f"/devices/{usual.id}"))


def test_a_device_is_retired_and_taken_back_with_a_reason(
    signed_in: SignedIn, now: datetime
) -> None:
    row = desk_rows.device(desk_rows.client(), "FRONTDESK-03", now=now)
    browser = signed_in(a_technician(role=Role.DISPATCHER))
    page = f"/devices/{row.id}"

    unsure = browser.post(f"{page}/retire", {"reason": "sold <b>"})
    assert unsure.status_code == 422
    assert "Tick the box if you mean it. Nothing was changed." in text(unsure)
    assert 'value="sold &lt;b&gt;"' in unsure.content.decode()
    unsaid = browser.post(f"{page}/retire", {"reason": " ", "sure": "yes"})
    assert "say why" in text(unsaid)
    done = browser.post(f"{page}/retire", {"reason": "sold", "sure": "yes"})
    assert (done.status_code, done["Location"]) == (302, page)

    shown = text(browser.get(page))
    assert "This device was retired 10:33" in shown
    assert ": sold. Its token is refused" in shown
    assert "FRONTDESK-03" not in text(browser.get("/devices"))
    assert "FRONTDESK-03" in text(browser.get("/devices?retired=yes"))
    twice = browser.post(f"{page}/retire", {"reason": "sold", "sure": "yes"})
    assert "retired already. Nothing was changed." in text(twice)

    browser.post(f"{page}/restore", {"reason": "bought back", "sure": "yes"})

    assert "FRONTDESK-03" in text(browser.get("/devices"))
    assert "FRONTDESK-03" not in text(browser.get("/devices?retired=yes"))


def test_a_technician_retires_nothing(signed_in: SignedIn, now: datetime) -> None:
    row = desk_rows.device(desk_rows.client(), now=now)
    browser = signed_in(a_technician())

    assert "Retire this device" not in text(browser.get(f"/devices/{row.id}"))
    answer = browser.post(f"/devices/{row.id}/retire", {"reason": "x", "sure": "yes"})

    row.refresh_from_db()
    assert (answer.status_code, row.retired_at) == (403, None)
