"""Searching the queue for words, numbers and devices, on both databases."""

import re
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agent.protocol.words import Priority, Status
from tests.server_stub.staff.pages import SignedIn, text, titles
from tests.support import desk_rows


def test_words_find_tickets_of_any_status_the_newest_first(
    signed_in: SignedIn, now: datetime
) -> None:
    of = desk_rows.client()
    desk_rows.ticket(of, "Disk of the server", now=now, status=Status.RESOLVED)
    desk_rows.ticket(of, "Mail", now=now)
    desk_rows.ticket(of, "Disk of the laptop", now=now)
    answer = signed_in(desk_rows.technician()).get("/", {"q": "disk"})
    assert titles(answer) == ["Disk of the laptop", "Disk of the server"]
    assert "2 tickets match" in text(answer)
    assert "resolved just now" in text(answer)
    assert 'value="disk"' in answer.content.decode()


@pytest.mark.parametrize("typed", ["#{}", "{}", " # {} "])
def test_a_number_leads_to_its_ticket(signed_in: SignedIn, now: datetime, typed: str) -> None:
    row = desk_rows.ticket(desk_rows.client(), now=now)
    answer = signed_in(desk_rows.technician()).get("/", {"q": typed.format(row.id)})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/tickets/{row.id}")


def test_a_number_of_no_ticket_or_of_a_foreign_one_is_told_alike(
    signed_in: SignedIn, now: datetime
) -> None:
    harbour, baker = desk_rows.client("Harbour Dental"), desk_rows.client("Baker & Finch")
    foreign = desk_rows.ticket(baker, "x", now=now)
    browser = signed_in(desk_rows.technician(only=[harbour[0]]))
    for number in (foreign.id, 999_999, 10**17):
        page = text(browser.get("/", {"q": f"#{number}"}))
        assert f"There is no ticket #{number} that you may see" in page


def test_a_device_is_found_by_its_name_and_filters_narrow_further(
    signed_in: SignedIn, now: datetime
) -> None:
    harbour, baker = desk_rows.client("Harbour Dental"), desk_rows.client("Baker & Finch")
    device = desk_rows.device(harbour, "FRONTDESK-03", now=now)
    desk_rows.ticket(harbour, "a", now=now, on=device, priority=Priority.HIGH)
    desk_rows.ticket(harbour, "b", now=now, on=device, priority=Priority.LOW)
    desk_rows.ticket(baker, "frontdesk c", now=now, priority=Priority.LOW)
    browser = signed_in(desk_rows.technician())
    assert titles(browser.get("/", {"q": "frontdesk-03"})) == ["b", "a"]
    assert titles(browser.get("/", {"q": "front", "priority": "low"})) == ["frontdesk c", "b"]
    narrow = {"q": "front", "priority": "low", "client": str(harbour[0].id)}
    answer = browser.get("/", narrow)
    assert titles(answer) == ["b"]
    assert titles(browser.get("/", {"q": "front", "status": "closed"})) == []


def test_a_limited_technician_finds_only_what_is_theirs(signed_in: SignedIn, now: datetime) -> None:
    harbour, baker = desk_rows.client("Harbour Dental"), desk_rows.client("Baker & Finch")
    desk_rows.ticket(harbour, "disk theirs", now=now)
    desk_rows.ticket(baker, f"disk foreign zqclient{harbour[0].id}", now=now)
    answer = signed_in(desk_rows.technician(only=[harbour[0]])).get("/", {"q": "disk"})
    assert titles(answer) == ["disk theirs"]
    assert "Baker" not in answer.content.decode()


def test_pages_of_a_search_follow_one_another(signed_in: SignedIn, now: datetime) -> None:
    of = desk_rows.client()
    for number in range(120):
        desk_rows.ticket(of, f"disk t{number:03}", now=now)
    browser = signed_in(desk_rows.technician())
    path, seen = "/?q=disk&status=new", list[str]()
    for _ in range(3):
        answer = browser.get(path)
        seen += titles(answer)
        older = re.search(r'id="page-next" href="([^"]+)"', answer.content.decode())
        path = older[1].replace("&amp;", "&") if older else ""
    assert path == ""
    assert seen == [f"disk t{number:03}" for number in reversed(range(120))]


@pytest.mark.parametrize("typed", ["%", "'; --", '"', "***", "\0", "\u202e", "#", "’"])
def test_what_holds_no_word_is_told(signed_in: SignedIn, now: datetime, typed: str) -> None:
    desk_rows.ticket(desk_rows.client(), "a", now=now)
    answer = signed_in(desk_rows.technician()).get("/", {"q": typed})
    assert answer.status_code in (200, 400)
    assert titles(answer) == ["a"]
    assert typed.strip("\0") == "" or "there is no word and no number in" in text(answer)


@pytest.mark.parametrize("typed", ["AND", "disk OR", "NEAR(a b)", "a:b", "x" * 5000, "-1", "é́ß"])
def test_no_word_is_an_operator(signed_in: SignedIn, now: datetime, typed: str) -> None:
    desk_rows.ticket(desk_rows.client(), "disk", now=now)
    answer = signed_in(desk_rows.technician()).get("/", {"q": typed})
    assert answer.status_code == 200
    assert titles(answer) == []


def test_the_number_of_queries_of_a_search_does_not_grow(
    signed_in: SignedIn, now: datetime
) -> None:
    of = desk_rows.client()
    desk_rows.ticket(of, "disk", now=now)
    browser = signed_in(desk_rows.technician(only=[of[0]]))
    with CaptureQueriesContext(connection) as few:
        browser.get("/", {"q": "disk"})
    for number in range(60):
        desk_rows.ticket(of, "disk", now=now, on=desk_rows.device(of, f"PC-{number}", now=now))
    with CaptureQueriesContext(connection) as many:
        answer = browser.get("/", {"q": "disk"})
    assert len(titles(answer)) == 50
    assert len(many) <= len(few) <= 10


def test_a_refresh_of_a_search_brings_nothing_until_something_changed(
    signed_in: SignedIn, now: datetime
) -> None:
    of = desk_rows.client()
    desk_rows.ticket(of, "disk", now=now)
    browser = signed_in(desk_rows.technician())
    page = browser.get("/", {"q": "disk"}).content.decode()
    known = dict(re.findall(r'name="(seen|newest)" value="([^"]*)"', page)) | {"q": "disk"}
    assert browser.get("/", known, headers={"HX-Request": "true"}).status_code == 204
    desk_rows.ticket(of, "disk again", now=now)
    changed = browser.get("/", known, headers={"HX-Request": "true"})
    assert titles(changed) == ["disk again", "disk"]
