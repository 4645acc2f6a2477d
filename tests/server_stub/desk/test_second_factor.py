"""A code of one's phone beside the password; on both databases."""

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client as Browser
from django.test import override_settings

from server_stub.arguments import parser
from server_stub.audit.models import AuditEntry
from server_stub.commands import people
from server_stub.desk.models import Technician
from server_stub.desk.second_factor import reset_second_factor
from tests.server_stub.desk.signing import EMAIL, is_signed_in, sign_in, told
from tests.support import desk_rows
from tests.support.databases import ServerDatabase

NOON = datetime(2026, 11, 23, 12, 0, 10, tzinfo=UTC)


class HeldClock:
    """The clock of codes; none changes between being shown and typed."""

    def __init__(self) -> None:
        self.at = NOON.timestamp()

    def __call__(self) -> float:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += seconds


@dataclass(frozen=True)
class Phone:
    """An authenticator app with its key, and the recovery codes in a drawer."""

    key: str
    clock: HeldClock
    codes: list[str]

    def code(self) -> str:
        return format_hotp_value(hotp_value(self.key, int(self.clock.at) // 30))  # type: ignore[no-any-return]


@pytest.fixture
def held_clock(monkeypatch: pytest.MonkeyPatch) -> HeldClock:
    clock = HeldClock()
    monkeypatch.setattr("time.time", clock)
    return clock


def turn_on(browser: Browser, clock: HeldClock) -> Phone:
    """Turn the second factor on as a person does."""
    asked = browser.get("/account/second-factor/on", follow=True)
    assert "Enter your password first" in asked.content.decode()
    path = asked.redirect_chain[-1][0].partition("?")[0]
    given = {"password": desk_rows.PASSWORD, "next": "/account/second-factor/on"}
    page = browser.post(path, given, follow=True).content.decode()
    found = re.search(r"Key: <code>([A-Z2-7]{32})</code>", page)
    assert found
    picture = re.search('<img src="data:image/svg[+]xml;base64,([^"]+)"', page)
    assert picture
    assert 'fill="white"' in base64.b64decode(picture[1]).decode()  # dark pages, too
    assert "Successfully" not in page
    code = Phone(found[1], clock, []).code()
    shown = browser.post("/account/second-factor/on", {"code": code}, follow=True)
    return Phone(found[1], clock, re.findall(r"<li><code>(\d{8})</code>", shown.content.decode()))


@pytest.fixture
def phone(ana: Technician, held_clock: HeldClock) -> Phone:
    browser = Browser()
    sign_in(browser)
    phone = turn_on(browser, held_clock)
    held_clock.pass_by(60)
    cache.clear()
    return phone


def test_it_is_turned_on_with_password_and_code(ana: Technician, held_clock: HeldClock) -> None:
    browser = Browser()
    sign_in(browser)

    codes = turn_on(browser, held_clock).codes

    assert len(set(codes)) == 10
    page = browser.get("/account/second-factor").content.decode()
    assert "your password and a code" in page
    assert "10 recovery codes are left" in page
    again = browser.get("/account/second-factor/codes").content.decode()
    assert not set(codes) & set(re.findall(r"\d{8}", again))


def test_the_password_alone_does_not_open_the_account(phone: Phone) -> None:
    browser = Browser()
    answer = sign_in(browser)

    assert answer.headers["Location"] == "/sign-in/code"
    assert not is_signed_in(browser)
    assert "Open your authenticator app" in browser.get("/sign-in/code").content.decode()
    answer = browser.post("/sign-in/code", {"code": "000000"})
    assert "Incorrect code" in told(answer)
    assert not is_signed_in(browser)
    answer = browser.post("/sign-in/code", {"code": phone.code()})
    assert answer.status_code == HTTPStatus.FOUND
    assert is_signed_in(browser)


@pytest.mark.parametrize("off_s", [-30, 30])
def test_a_phone_may_be_half_a_minute_off(phone: Phone, held_clock: HeldClock, off_s: int) -> None:
    browser = Browser()
    sign_in(browser)
    held_clock.pass_by(off_s)
    code = phone.code()
    held_clock.pass_by(-off_s)

    browser.post("/sign-in/code", {"code": code})

    assert is_signed_in(browser)


@pytest.mark.parametrize("off_s", [-60, 60])
def test_a_phone_that_is_further_off_opens_nothing(
    phone: Phone, held_clock: HeldClock, off_s: int
) -> None:
    browser = Browser()
    sign_in(browser)
    held_clock.pass_by(off_s)
    code = phone.code()
    held_clock.pass_by(-off_s)

    assert "Incorrect code" in told(browser.post("/sign-in/code", {"code": code}))
    assert not is_signed_in(browser)


def test_a_code_is_used_once_for_as_long_as_it_counts(phone: Phone, held_clock: HeldClock) -> None:
    held_clock.pass_by(30)
    code = phone.code()
    held_clock.pass_by(-30)  # it counts in this half minute already, and in the next two
    first, second = Browser(), Browser()
    sign_in(first)
    sign_in(second)
    first.post("/sign-in/code", {"code": code})
    assert is_signed_in(first)

    for passed_s in (0, 31, 28):
        held_clock.pass_by(passed_s)
        assert "Incorrect code" in told(second.post("/sign-in/code", {"code": code}))
        assert not is_signed_in(second)


def test_a_recovery_code_opens_once(phone: Phone) -> None:
    for expected in (True, False):
        browser = Browser()
        sign_in(browser)
        browser.post("/sign-in/code", {"code": phone.codes[3]})
        assert is_signed_in(browser) is expected


def test_codes_are_tried_five_times_in_five_minutes(phone: Phone) -> None:
    browser = Browser()
    sign_in(browser)
    for n in range(5):
        browser.post("/sign-in/code", {"code": f"00000{n}"}, REMOTE_ADDR=f"192.0.2.{n}")

    answer = browser.post("/sign-in/code", {"code": phone.code()})

    assert "Too many" in told(answer)
    assert not is_signed_in(browser)


def test_it_is_turned_off_only_by_one_who_has_it(phone: Phone) -> None:
    browser = Browser()
    browser.force_login(Technician.objects.get())
    asked = browser.get("/account/second-factor/off", follow=True)
    assert "first" in asked.content.decode()
    assert Authenticator.objects.count() == 2

    browser.post(
        "/sign-in/again/code", {"code": phone.code(), "next": "/account/second-factor/off"}
    )
    browser.post("/account/second-factor/off")

    assert not Authenticator.objects.exists()
    assert sign_in(Browser()).headers["Location"] == "/"


def test_the_database_alone_does_not_tell_the_key(phone: Phone) -> None:
    stored = " ".join(str(row.data) for row in Authenticator.objects.all())

    assert phone.key not in stored
    assert not any(code in stored for code in phone.codes)


def test_with_another_secret_key_no_code_fits_and_an_administrator_helps(phone: Phone) -> None:
    with override_settings(SECRET_KEY="restored without its key" * 2):
        browser = Browser()
        sign_in(browser)
        answer = browser.post("/sign-in/code", {"code": phone.code()})
        assert "Incorrect code" in told(answer)

        assert reset_second_factor(Technician.objects.get())
        assert not reset_second_factor(Technician.objects.get())
        assert sign_in(Browser()).headers["Location"] == "/"


def test_its_pages_are_ours_and_under_our_content_policy(phone: Phone) -> None:
    browser = Browser()
    sign_in(browser)
    pages = [browser.get("/sign-in/code")]
    browser.post("/sign-in/code", {"code": phone.code()})
    pages += [
        browser.get(path, follow=True)
        for path in ("/account/second-factor", "/account/second-factor/off", "/sign-in/again")
    ]
    for answer in pages:
        page = answer.content.decode()
        assert "· watchdesk</title>" in page
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page)
        assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_an_administrator_turns_it_off_by_the_command_line(
    phone: Phone, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = parser().parse_args(["staff", "reset-second-factor", EMAIL.upper()])
    assert arguments.run == "commands.people:reset_second_factor"

    people.reset_second_factor(arguments)
    people.reset_second_factor(arguments)

    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"{EMAIL} signs in by password alone now")
    assert said[1] == f"{EMAIL} has no second factor; nothing was changed"
    assert not Authenticator.objects.exists()


def test_what_is_done_about_a_second_factor_is_written_down(
    database: ServerDatabase, held_clock: HeldClock
) -> None:
    """Who got at a browser that is signed in may turn it off, and should be found out."""
    desk_rows.technician(EMAIL)
    browser = Browser(REMOTE_ADDR="192.0.2.7")
    sign_in(browser)
    turn_on(browser, held_clock)
    browser.post("/account/second-factor/codes/new")
    browser.post("/account/second-factor/off")

    entries = AuditEntry.objects.order_by("id")[1:]
    assert [(one.who, one.via, one.act) for one in entries] == [
        (EMAIL, "page", "second factor on"),
        (EMAIL, "page", "new recovery codes"),
        (EMAIL, "page", "new recovery codes"),
        (EMAIL, "page", "second factor off"),
    ]
    assert {one.tree["address"] for one in entries} == {"192.0.2.7"}
