"""Signing in and out as a browser does it, on both databases."""

import re

import pytest
from django.core.cache import cache
from django.test import Client as Browser

from tests.server_stub.staff.pages import SignedIn, text
from tests.support import desk_rows


@pytest.fixture(autouse=True)
def _no_attempts_yet() -> None:
    """Forget the attempts of other tests: they are counted per address."""
    cache.clear()


@pytest.mark.usefixtures("database")
def test_a_technician_signs_in_and_lands_where_they_wanted() -> None:
    desk_rows.technician("ana.sousa@desk.example")
    browser = Browser()
    page = browser.get("/sign-in?next=/?status=new").content.decode()
    assert '<input type="hidden" name="next" value="/?status=new"' in page
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    answer = browser.post(
        "/sign-in",
        {"login": "Ana.Sousa@desk.example", "password": desk_rows.PASSWORD, "next": "/?status=new"},
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/?status=new")
    assert "Ana Sousa" in text(browser.get("/"))


@pytest.mark.usefixtures("database")
def test_after_signing_in_nobody_is_led_to_another_site() -> None:
    desk_rows.technician("ana.sousa@desk.example")
    answer = Browser().post(
        "/sign-in",
        {
            "login": "ana.sousa@desk.example",
            "password": desk_rows.PASSWORD,
            "next": "https://evil.example/",
        },
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


@pytest.mark.usefixtures("database")
def test_an_unknown_address_and_a_wrong_password_get_the_same_answer() -> None:
    """So that nobody learns who has an account here; one who left is unknown, too."""
    desk_rows.technician("ana.sousa@desk.example")
    left = desk_rows.technician("max.left@desk.example")
    left.is_active = False
    left.save()
    pages = set()
    for email, password in (
        ("ana.sousa@desk.example", "wrong"),
        ("nob.odyyy@desk.example", "wrong"),
        ("max.left@desk.example", desk_rows.PASSWORD),
    ):
        answer = Browser().post("/sign-in", {"login": email, "password": password})
        assert answer.status_code == 200
        page = answer.content.decode().replace(email, "EMAIL")
        assert 'role="alert"' in page
        pages.add(re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", page))
    assert len(pages) == 1


@pytest.mark.usefixtures("database")
def test_too_many_attempts_get_a_page_that_says_what_to_do() -> None:
    for _ in range(40):
        answer = Browser().post("/sign-in", {"login": "ana@desk.example", "password": "wrong"})
        if answer.status_code == 429:
            break
    assert "Wait" in text(answer) or "later" in text(answer)


def test_signing_out_takes_a_button_and_ends_the_session(signed_in: SignedIn) -> None:
    browser = signed_in(desk_rows.technician())
    asked = browser.get("/sign-out")
    assert "You are signed in as Ana Sousa." in text(asked)
    assert browser.get("/").status_code == 200
    answer = browser.post("/sign-out")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in")
    assert browser.get("/").status_code == 302


def test_a_form_without_its_token_is_refused_in_words(signed_in: SignedIn) -> None:
    signed_in(desk_rows.technician())
    answer = Browser(enforce_csrf_checks=True).post("/sign-in", {"login": "a@b.example"})
    assert answer.status_code == 403
    assert "This form is no longer valid" in text(answer)
    assert "<nav" not in answer.content.decode()


def test_every_page_is_under_a_policy_that_allows_nothing_inline_and_nothing_foreign(
    signed_in: SignedIn,
) -> None:
    browser = signed_in(desk_rows.technician())
    for path in ("/", "/sign-in", "/tickets/1", "/nowhere"):
        answer = browser.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        page = answer.content.decode()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page)
        for source in re.findall(r'(?:src|href|action)="([^"]*)"', page):
            assert source.startswith(("/", "#")), source
            assert not source.startswith("//"), source


def test_pages_with_tickets_are_kept_by_no_cache(signed_in: SignedIn) -> None:
    """A shared computer's back button must not show them after signing out."""
    answer = signed_in(desk_rows.technician()).get("/")
    assert "no-store" in answer.headers["Cache-Control"]
