"""Signs in as a browser does."""

import re
from http import HTTPStatus
from typing import Any

from django.test import Client as Browser

from tests.support import desk_rows

EMAIL = "ana.sousa@desk.example"


def sign_in(
    browser: Browser, password: str = desk_rows.PASSWORD, email: str = EMAIL, **meta: Any
) -> Any:
    """Send the sign-in form; ``meta`` is the request's, such as ``REMOTE_ADDR``."""
    given = {"login": email, "password": password}
    return browser.post("/sign-in", given, **meta)


def is_signed_in(browser: Browser) -> bool:
    """Tell whether the queue opens."""
    return bool(browser.get("/").status_code == HTTPStatus.OK)


def told(answer: Any) -> str:
    """Return what a page complains of."""
    return " ".join(re.findall(r'role="alert"[^>]*>([^<]*)<', answer.content.decode()))
