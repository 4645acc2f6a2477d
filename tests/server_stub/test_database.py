import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pysqlite3
import pytest
from django.db import connection, transaction

from server_stub import database as ours
from server_stub.clients.models import Client
from server_stub.errors import DatabaseUrlError
from tests.support.databases import ServerDatabase, connect
from tests.support.rows import a_client
from tests.support.server_process import PROJECT


def test_without_a_url_the_rows_are_in_the_data_folder(tmp_path: Path) -> None:
    settings = ours.settings_for(tmp_path, "")

    assert settings["ENGINE"] == "django.db.backends.sqlite3"
    assert settings["NAME"] == str(tmp_path / "watchdesk.db")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://kim@db.example:6543/desk", ("desk", "kim", "db.example", "6543")),
        ("postgres://db.example/desk", ("desk", "", "db.example", "")),
        ("postgresql:///desk?host=/run/pg&user=kim&port=6", ("desk", "kim", "/run/pg", "6")),
        ("postgresql://k%40m@[::1]/d%20k", ("d k", "k@m", "::1", "")),
    ],
)
def test_a_url_names_host_user_and_database(url: str, expected: tuple[str, ...]) -> None:
    settings = ours.settings_for(Path(), url)

    assert tuple(settings[name] for name in ("NAME", "USER", "HOST", "PORT")) == expected


def test_tls_options_of_a_url_reach_the_driver() -> None:
    settings = ours.settings_for(Path(), "postgresql://h/d?sslmode=verify-full&sslrootcert=/ca")

    assert settings["OPTIONS"]["sslmode"] == "verify-full"
    assert settings["OPTIONS"]["sslrootcert"] == "/ca"


@pytest.mark.parametrize(
    "url", ["postgresql://kim:hunter2@h/d", "postgresql://h/d?password=hunter2", "postgres://:@h/d"]
)
def test_a_password_in_the_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(DatabaseUrlError, match="PGPASSFILE") as refused:
        ours.settings_for(Path(), url)

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://h/d", "'mysql'"),
        ("watchdesk.db", "nothing"),
        ("postgresql://h", "names no database"),
        ("postgresql://h:port/d", "port"),
        ("postgresql://h/d?sslmod=require", "'sslmod'"),
    ],
)
def test_a_url_that_cannot_be_used_says_why(url: str, reason: str) -> None:
    with pytest.raises(DatabaseUrlError, match=reason):
        ours.settings_for(Path(), url)


def test_sqlite_is_the_newest_here_and_safe_against_a_power_cut(sqlite: ServerDatabase) -> None:
    with connection.cursor() as cursor:
        pragma = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    assert ours.load_sqlite() == pysqlite3.sqlite_version_info
    assert pragma == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "busy_timeout": 20_000,
    }


def test_a_sqlite_with_the_wal_fault_keeps_to_the_rollback_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "load_sqlite", lambda: (3, 40, 1))

    connect(tmp_path, "")
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
    assert "pysqlite3" in ours.caution()
    connect(Path("/nonexistent"), "")


def test_only_django_gets_the_newer_sqlite() -> None:
    """Whatever else runs in this process keeps the standard library's module."""
    code = (
        "import server_stub.database as d; v = d.load_sqlite(); import sqlite3, pysqlite3; "
        "print(v == pysqlite3.sqlite_version_info, sqlite3.__name__, sqlite3.dbapi2.__name__)"
    )
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            code,
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.split() == ["True", "sqlite3", "sqlite3.dbapi2"]
    assert sqlite3.sqlite_version_info is not pysqlite3.sqlite_version_info


def test_transactions_that_read_and_then_write_wait_for_each_other(
    database: ServerDatabase,
) -> None:
    """A deferred SQLite transaction would fail with "database is locked" here, at once."""
    row = a_client("0")
    at_once = threading.Barrier(4)
    failures: list[BaseException] = []

    def count_up() -> None:
        at_once.wait()
        try:
            for _ in range(25):
                with transaction.atomic():
                    rows = Client.objects.select_for_update()
                    kept = rows.get(id=row.id)
                    kept.name = str(int(kept.name) + 1)
                    kept.save()
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert Client.objects.get().name == "100"


def test_a_fresh_database_is_ready_and_names_its_product(database: ServerDatabase) -> None:
    assert ours.not_ready() == ""
    assert ours.product().lower().startswith(database.vendor)
    assert ours.caution() == ""


def test_asking_whether_sqlite_is_ready_makes_no_file(tmp_path: Path) -> None:
    connect(tmp_path, "")

    assert "nothing is set up" in ours.not_ready()
    assert list(tmp_path.iterdir()) == []
    connect(Path("/nonexistent"), "")


def test_a_database_of_an_older_version_is_not_ready(database: ServerDatabase) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'work'")

    assert ours.not_ready().startswith("1 database change")


def test_the_role_in_tests_is_not_superuser(postgresql: ServerDatabase) -> None:
    """What a superuser may do proves nothing about what the product may."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls "
            "FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (False, False, False, False)
