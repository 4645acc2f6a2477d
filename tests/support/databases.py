"""Fresh databases for tests, as ``watchdesk-server init`` leaves them, on both products.

Migrations run once per product and test session, into a template; each test gets a copy.
"""

import itertools
import shutil
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connections
from django.db.utils import ConnectionHandler
from psycopg import sql

from server_stub.database import SQLITE_FILE, settings_for
from server_stub.secret_key import make_secret_key
from tests.support.postgresql import PostgresServer

VENDORS = ("sqlite", "postgresql")


@dataclass(frozen=True)
class ServerDatabase:
    """One server's database and data folder."""

    vendor: str
    data: Path
    url: str

    @property
    def environment(self) -> dict[str, str]:
        """Return what tells a ``watchdesk-server`` process where its rows are."""
        return {"WATCHDESK_DATA": str(self.data), "WATCHDESK_DATABASE_URL": self.url}


def connect(data: Path, url: str) -> None:
    """Point Django's default connection at a database, in this thread and in new ones."""
    connections.close_all()
    django_settings.DATA = data
    settings = ConnectionHandler({"default": settings_for(data, url)}).settings["default"]
    connections.settings["default"] = settings
    connections["default"]  # of this thread, made now if it was not yet
    del connections["default"]


class Databases:
    """Makes and removes the databases of one test session."""

    def __init__(self, folder: Path) -> None:
        """Take a folder for the templates; nothing is made before it is asked for."""
        self._folder = folder
        self._counter = itertools.count(1)
        self._postgresql: PostgresServer | None = None
        self._sqlite: Path | None = None

    def fresh(self, vendor: str, data: Path) -> ServerDatabase:
        """Return a fresh database, its data folder being ``data``, and connect Django to it."""
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_secret_key(data)
        if vendor == "sqlite":
            shutil.copy(self._sqlite_template(), data / SQLITE_FILE)
            (data / SQLITE_FILE).chmod(0o600)  # as ``init`` makes it
            url = ""
        else:
            url = self._postgresql_server().create(f"test_{next(self._counter)}", "migrated")
        connect(data, url)
        return ServerDatabase(vendor, data, url)

    def empty(self, vendor: str, data: Path) -> ServerDatabase:
        """Return a database without a single table, for tests of ``init`` itself."""
        if vendor == "sqlite":
            return ServerDatabase(vendor, data, "")
        server = self._postgresql_server()
        return ServerDatabase(vendor, data, server.create(f"test_{next(self._counter)}"))

    def drop(self, database: ServerDatabase) -> None:
        """Disconnect Django and remove the database."""
        connect(self._folder / "no-database", "")
        if database.url and self._postgresql:
            self._postgresql.drop(database.url.split("///")[1].split("?")[0])

    def administrator(self, name: str) -> psycopg.Connection:
        """Return a superuser's connection to a PostgreSQL database, in autocommit mode."""
        return self._postgresql_server().administrator(name)

    def forget_role(self, name: str) -> None:
        """Remove a role that owns nothing any more."""
        with self.administrator("postgres") as admin:
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))

    def close(self) -> None:
        """Stop what was started."""
        connections.close_all()
        if self._postgresql:
            self._postgresql.stop()

    def _sqlite_template(self) -> Path:
        if self._sqlite is None:
            data = self._folder / "sqlite-template"
            data.mkdir()
            _migrate(data, "")
            self._sqlite = data / SQLITE_FILE
        return self._sqlite

    def _postgresql_server(self) -> PostgresServer:
        if self._postgresql is None:
            self._postgresql = PostgresServer()
            _migrate(self._folder, self._postgresql.create("migrated"))
        return self._postgresql


def _migrate(data: Path, url: str) -> None:
    connect(data, url)
    call_command("migrate", verbosity=0, interactive=False)
    connections.close_all()
