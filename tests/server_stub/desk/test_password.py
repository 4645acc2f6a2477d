"""People change their own passwords; on both databases."""

from http import HTTPStatus
from typing import Any

from django.test import Client as Browser

from server_stub.audit.models import AuditEntry
from server_stub.desk.models import Technician
from tests.server_stub.desk.signing import is_signed_in, sign_in, told
from tests.support import desk_rows

PAGE = "/account/password"
NEW = "quiet-harbour-lamp-19"


def change(browser: Browser, old: str = desk_rows.PASSWORD, new: str = NEW, again: str = "") -> Any:
    """Send the form."""
    return browser.post(
        PAGE, {"oldpassword": old, "password1": new, "password2": again or new}, follow=True
    )


def test_a_new_password_holds_and_other_browsers_are_signed_out(ana: Technician) -> None:
    here, elsewhere = Browser(), Browser()
    sign_in(here)
    sign_in(elsewhere)

    answer = change(here)

    assert "Password successfully changed" in answer.content.decode()
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert sign_in(Browser()).status_code == HTTPStatus.OK
    assert sign_in(Browser(), NEW).status_code == HTTPStatus.FOUND
    entry = AuditEntry.objects.get(act="new password")
    assert entry.who == ana.email
    assert NEW not in entry.detail


def test_it_asks_for_the_present_password_and_says_what_is_wrong(ana: Technician) -> None:
    browser = Browser()
    sign_in(browser)

    assert "current password" in told(change(browser, old="wrong"))
    assert "too common" in told(change(browser, new="password"))
    assert "same password" in told(change(browser, again="another-harbour-lamp"))
    assert sign_in(Browser()).status_code == HTTPStatus.FOUND
    assert not AuditEntry.objects.filter(act="new password").exists()


def test_guesses_at_the_present_password_are_limited(ana: Technician) -> None:
    """Who found a screen unlocked must not have it for ever."""
    browser = Browser()
    sign_in(browser)

    statuses = [change(browser, old=f"guess {n}").status_code for n in range(6)]

    assert statuses == [HTTPStatus.OK] * 5 + [HTTPStatus.TOO_MANY_REQUESTS]
    assert change(browser).status_code == HTTPStatus.TOO_MANY_REQUESTS


def test_strangers_are_sent_to_sign_in_and_every_page_leads_there(ana: Technician) -> None:
    browser = Browser()
    assert browser.get(PAGE)["Location"] == f"/sign-in?next={PAGE}"
    sign_in(browser)
    assert f'href="{PAGE}"' in browser.get("/").content.decode()
    assert "script-src" in browser.get(PAGE)["Content-Security-Policy"]
