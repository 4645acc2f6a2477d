"""Signing in against those who try others' passwords; on both databases."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.cache import cache
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from server_stub.desk.models import Technician
from tests.server_stub.desk.signing import EMAIL, sign_in, told
from tests.support import desk_rows


def test_an_account_takes_five_tries_in_five_minutes(ana: Technician) -> None:
    for n in range(5):
        answer = sign_in(Browser(), "wrong", REMOTE_ADDR=f"192.0.2.{n}")
        assert "not correct" in told(answer)

    answer = sign_in(Browser(), REMOTE_ADDR="192.0.2.9")

    assert "Too many failed login attempts" in told(answer)


def test_neither_a_host_name_nor_capitals_make_it_another_account(ana: Technician) -> None:
    for n in range(5):
        browser = Browser(headers={"Host": f"desk{n}.example"})
        sign_in(browser, "wrong", EMAIL.upper() if n % 2 else EMAIL, REMOTE_ADDR=f"192.0.2.{n}")

    assert "Too many" in told(sign_in(Browser(), REMOTE_ADDR="192.0.2.9"))


def test_accounts_that_are_not_there_are_limited_alike(ana: Technician) -> None:
    told_of = {}
    for email in (EMAIL, "nobody@desk.example"):
        told_of[email] = [
            told(sign_in(Browser(), "wrong", email, REMOTE_ADDR=f"192.0.2.{n}")) for n in range(7)
        ]
        cache.clear()

    assert told_of[EMAIL] == told_of["nobody@desk.example"]
    assert len(set(told_of[EMAIL])) == 2


def test_an_address_takes_ten_tries_a_minute_whatever_it_says_of_itself(ana: Technician) -> None:
    for n in range(10):
        browser = Browser(headers={"X-Forwarded-For": f"192.0.2.{n}"})
        sign_in(browser, "wrong", f"t{n}@desk.example", REMOTE_ADDR="198.51.100.7")

    here = sign_in(Browser(), REMOTE_ADDR="198.51.100.7")
    elsewhere = sign_in(Browser(), REMOTE_ADDR="198.51.100.8")

    assert "Too many" in told(here)
    assert elsewhere.status_code == HTTPStatus.FOUND


def through(peer: str, forwarded_for: str) -> str:
    """Return the address Django sees behind ``serve --trusted-proxy 203.0.113.1``."""
    seen: list[str] = []

    def application(environ: dict[str, Any], _start: object) -> list[bytes]:
        seen.append(environ["REMOTE_ADDR"])
        return []

    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded_for}
    wrap_wsgi_with_proxy_headers(application, ["203.0.113.1"])(environ, None)
    return seen[0]


def test_a_trusted_proxy_names_the_address_and_nobody_else_does(ana: Technician) -> None:
    """Of the addresses a proxy passes on, the last is the one it saw itself."""
    for n in range(10):
        named = through("203.0.113.1", f"10.0.0.{n}, 192.0.2.50")
        sign_in(Browser(), "wrong", f"t{n}@desk.example", REMOTE_ADDR=named)
    for n in range(10):
        named = through("198.51.100.7", f"192.0.2.{n}")
        sign_in(Browser(), "wrong", f"u{n}@desk.example", REMOTE_ADDR=named)

    same = through("203.0.113.1", "192.0.2.50")
    other = through("203.0.113.1", "192.0.2.51")
    stranger = through("198.51.100.7", "192.0.2.51")
    assert "Too many" in told(sign_in(Browser(), REMOTE_ADDR=same))
    assert sign_in(Browser(), REMOTE_ADDR=other).status_code == HTTPStatus.FOUND
    assert "Too many" in told(sign_in(Browser(), REMOTE_ADDR=stranger))


def test_one_who_signs_in_is_not_counted(ana: Technician) -> None:
    for _ in range(8):
        assert sign_in(Browser()).status_code == HTTPStatus.FOUND


def test_a_flood_of_addresses_does_not_push_the_counts_out(ana: Technician) -> None:
    for n in range(5):
        sign_in(Browser(), "wrong", REMOTE_ADDR=f"192.0.2.{n}")
    for n in range(2_000):
        cache.set(f"allauth:rl:flood:{n}", [1.0], 60)

    assert "Too many" in told(sign_in(Browser(), REMOTE_ADDR="192.0.2.9"))


def test_every_refusal_costs_one_hash(ana: Technician, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that time does not tell who has an account: the hash is all that takes long."""
    left = desk_rows.technician("max.left@desk.example")
    left.is_active = False
    # Hashed here, as cheaply as this test hashes: an older, dearer hash would be renewed as well.
    left.set_password(desk_rows.PASSWORD)
    left.save()
    locked = desk_rows.technician("locked@desk.example")
    locked.set_unusable_password()
    locked.save()
    hashed: list[str] = []
    real_encode, real_verify = Argon2PasswordHasher.encode, Argon2PasswordHasher.verify

    def encode(self: Any, *arguments: Any) -> Any:
        hashed.append("encode")
        return real_encode(self, *arguments)

    def verify(self: Any, *arguments: Any) -> Any:
        hashed.append("verify")
        return real_verify(self, *arguments)

    monkeypatch.setattr(Argon2PasswordHasher, "encode", encode)
    monkeypatch.setattr(Argon2PasswordHasher, "verify", verify)
    costs = {}
    for email, password in (
        (EMAIL, "wrong"),
        ("nobody@desk.example", "wrong"),
        (left.email, desk_rows.PASSWORD),
        (locked.email, "wrong"),
    ):
        hashed.clear()
        sign_in(Browser(), password, email, REMOTE_ADDR="192.0.2.1")
        costs[email] = len(hashed)

    assert set(costs.values()) == {1}


def test_there_is_no_way_to_make_an_account_or_to_learn_of_one() -> None:
    def names(resolver: URLResolver) -> Iterator[str]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLPattern):
                yield entry.name or ""
            else:
                yield from names(entry)

    ours = {name for name in names(get_resolver()) if name.startswith(("account", "mfa"))}

    assert ours == {
        *("account_login", "account_logout", "account_reauthenticate"),
        "account_change_password",
        *("mfa_authenticate", "mfa_reauthenticate", "mfa_index", "mfa_activate_totp"),
        *("mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes"),
    }
