"""``backup`` and ``restore``."""

import sys
import time
from argparse import Namespace
from pathlib import Path

from django.conf import settings
from django.db import connection

from server_stub import backup as backups
from server_stub.audit.record import record
from server_stub.commands.audit import operator
from server_stub.commands.setup import bring_up_to_date
from server_stub.database import role_problem
from server_stub.errors import SetupError

_TELL_EVERY_S = 5.0


class _Teller:
    """Says on stderr how far it is, every few seconds."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._next_s = time.monotonic() + _TELL_EVERY_S

    def __call__(self, how_far: str) -> None:
        if time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + _TELL_EVERY_S
            print(f"{self._doing}: {how_far}", file=sys.stderr, flush=True)


def backup(arguments: Namespace) -> None:
    """Write everything to one new file; the server may go on serving."""
    path = Path(arguments.file).absolute()
    size = backups.write(path, settings.DATA, _Teller("backing up"))
    print(f"{path}: {size / 1e6:.1f} MB. It holds every ticket and the secret key: keep it safe")


def restore(arguments: Namespace) -> None:
    """Fill an empty folder and database from a backup, and bring them up to this version."""
    if problem := role_problem():
        raise SetupError(problem)
    path = Path(arguments.file).absolute()
    found = backups.restore(path, settings.DATA, _Teller("restoring"))
    connection.close()
    bring_up_to_date()
    record(operator(), "command", "restore", path.name, made=found.at, version=found.version)
    print(
        f"restored {path}, made {found.at} by version {found.version}. What devices sent since "
        "and the server had acknowledged is not in it; what they still keep they send again"
    )
