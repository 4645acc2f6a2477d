"""``init`` and ``doctor``."""

import os
import platform
import shlex
from argparse import Namespace
from collections.abc import Iterator
from importlib.resources import as_file, files

from django.conf import settings
from django.core.management import call_command
from django.db import Error, connection

from agent.protocol import VERSION
from server_stub import database, secret_key
from server_stub.clients.models import DEFAULT_POLICY
from server_stub.commands.policies import keep
from server_stub.desk.models import Technician
from server_stub.errors import SetupError
from server_stub.sla.models import PolicyVersion

_OTHERS = 0o077


def init(_arguments: Namespace) -> None:
    """Make folder, key, tables and the first SLA policy; what is there already stays as it is."""
    data = settings.DATA
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret_key.make_secret_key(data)
    except OSError as error:
        raise SetupError(f"the data folder {data} cannot be used: {error.strerror}") from error
    if problem := database.role_problem():
        raise SetupError(problem)  # what it made would belong to that role
    changed = bring_up_to_date()
    if not PolicyVersion.objects.filter(name=DEFAULT_POLICY).exists():
        with as_file(files("server_stub.sla") / "policies" / "default.yaml") as path:
            keep(DEFAULT_POLICY, path)
    print(f"{'ready' if changed else 'was ready already'}: {data}, {database.product()}")
    if not Technician.objects.exists():
        where = f"--data {shlex.quote(str(data))}"
        if url := os.environ.get("WATCHDESK_DATABASE_URL"):
            where += f" --database-url {shlex.quote(url)}"
        print(
            "next, the first account, with the password in a file of one line:\n"
            f"  watchdesk-server staff add EMAIL --role admin --password-file FILE {where}\n"
            "then:\n"
            f"  watchdesk-server serve {where}"
        )


def bring_up_to_date() -> bool:
    """Make the tables and the walls of this version; tell whether anything was amiss."""
    amiss = bool(database.not_ready())
    if amiss:
        call_command("migrate", verbosity=0, interactive=False)  # and the walls after it
    return amiss


def doctor(_arguments: Namespace) -> int:
    """Tell what runs here and what is amiss; 1 when something is."""
    print(f"watchdesk-server {VERSION}, Python {platform.python_version()}")
    print(f"data folder: {settings.DATA}")
    amiss = list(_amiss())
    for line in amiss:
        print(f"! {line}")
    if not amiss:
        print("nothing is amiss")
    return 1 if amiss else 0


def _amiss() -> Iterator[str]:
    data = settings.DATA
    key = data / secret_key.FILE_NAME
    if not data.is_dir():
        yield "the data folder does not exist: run watchdesk-server init"
        return
    if not key.exists():
        yield "there is no secret key: run watchdesk-server init"
    elif key.stat().st_mode & _OTHERS:
        yield f"other users can read {key}: chmod 600 it"
    if data.stat().st_mode & _OTHERS:
        yield f"other users can look into {data}: chmod 700 it"
    try:
        problem = database.not_ready()
        print(f"database: {database.product()}")
        caution = database.caution()
    except Error as error:
        yield f"the database does not answer: {str(error).strip()}"
        return
    finally:
        connection.close()
    if caution:
        yield caution
    if problem:
        yield f"{problem}: run watchdesk-server init"
