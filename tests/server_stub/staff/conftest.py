"""A browser without a browser: Django's client, signed in."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client as Browser

from server_stub.desk.models import Role, Technician
from tests.server_stub.staff.sending import KIM, LATER
from tests.support.databases import ServerDatabase
from tests.support.rows import a_technician

NOW = datetime(2026, 11, 21, 10, 33, tzinfo=UTC)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Hold the pages' clock."""
    monkeypatch.setattr("server_stub.staff.access.utc_now", lambda: NOW)
    return NOW


@pytest.fixture
def signed_in(database: ServerDatabase) -> Callable[[Technician], Browser]:
    """Return a browser in which a technician has signed in."""

    def open_browser(technician: Technician) -> Browser:
        browser = Browser()
        browser.force_login(technician)
        return browser

    return open_browser


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Hold the pages' clock an hour after tickets of ``desk.opened`` were opened."""
    monkeypatch.setattr("server_stub.staff.access.utc_now", lambda: LATER)
    return LATER


@pytest.fixture
def browser(signed_in: Callable[[Technician], Browser]) -> Browser:
    """A dispatcher's browser."""
    return signed_in(a_technician(KIM, role=Role.DISPATCHER))
