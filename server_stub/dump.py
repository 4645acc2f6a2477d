"""A database's whole content as one file, and an empty database filled from one.

SQLite is copied page by page within one reading transaction: writers go on meanwhile, and the
copy is the database as it was when it began. PostgreSQL's own ``pg_dump`` and ``pg_restore`` do
the same there. Passwords reach them by PGPASSFILE or PGPASSWORD, as they reach us.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.db import connection

from server_stub.database import SQLITE_BACKEND, sync
from server_stub.errors import SetupError

Progress = Callable[[str], None]
"""Is told, now and then, how far it is: ``40 %`` or ``120 MB``."""

_PAGES = 1_000
_LOOK_S = 1.0
_TOLD_BY_ENVIRONMENT = ("sslmode", "sslrootcert", "sslcert", "sslkey", "passfile")


def dump(to: Path, progress: Progress) -> None:
    """Write the default database's content to a new file.

    Raises SetupError when it cannot be read, or the file cannot be written.
    """
    if connection.vendor == "sqlite":
        _dump_sqlite(to, progress)
    else:
        _run(
            *("pg_dump", "--format=custom", "--no-owner", "--no-privileges"),
            *("--enable-row-security", f"--file={to}", f"--dbname={_address()}"),
            watched=to,
            progress=progress,
        )
    sync(to)


def load(source: Path, progress: Progress) -> None:
    """Fill the default database, which must be empty, from a file that ``dump`` wrote.

    It ends filled or empty, nothing between. Raises SetupError when the file is damaged or the
    database refuses it.
    """
    if connection.vendor == "sqlite":
        _load_sqlite(source)
    else:
        _run(
            *("pg_restore", "--no-owner", "--no-privileges", "--single-transaction"),
            *(f"--dbname={_address()}", str(source)),
            watched=None,
            progress=progress,
        )


def content() -> str:
    """Return what is in the default database already, empty when nothing is."""
    if connection.vendor == "sqlite":
        path = Path(connection.settings_dict["NAME"])
        return f"{path} is there already" if path.exists() else ""
    with connection.cursor() as cursor:
        tables = len(connection.introspection.table_names(cursor))
    return f"the database has {tables} tables already" if tables else ""


def _dump_sqlite(to: Path, progress: Progress) -> None:
    connection.ensure_connection()
    source: Any = connection.connection
    target = _sqlite().connect(str(to))
    try:
        # The transaction holds the moment: without it each commit of a writer would make the
        # copy begin anew.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        source.backup(
            target,
            pages=_PAGES,
            progress=lambda _status, left, of: progress(f"{100 * (of - left) // (of or 1)} %"),
            sleep=0,
        )
        source.rollback()
        target.execute("PRAGMA journal_mode=DELETE")
        _check(target, to)
    except _sqlite().Error as error:
        raise SetupError(f"the database could not be copied: {error}") from error
    finally:
        target.close()


def _load_sqlite(source: Path) -> None:
    to = Path(connection.settings_dict["NAME"])
    copy = to.with_name(f".{to.name}.part")
    try:
        shutil.copyfile(source, copy)
        copied = _sqlite().connect(str(copy))
        try:
            _check(copied, source)
        except _sqlite().Error as error:
            raise SetupError(f"what was backed up is no sound database: {error}") from error
        finally:
            copied.close()
        sync(copy)
        copy.rename(to)
    finally:
        copy.unlink(missing_ok=True)


def _check(database: Any, path: Path) -> None:  # noqa: ANN401 - sqlite3's or pysqlite3's
    for question, sound in (("integrity_check", [("ok",)]), ("foreign_key_check", [])):
        found = database.execute(f"PRAGMA {question}(20)" if sound else f"PRAGMA {question}")
        if (told := found.fetchall()) != sound:
            raise SetupError(f"{path} is damaged ({question}: {str(told[:3])[:300]})")


def _sqlite() -> Any:  # noqa: ANN401 - a module
    """Return the SQLite module that Django uses here."""
    return sys.modules[SQLITE_BACKEND].Database


def _address() -> str:
    """Return the default database's address as libpq's programs take it; never a password."""
    known = connection.settings_dict
    named = {
        "host": known["HOST"],
        "port": known["PORT"],
        "user": known["USER"],
        "dbname": known["NAME"],
        **{name: known["OPTIONS"].get(name, "") for name in _TOLD_BY_ENVIRONMENT},
    }
    return " ".join(f"{name}={_quoted(value)}" for name, value in named.items() if value)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _run(*argv: str, watched: Path | None, progress: Progress) -> None:
    """Run one of PostgreSQL's programs to its end; it sees the rows of all clients."""
    environment = os.environ | {"PGOPTIONS": "-c watchdesk.clients=*", "LC_MESSAGES": "C"}
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                argv, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
        except FileNotFoundError as error:
            raise SetupError(
                f"{argv[0]} is not on this computer: install PostgreSQL's client programs "
                "(apt-get install postgresql-client), as new as the server or newer"
            ) from error
        with process:
            _wait(process, watched, progress)
        said.seek(0)
        _told(argv, process.returncode, said.read().decode(errors="replace"))


def _wait(process: subprocess.Popen[bytes], watched: Path | None, progress: Progress) -> None:
    while True:
        try:
            process.wait(_LOOK_S)
        except subprocess.TimeoutExpired:
            done = watched.stat().st_size if watched and watched.exists() else 0
            progress(f"{done / 1e6:.0f} MB" if watched else "still at it")
        else:
            return


def _told(argv: Sequence[str], code: int, said: str) -> None:
    if code:
        last = " ".join(said.split())[-600:]
        raise SetupError(f"{argv[0]} did not succeed: {last or f'exit code {code}'}")
