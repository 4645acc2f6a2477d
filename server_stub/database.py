"""Which database the server keeps its rows in, and how it opens it.

SQLite in the data folder by default; PostgreSQL when a URL names one. This is the only module
that knows the difference between the two.
"""

import importlib
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from server_stub import walls
from server_stub.errors import DatabaseUrlError, SetupError

WAL_IS_SOUND = (3, 51, 3)
"""First SQLite whose WAL cannot be corrupted by a checkpoint racing with another writer
(https://sqlite.org/wal.html, "the WAL-reset bug"); below it the rollback journal is used."""

SQLITE_FILE = "watchdesk.db"
SQLITE_BACKEND = "django.db.backends.sqlite3.base"
CLOCKS_DIFFER = timedelta(minutes=1)
"""By so much clocks of several computers on one database may differ."""
_BUSY_S = 20
_URL_OPTIONS = frozenset(
    {"sslmode", "sslrootcert", "sslcert", "sslkey", "passfile", "channel_binding"}
)


def load_sqlite() -> tuple[int, ...]:
    """Make Django's SQLite backend use the newest SQLite here; return its version.

    Linux distributions ship an SQLite older than ``WAL_IS_SOUND``; ``pysqlite3`` brings its
    own. Django has no setting for it and imports ``sqlite3`` by name, so the name points to
    ``pysqlite3`` while Django's backend loads, and to the standard library again afterwards.
    """
    backend = SQLITE_BACKEND
    if backend not in sys.modules:
        names = {"sqlite3": "pysqlite3", "sqlite3.dbapi2": "pysqlite3.dbapi2"}
        before = {name: sys.modules.get(name) for name in names}
        try:
            replacements = {name: importlib.import_module(ours) for name, ours in names.items()}
        except ImportError:
            replacements = {}
        sys.modules.update(replacements)
        try:
            importlib.import_module(backend)
        finally:
            for name in replacements:
                restored = before[name]
                if restored is None:
                    del sys.modules[name]
                else:
                    sys.modules[name] = restored
    version: tuple[int, ...] = sys.modules[backend].Database.sqlite_version_info
    return version


def settings_for(data: Path, url: str) -> dict[str, Any]:
    """Return Django's ``DATABASES["default"]``: of the URL, or of SQLite in ``data`` without one.

    Raises DatabaseUrlError when the URL is not one we can use.
    """
    return _postgresql(url) if url else _sqlite(data / SQLITE_FILE)


def _sqlite(path: Path) -> dict[str, Any]:
    journal = "WAL" if load_sqlite() >= WAL_IS_SOUND else "DELETE"
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # A transaction that begins as a reader and then writes cannot wait for another
            # writer: it fails at once. IMMEDIATE queues for the lock at its start instead.
            "transaction_mode": "IMMEDIATE",
            "timeout": _BUSY_S,
            "init_command": f"PRAGMA journal_mode={journal}; PRAGMA synchronous=FULL",
        },
    }


def _postgresql(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.scheme not in ("postgresql", "postgres"):
        raise DatabaseUrlError(
            f"it begins with {parts.scheme or 'nothing'!r}: "
            "write postgresql://user@host/name, or leave it out for SQLite in the data folder"
        )
    if parts.password is not None or "password" in query:
        raise DatabaseUrlError(
            "it holds a password, and other users can read a command line: "
            "take it out and put it in a file named by PGPASSFILE (or in PGPASSWORD)"
        )
    unknown = sorted(set(query) - _URL_OPTIONS - {"host", "port", "user"})
    if unknown:
        raise DatabaseUrlError(
            f"the option {unknown[0]!r} is not one of "
            f"{', '.join(sorted(_URL_OPTIONS | {'host', 'port', 'user'}))}"
        )
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise DatabaseUrlError("it names no database: write postgresql://user@host/name")
    try:
        port = parts.port
    except ValueError as error:
        raise DatabaseUrlError("its port is not a number") from error
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or "") or query.get("user", ""),
        "HOST": unquote(parts.hostname or "") or query.get("host", ""),
        "PORT": str(port or query.get("port", "")),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 10,
            **{option: value for option, value in query.items() if option in _URL_OPTIONS},
        },
    }


def sync(path: Path) -> None:
    """Make a file, or a folder's names, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def json_object(text: str) -> dict[str, Any]:
    """Return the JSON object in a text column, empty for the empty text.

    JSON is kept as text, not in the databases' own JSON types: the text that arrived is the one
    whose hash was taken, and sets of rows are written by plain SQL alike on both.
    """
    tree = json.loads(text) if text else {}
    return tree if isinstance(tree, dict) else {}


def not_ready() -> str:
    """Return what keeps the default database from being used, empty when nothing does.

    Raises django.db.Error when it cannot be reached at all.
    """
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        # Connecting would make an empty file.
        return f"nothing is set up in {Path(connection.settings_dict['NAME']).parent} yet"
    executor = MigrationExecutor(connection)
    pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if not executor.loader.applied_migrations:
        return "nothing is set up in this database yet"
    if pending:
        return f"{pending} database changes of this version are not made yet"
    open_tables = walls.missing()
    return (
        f"the walls between clients are not up (row-level security of {', '.join(open_tables)})"
        if open_tables
        else ""
    )


def role_problem() -> str:
    """Return what is wrong with the database role and what to do, empty when nothing is."""
    why = walls.walks_through()
    return (
        f"{why}: it walks through the walls between clients. Connect by a role that owns this "
        "database and may do nothing else (CREATE ROLE watchdesk LOGIN NOSUPERUSER NOBYPASSRLS)"
        if why
        else ""
    )


def clock() -> datetime:
    """Return what the default database's clock shows: this computer's with SQLite."""
    if connection.vendor == "sqlite":
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        shown: datetime = cursor.fetchone()[0]
    return shown


def clock_problem() -> str:
    """Return what is wrong with this computer's clock beside the database's, empty when nothing.

    With clocks that differ by more one process would miss the devices that another one hears.
    """
    off = datetime.now(UTC) - clock()
    if abs(off) <= CLOCKS_DIFFER:
        return ""
    way = "ahead of" if off > timedelta(0) else "behind"
    return (
        f"this computer's clock is {abs(off).total_seconds():.0f} s {way} the database's: devices "
        "would seem silent and due instants be wrong; set both by NTP, then start again"
    )


def demand_ready() -> None:
    """Raise SetupError when the default database must not be served from."""
    if problem := not_ready():
        raise SetupError(f"{problem}: run watchdesk-server init first")
    if problem := role_problem() or clock_problem():
        raise SetupError(problem)


def product() -> str:
    """Return the default database's product and version in words."""
    if connection.vendor == "sqlite":
        return "SQLite " + ".".join(str(part) for part in load_sqlite())
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0]}"


def caution() -> str:
    """Return what an operator should know of the default database and do, empty when nothing."""
    if connection.vendor == "sqlite":
        least = ".".join(str(part) for part in WAL_IS_SOUND)
        sound = load_sqlite() >= WAL_IS_SOUND
        return (
            ""
            if sound
            else f"this SQLite is older than {least}, whose write-ahead log can lose rows with "
            "several writers: the slower rollback journal is used; install pysqlite3 to be fast"
        )
    return role_problem()
