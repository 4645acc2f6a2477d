"""``init``."""

import os
import shlex
from argparse import Namespace
from datetime import UTC, datetime
from importlib.resources import as_file, files

from django.conf import settings
from django.core.management import call_command

from agent.protocol import VERSION
from server_stub import database, secret_key
from server_stub.audit.record import record
from server_stub.clients.models import DEFAULT_POLICY
from server_stub.commands.audit import operator
from server_stub.commands.policies import keep
from server_stub.desk.models import Technician
from server_stub.due import RECURRING
from server_stub.errors import SetupError
from server_stub.sla.models import PolicyVersion
from server_stub.work.recurring import plant


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
    if changed := bring_up_to_date():
        record(operator(), "command", "init", f"version {VERSION}")
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
    """Make the tables and the walls of this version; tell whether anything was amiss.

    What recurs is planned, if it is not.
    """
    amiss = bool(database.not_ready())
    if amiss:
        call_command("migrate", verbosity=0, interactive=False)  # and the walls after it
    plant(RECURRING, datetime.now(UTC))
    return amiss
