"""The list of devices, on both databases."""

import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agent.protocol.words import Evaluation, Status
from tests.server_stub.staff.pages import Answer, SignedIn, text
from tests.support import desk_rows


def names(answer: Answer) -> list[str]:
    return re.findall(r'class="title"><a [^>]*><bdi>(.*?)</bdi>', answer.content.decode())


def test_devices_come_by_name_with_how_they_do(signed_in: SignedIn, now: datetime) -> None:
    of = desk_rows.client("Harbour Dental", "Quay Street")
    checks = [
        desk_rows.check_state("disk-space", "D:"),
        desk_rows.check_state("disk-space", "C:", Evaluation.WARNING),
    ]
    busy = desk_rows.device(of, "b-pc", now=now, checks=checks)
    desk_rows.device(of, "a-pc", now=now, silent=timedelta(hours=3))
    desk_rows.ticket(of, now=now, on=busy)
    desk_rows.ticket(of, now=now, on=busy)
    desk_rows.ticket(of, now=now, on=busy, status=Status.RESOLVED)
    answer = signed_in(desk_rows.technician()).get("/devices")
    assert names(answer) == ["a-pc", "b-pc"]
    page = text(answer)
    assert "a-pc Harbour Dental › Quay Street – – silent for 3 h workstation windows" in page
    assert "b-pc Harbour Dental › Quay Street warning Tickets: 2 just now workstation" in page
    assert f'href="/devices/{busy.id}"' in answer.content.decode()


def test_a_search_and_a_client_narrow_the_list(signed_in: SignedIn, now: datetime) -> None:
    harbour, baker = desk_rows.client("Harbour Dental"), desk_rows.client("Baker & Finch")
    for of, name in ((harbour, "FRONTDESK-03"), (harbour, "XRAY"), (baker, "front-1")):
        desk_rows.device(of, name, now=now)
    browser = signed_in(desk_rows.technician())
    assert names(browser.get("/devices", {"q": "FRONT"})) == ["FRONTDESK-03", "front-1"]
    narrow = {"q": "desk", "client": str(harbour[0].id)}
    assert names(browser.get("/devices", narrow)) == ["FRONTDESK-03"]
    assert "No device matches" in text(browser.get("/devices", {"q": "%"}))
    wrong = browser.get("/devices", {"client": "<b>"})
    assert wrong.status_code == 400
    assert len(names(wrong)) == 3


def test_a_limited_technician_sees_only_devices_of_their_clients(
    signed_in: SignedIn, now: datetime
) -> None:
    harbour, baker = desk_rows.client("Harbour Dental"), desk_rows.client("Baker & Finch")
    desk_rows.device(harbour, "theirs", now=now)
    desk_rows.device(baker, "foreign", now=now)
    browser = signed_in(desk_rows.technician(only=[harbour[0]]))
    answer = browser.get("/devices")
    assert names(answer) == ["theirs"]
    assert "Baker" not in answer.content.decode()
    assert browser.get("/devices", {"client": str(baker[0].id)}).status_code == 400


def test_pages_follow_one_another_in_a_constant_number_of_queries(
    signed_in: SignedIn, now: datetime
) -> None:
    of = desk_rows.client()
    browser = signed_in(desk_rows.technician())
    desk_rows.device(of, "pc-000", now=now)
    with CaptureQueriesContext(connection) as few:
        browser.get("/devices")
    for number in range(1, 120):
        desk_rows.device(of, f"pc-{number // 2:03}", now=now)
    path, seen = "/devices?q=pc", list[str]()
    for _ in range(3):
        with CaptureQueriesContext(connection) as many:
            answer = browser.get(path)
        assert len(many) == len(few) <= 8
        seen += names(answer)
        following = re.search(r'id="page-next" href="([^"]+)"', answer.content.decode())
        path = following[1].replace("&amp;", "&") if following else ""
    assert path == ""
    assert seen == sorted(f"pc-{number // 2:03}" for number in range(120))


@pytest.mark.parametrize("after", ["%00", "x" * 3000, "%ff", "’"])
def test_a_mistyped_place_is_no_error(signed_in: SignedIn, now: datetime, after: str) -> None:
    desk_rows.device(desk_rows.client(), "a", now=now)
    answer = signed_in(desk_rows.technician()).get(f"/devices?after={after}&id={after}")
    assert answer.status_code == 200


def test_no_device_yet_says_how_one_comes(signed_in: SignedIn, now: datetime) -> None:
    assert "watchdesk-agent enroll" in text(signed_in(desk_rows.technician()).get("/devices"))
