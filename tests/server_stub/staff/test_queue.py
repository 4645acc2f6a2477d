"""The queue page, through Django's test client on both databases."""

import re
from datetime import datetime, timedelta
from typing import cast

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from agent.protocol.words import Evaluation, Priority, Status
from server_stub.staff.queue import read_place
from tests.server_stub.staff.pages import Answer, SignedIn, text, titles
from tests.support import desk_rows

_MINUTE = timedelta(minutes=1)


@pytest.mark.usefixtures("database")
def test_without_signing_in_every_page_leads_to_the_sign_in_page() -> None:
    for path in (
        "/",
        "/?status=new",
        "/tickets/1",
        "/devices/0190a5a0-0000-7000-8000-000000000000",
    ):
        answer = Browser().get(path)
        assert answer.status_code == 302
        assert answer.url.startswith("/sign-in?next=/")  # type: ignore[attr-defined] # a redirect


@pytest.mark.usefixtures("database")
def test_a_refresh_after_the_session_ended_does_not_put_the_sign_in_page_into_the_list() -> None:
    answer = Browser().get("/", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert b"<form" not in answer.content


def test_tickets_come_by_next_due_overdue_first_and_those_without_a_clock_last(
    signed_in: SignedIn, now: datetime
) -> None:
    of = desk_rows.client()
    for name, response, resolution in (
        ("later", 50 * _MINUTE, 300 * _MINUTE),
        ("paused", None, None),
        ("soon", 12 * _MINUTE, 300 * _MINUTE),
        ("overdue", -25 * _MINUTE, 300 * _MINUTE),
        ("answered", None, 20 * _MINUTE),
    ):
        desk_rows.ticket(of, name, now=now, response_in=response, resolution_in=resolution)
    desk_rows.ticket(of, "done", now=now, status=Status.RESOLVED)
    answer = signed_in(desk_rows.technician()).get("/")
    assert titles(answer) == ["overdue", "soon", "answered", "later", "paused"]
    page = text(answer)
    assert "response overdue by 25 min 10:08" in page
    assert "response due in 12 min 10:45" in page
    assert "resolution due in 20 min 10:53" in page
    assert "no clock runs" in page
    assert "5 unresolved tickets, 1 overdue" in page
    assert "<title>Queue (1 overdue) · watchdesk</title>" in answer.content.decode()


def test_a_row_tells_number_title_client_site_device_priority_status_source_and_evaluation(
    signed_in: SignedIn, now: datetime
) -> None:
    of = desk_rows.client("Harbour Dental", "Quay Street")
    device = desk_rows.device(of, "FRONTDESK-03", now=now)
    row = desk_rows.ticket(of, "Disk is full", now=now, on=device, priority=Priority.URGENT)
    answer = signed_in(desk_rows.technician()).get("/")
    assert (
        f"response due in 12 min 10:45 #{row.id} Disk is full "
        "Harbour Dental › Quay Street › FRONTDESK-03 urgent critical new monitor"
    ) in text(answer)
    page = answer.content.decode()
    assert f'href="/tickets/{row.id}"' in page
    assert f'href="/devices/{device.id}"' in page


def test_priority_and_evaluation_have_a_shape_beside_the_word(
    signed_in: SignedIn, now: datetime
) -> None:
    of = desk_rows.client()
    for priority, evaluation in zip(Priority, Evaluation, strict=True):
        desk_rows.ticket(of, now=now, priority=priority, evaluation=evaluation)
    page = signed_in(desk_rows.technician()).get("/").content.decode()
    drawings = {}
    for word in (*Priority, *Evaluation):
        mark = re.search(rf'class="mark {word}"><svg[^>]*aria-hidden[^>]*>(.*?)</svg>{word}', page)
        assert mark, word
        drawings[mark[1]] = word
    assert len(drawings) == 8


def test_an_empty_queue_says_so_in_words(signed_in: SignedIn, now: datetime) -> None:
    answer = signed_in(desk_rows.technician()).get("/")
    assert "Nothing is waiting" in text(answer)
    assert "0 unresolved tickets" in text(answer)


def test_filters_narrow_the_list_and_are_kept_in_the_form(
    signed_in: SignedIn, now: datetime
) -> None:
    harbour, baker = desk_rows.client("Harbour Dental"), desk_rows.client("Baker & Finch")
    desk_rows.ticket(harbour, "a", now=now, priority=Priority.HIGH, status=Status.OPEN)
    desk_rows.ticket(harbour, "b", now=now, priority=Priority.LOW, status=Status.OPEN)
    desk_rows.ticket(baker, "c", now=now, priority=Priority.HIGH, status=Status.NEW)
    browser = signed_in(desk_rows.technician())
    assert titles(browser.get("/", {"priority": "high"})) == ["a", "c"]
    assert titles(browser.get("/", {"status": "open"})) == ["a", "b"]
    assert titles(browser.get("/", {"client": baker[0].id})) == ["c"]
    answer = browser.get("/", {"client": str(harbour[0].id), "priority": "high"})
    assert titles(answer) == ["a"]
    page = answer.content.decode()
    assert f'<option value="{harbour[0].id}" selected>Harbour Dental</option>' in page
    assert '<option value="high" selected>high</option>' in page
    assert "1 unresolved ticket, none overdue with these filters" in text(answer)
    none = browser.get("/", {"status": "waiting"})
    assert "No unresolved ticket has this status." in text(none)


def test_a_filter_that_does_not_exist_is_named_and_narrows_nothing(
    signed_in: SignedIn, now: datetime
) -> None:
    desk_rows.ticket(desk_rows.client(), "a", now=now)
    answer = signed_in(desk_rows.technician()).get("/", {"priority": "<b>pressing"})
    assert answer.status_code == 400
    assert "Priority: there is no &#x27;&lt;b&gt;pressing&#x27; to choose." in text(answer)
    assert titles(answer) == ["a"]


def test_a_limited_technician_sees_only_the_clients_given_to_them(
    signed_in: SignedIn, now: datetime
) -> None:
    harbour, baker = desk_rows.client("Harbour Dental"), desk_rows.client("Baker & Finch")
    desk_rows.ticket(harbour, "theirs", now=now)
    desk_rows.ticket(baker, "foreign", now=now, response_in=-_MINUTE)
    browser = signed_in(desk_rows.technician(only=[harbour[0]]))
    answer = browser.get("/")
    assert titles(answer) == ["theirs"]
    assert "1 unresolved ticket, none overdue" in text(answer)
    assert "Baker" not in answer.content.decode()
    foreign = browser.get("/", {"client": baker[0].id})
    missing = browser.get("/", {"client": 999_999})
    assert foreign.status_code == missing.status_code == 400
    assert titles(foreign) == ["theirs"]
    nobody = desk_rows.technician("new@desk.example", only=[])
    assert titles(signed_in(nobody).get("/")) == []


def test_pages_follow_one_another_without_a_gap_or_a_repetition(
    signed_in: SignedIn, now: datetime
) -> None:
    """Also where due times are equal, and where tickets have none at all."""
    of = desk_rows.client()
    for number in range(120):
        due = 12 * _MINUTE if number < 70 else None
        desk_rows.ticket(of, f"t{number:03}", now=now, response_in=due, resolution_in=None)
    browser = signed_in(desk_rows.technician())
    path, seen = "/?status=new", list[str]()
    for _ in range(3):
        answer = browser.get(path)
        seen += titles(answer)
        older = re.search(r'id="page-next" href="([^"]+)"', answer.content.decode())
        path = older[1].replace("&amp;", "&") if older else ""
    assert path == ""
    assert seen == [f"t{number:03}" for number in range(120)]


@pytest.mark.parametrize("after", ["", "x", "1", "-", "1-", "a-b", "9" * 30 + "-1", "٣-٣", "1--1"])
def test_a_mistyped_place_in_the_queue_is_its_beginning_or_somewhere_in_it(after: str) -> None:
    place = read_place(after)
    assert place is None or place.next_due_at.year < 2000


def test_a_place_beyond_every_ticket_says_where_to_go(signed_in: SignedIn, now: datetime) -> None:
    desk_rows.ticket(desk_rows.client(), now=now)
    browser = signed_in(desk_rows.technician())
    for after in ("9" * 18 + "-1", "253370764800000000-9223372036854775807"):
        answer = browser.get("/", {"after": after})
        assert answer.status_code == 200
    assert "Nothing further" in text(answer)


def test_the_number_of_queries_does_not_grow_with_the_list(
    signed_in: SignedIn, now: datetime
) -> None:
    of = desk_rows.client()
    device = desk_rows.device(of, now=now)
    desk_rows.ticket(of, now=now, on=device)
    browser = signed_in(desk_rows.technician(only=[of[0]]))
    with CaptureQueriesContext(
        connection,
    ) as one:
        browser.get("/")
    for _ in range(60):
        other = desk_rows.client(f"Client {_}")
        desk_rows.ticket(of, now=now, on=desk_rows.device(of, f"PC-{_}", now=now))
        desk_rows.ticket(other, now=now)
    with CaptureQueriesContext(connection) as many:
        browser.get("/")
    assert len(many) == len(one) <= 10


def test_a_refresh_brings_nothing_until_something_changed(
    signed_in: SignedIn, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = desk_rows.client()
    row = desk_rows.ticket(of, "first", now=now)
    browser = signed_in(desk_rows.technician())
    known = _seen(browser.get("/"))
    assert _refresh(browser, known).status_code == 204

    row.priority = Priority.URGENT
    row.save()
    changed = _refresh(browser, known)
    assert titles(changed) == ["first"]
    assert "<html" not in changed.content.decode()
    assert "queue-news" not in changed.content.decode()

    known = _seen(changed)
    later = now + _MINUTE
    monkeypatch.setattr("server_stub.staff.access.utc_now", lambda: later)
    assert "response due in 11 min" in text(_refresh(browser, known))


def test_a_refresh_tells_how_many_tickets_are_new(signed_in: SignedIn, now: datetime) -> None:
    of = desk_rows.client()
    desk_rows.ticket(of, "first", now=now)
    browser = signed_in(desk_rows.technician())
    known = _seen(browser.get("/"))
    desk_rows.ticket(of, "second", now=now)
    one = _refresh(browser, known)
    assert "1 new ticket at 10:33" in text(one)
    desk_rows.ticket(of, "third", now=now)
    desk_rows.ticket(of, "fourth", now=now)
    desk_rows.ticket(of, "resolved at once", now=now, status=Status.RESOLVED)
    two = _refresh(browser, _seen(one))
    assert "2 new tickets at 10:33" in text(two)
    assert _refresh(browser, _seen(two)).status_code == 204


def test_times_are_in_the_browsers_zone_and_in_utc_in_their_title(
    signed_in: SignedIn, now: datetime
) -> None:
    desk_rows.ticket(desk_rows.client(), now=now)
    browser = signed_in(desk_rows.technician())
    browser.cookies["watchdesk-zone"] = "America%2FNew_York"
    page = browser.get("/").content.decode()
    assert (
        '<time datetime="2026-11-21T10:45:00+00:00" title="2026-11-21 10:45:00 UTC">05:45' in page
    )
    assert "Times are in America/New_York" in page


def _seen(answer: Answer) -> dict[str, str]:
    found = dict(re.findall(r'name="(seen|newest)" value="([^"]*)"', answer.content.decode()))
    assert found.keys() == {"seen", "newest"}
    return found


def _refresh(browser: Browser, known: dict[str, str]) -> HttpResponse:
    answer = browser.get("/", known, headers={"HX-Request": "true"})
    return cast("HttpResponse", answer)
