"""A PostgreSQL of the tests' own: Debian's, on a private socket, gone with the test session."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
from psycopg import sql

from tests.support import in_memory
from tests.support.needs import lacking, tool

ROLE = "watchdesk"
"""The role the product connects by: owns its database, is not superuser."""

_ADMIN = "postgres"
_START_S = 30


def _binaries() -> Path | None:
    """Return the folder with initdb and postgres of the newest PostgreSQL here."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"),
        key=lambda path: float(path.parent.parent.name),
    )
    if found:
        return found[-1].parent
    if config := tool("pg_config"):
        folder = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True)
        if (path := Path(folder.stdout.strip()) / "postgres").exists():
            return path.parent
    return None


class PostgresServer:
    """One server process. PostgreSQL refuses root, so as root it runs as ``postgres``."""

    def __init__(self) -> None:
        """Initialise a cluster and start it; ends the test when there is no PostgreSQL."""
        binaries = _binaries()
        if binaries is None:
            lacking("PostgreSQL (apt-get install postgresql)")
        # 10 MB of files for each test: measured, 0.04 s in memory, 0.4 s on a disk that is busy.
        self.folder = Path(tempfile.mkdtemp(prefix="wd-pg-", dir=in_memory.place()))
        cluster = self.folder / "cluster"
        if os.geteuid() == 0:
            shutil.chown(self.folder, _ADMIN, _ADMIN)
            become = ["setpriv", f"--reuid={_ADMIN}", f"--regid={_ADMIN}", "--init-groups"]
        else:
            become = ["setpriv"]
        self._log = (self.folder / "log").open("wb")
        subprocess.run(
            [
                *become,
                *(binaries / "initdb", "-D", cluster, "-A", "trust", "-N", "-U", _ADMIN),
                *("--locale=C.UTF-8", "-E", "UTF8"),
            ],
            check=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        options = {
            "listen_addresses": "",
            "unix_socket_directories": self.folder,
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": 200,
            "shared_buffers": "64MB",
            "autovacuum": "off",
            "max_wal_size": "64MB",  # without fsync a checkpoint costs little
            "min_wal_size": "32MB",
        }
        # pdeathsig: a killed test session leaves no server behind.
        self._process = subprocess.Popen(
            [
                *become,
                "--pdeathsig=QUIT",
                *(binaries / "postgres", "-D", cluster),
                *(word for name, value in options.items() for word in ("-c", f"{name}={value}")),
            ],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        self._admin = self._connect()
        self._admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(ROLE)))

    def _connect(self) -> psycopg.Connection:
        deadline = time.monotonic() + _START_S
        while True:
            try:
                return psycopg.connect(
                    host=str(self.folder), user=_ADMIN, dbname="postgres", autocommit=True
                )
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.02)

    def administrator(self, name: str) -> psycopg.Connection:
        """Return a superuser's connection to the database ``name``, in autocommit mode."""
        return psycopg.connect(host=str(self.folder), user=_ADMIN, dbname=name, autocommit=True)

    def url(self, name: str) -> str:
        """Return the URL by which the product reaches the database ``name``."""
        return f"postgresql:///{name}?host={self.folder}&user={ROLE}"

    def create(self, name: str, template: str | None = None) -> str:
        """Create a database owned by ``ROLE``, a copy of ``template`` if given; return its URL."""
        self._admin.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(ROLE), sql.Identifier(template or "template1")
            )
        )
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database together with whoever is still connected to it."""
        self._admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> None:
        """Stop the server and remove everything."""
        self._admin.close()
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        shutil.rmtree(self.folder)
