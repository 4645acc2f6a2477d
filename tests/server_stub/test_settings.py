import json
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from server_stub.secret_key import make_secret_key, secret_key
from tests.support.databases import ServerDatabase
from tests.support.rows import a_technician
from tests.support.server_process import PROJECT, server_environment

PASSWORD = "correct horse battery"


def test_the_secret_key_is_made_once_for_us_alone(tmp_path: Path) -> None:
    makers = [threading.Thread(target=make_secret_key, args=(tmp_path,)) for _ in range(8)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()

    path = tmp_path / "secret-key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(secret_key(tmp_path)) >= 60
    assert secret_key(tmp_path) == secret_key(tmp_path)


def test_without_a_key_file_each_process_signs_for_itself(tmp_path: Path) -> None:
    assert secret_key(tmp_path) != secret_key(tmp_path)
    assert not (tmp_path / "secret-key").exists()


def told_settings(*names: str, **environment: str) -> dict[str, Any]:
    code = (
        "import json, sys; from server_stub import settings; "
        "print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, *names],
        cwd=PROJECT,
        env=server_environment(None, **environment),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found


@pytest.mark.parametrize("https", [True, False])
def test_cookies_are_bound_to_https_when_browsers_come_by_it(*, https: bool) -> None:
    told = told_settings(
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "SESSION_COOKIE_NAME",
        "SECURE_HSTS_SECONDS",
        WATCHDESK_HTTPS="1" if https else "",
    )

    assert told["SESSION_COOKIE_SECURE"] is told["CSRF_COOKIE_SECURE"] is https
    assert told["SESSION_COOKIE_NAME"].startswith("__Host-") is https
    assert bool(told["SECURE_HSTS_SECONDS"]) is https


def test_django_finds_nothing_wrong_with_models_and_settings(sqlite: ServerDatabase) -> None:
    call_command("check", fail_level="WARNING")
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_admin_site_is_not_there() -> None:
    """It would walk round the query layer."""
    assert "django.contrib.admin" not in settings.INSTALLED_APPS


def signed_in(email: str, password: str) -> bool:
    browser = Client()
    browser.post("/sign-in", {"login": email, "password": password})
    return "_auth_user_id" in browser.session


def test_a_technician_signs_in_by_email_in_any_case_of_letters(database: ServerDatabase) -> None:
    technician = a_technician("kim@example.org")
    technician.set_password(PASSWORD)
    technician.save()

    assert signed_in("Kim@Example.org", PASSWORD)
    assert not signed_in("kim@example.org", "wrong")
    assert not signed_in("other@example.org", PASSWORD)

    technician.is_active = False
    technician.save()
    assert not signed_in("kim@example.org", PASSWORD)


@pytest.mark.parametrize(
    "path", ["sign-up", "signup", "accounts/signup/", "accounts/login/", "admin/", "sign-in/"]
)
def test_there_is_no_way_to_make_an_account_on_the_web(sqlite: ServerDatabase, path: str) -> None:
    browser = Client()

    assert browser.get(f"/{path}").status_code == 404
    assert browser.post(f"/{path}", {"email": "x@example.org"}).status_code == 404


def test_every_page_carries_the_strict_policy(sqlite: ServerDatabase) -> None:
    browser = Client()

    for path in ("/sign-in", "/nowhere", "/health", "/api/v1/nowhere"):
        policy = browser.get(path).headers["Content-Security-Policy"]
        assert set(policy.split("; ")) == {
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        }, path
