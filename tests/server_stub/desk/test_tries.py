"""What sign-ins remember, on both databases; with PostgreSQL by all servers together."""

import threading

import pytest
from django.core.cache import cache
from django.core.cache.backends import locmem
from django.db import connection, connections
from django.test import Client as Browser

from server_stub.desk.models import Technician
from server_stub.desk.tries import USED_CODE_S
from tests.server_stub.desk.signing import is_signed_in, sign_in, told
from tests.server_stub.desk.test_second_factor import HeldClock, Phone, held_clock, phone

__all__ = ["held_clock", "phone"]

on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def at_another_server() -> None:
    """Forget what this process remembers: another one never knew."""
    for memory in locmem._caches.values():  # type: ignore[attr-defined] # not in its types
        memory.clear()


@on_postgresql
def test_an_account_takes_five_tries_at_all_servers_together(ana: Technician) -> None:
    for n in range(5):
        assert "not correct" in told(sign_in(Browser(), "wrong", REMOTE_ADDR=f"192.0.2.{n}"))
        at_another_server()

    assert "Too many" in told(sign_in(Browser(), REMOTE_ADDR="192.0.2.9"))


@on_postgresql
def test_a_code_that_was_used_at_one_server_is_used_at_the_other(phone: Phone) -> None:
    for signs_in in (True, False):
        browser = Browser()
        sign_in(browser)
        browser.post("/sign-in/code", {"code": phone.code()})
        assert is_signed_in(browser) is signs_in
        at_another_server()


@on_postgresql
def test_of_those_who_come_at_once_one_is_first(ana: Technician) -> None:
    won: list[bool] = []
    start = threading.Barrier(8)

    def come() -> None:
        start.wait()
        won.append(cache.add("only-one", value=True, timeout=60))
        connections.close_all()

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(won) == [False] * 7 + [True]


def test_it_remembers_until_the_time_is_over(ana: Technician, held_clock: HeldClock) -> None:
    cache.set("tries", [1.5, 2.5], 60)
    assert cache.get("tries") == [1.5, 2.5]
    assert not cache.add("tries", [], 60)
    held_clock.pass_by(59)
    assert cache.get("tries", "none") == [1.5, 2.5]
    held_clock.pass_by(1)
    assert cache.get("tries", "none") == "none"
    assert cache.add("tries", [3.5], 60)
    cache.set("tries", [4.5], None)
    held_clock.pass_by(10**7)
    assert cache.get("tries") == [4.5]
    assert cache.delete("tries")
    assert not cache.delete("tries")
    cache.set("a", 1)
    cache.clear()
    assert cache.get("a") is None


def test_a_used_code_is_remembered_for_as_long_as_it_could_count(
    ana: Technician, held_clock: HeldClock
) -> None:
    cache.add("allauth.mfa.totp.used?user=1&code=123456", "y", timeout=30)
    held_clock.pass_by(USED_CODE_S - 1)

    assert not cache.add("allauth.mfa.totp.used?user=1&code=123456", "y", timeout=30)


@on_postgresql
def test_what_is_over_does_not_stay_in_the_table(ana: Technician, held_clock: HeldClock) -> None:
    for n in range(100):
        cache.set(f"flood-{n}", [1.0], 60)
    held_clock.pass_by(120)

    cache.set("one-more", [1.0], 60)

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM desk_tries")
        assert cursor.fetchone() == (1,)
