"""How long a sign-in lasts; on both databases."""

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.conf import settings
from django.test import Client as Browser

from server_stub.desk import sessions
from server_stub.desk.models import Technician
from tests.server_stub.desk.signing import is_signed_in, sign_in


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Return a function that sets how far the sessions' clock is ahead."""
    ahead = [timedelta()]

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + ahead[0]

    monkeypatch.setattr(sessions, "datetime", Ahead)

    def put(by: timedelta) -> None:
        ahead[0] = by

    return put


def test_a_sign_in_ends_after_eight_hours_of_nothing(
    ana: Technician, clock: Callable[[timedelta], None]
) -> None:
    browser = Browser()
    sign_in(browser)
    clock(timedelta(hours=7, minutes=59))
    assert is_signed_in(browser)
    clock(timedelta(hours=15, minutes=58))
    assert not is_signed_in(browser)
    assert "A sign-in lasts twelve hours" in browser.get("/sign-in").content.decode()

    sign_in(browser)
    clock(timedelta(hours=24))
    assert not is_signed_in(browser)
    assert "nothing was done for eight hours" in browser.get("/sign-in").content.decode()


def test_a_sign_in_ends_after_twelve_hours_of_work(
    ana: Technician, clock: Callable[[timedelta], None]
) -> None:
    browser = Browser()
    sign_in(browser)
    for minutes in range(0, 12 * 60, 30):
        clock(timedelta(minutes=minutes))
        assert is_signed_in(browser)

    clock(timedelta(hours=12))

    assert not is_signed_in(browser)


def test_a_screen_left_open_does_not_keep_itself_signed_in(
    ana: Technician, clock: Callable[[timedelta], None]
) -> None:
    browser = Browser()
    sign_in(browser)
    for minutes in range(0, 8 * 60, 30):
        clock(timedelta(minutes=minutes))
        assert browser.get("/", headers={"HX-Request": "true"}).status_code == HTTPStatus.OK

    clock(timedelta(hours=8))

    assert browser.get("/", headers={"HX-Request": "true"}).status_code == 401
    assert not is_signed_in(browser)


def test_signing_in_again_begins_anew(ana: Technician, clock: Callable[[timedelta], None]) -> None:
    browser = Browser()
    sign_in(browser)
    browser.post("/sign-out")
    clock(timedelta(hours=7))
    sign_in(browser)
    clock(timedelta(hours=14))

    assert is_signed_in(browser)


def test_a_session_id_is_of_one_sign_in_only(ana: Technician) -> None:
    """Else one who planted a session id before the sign-in would be in after it."""
    browser = Browser()
    browser.get("/sign-in")
    before = browser.cookies.get(settings.SESSION_COOKIE_NAME)
    sign_in(browser)
    after = browser.cookies[settings.SESSION_COOKIE_NAME]

    assert before is None or before.value != after.value
    assert after["httponly"]
    assert after["samesite"] == "Lax"


def test_a_new_password_or_leaving_ends_every_session(ana: Technician) -> None:
    first, second = Browser(), Browser()
    sign_in(first)
    sign_in(second)
    ana.set_password("another horse, another battery")
    ana.save()
    assert not is_signed_in(first)
    assert not is_signed_in(second)

    sign_in(first, "another horse, another battery")
    assert is_signed_in(first)
    Technician.objects.update(is_active=False)
    assert not is_signed_in(first)
