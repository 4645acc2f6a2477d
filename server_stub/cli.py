"""The command line of the server: it parses, sets Django up and runs one command.

Exit codes: 0 done, 1 not done (the text says why and what to do), 2 the command line is wrong.
"""

import argparse
import os
import pkgutil
import sys
from collections.abc import Callable, Sequence
from typing import cast

import django
from django.db import DatabaseError, InterfaceError, OperationalError

from server_stub import walls
from server_stub.arguments import PROGRAM, parser
from server_stub.errors import InvalidError, ServerError, SetupError

Command = Callable[[argparse.Namespace], int | None]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    os.umask(0o077)  # database, key and backups are nobody else's
    arguments = parser().parse_args(argv)
    try:
        _set_up(arguments)
        return _run(arguments) or 0
    except InvalidError as error:
        return _fail(error, 2)
    except ServerError as error:
        return _fail(error, 1)
    except (OperationalError, InterfaceError) as error:
        reason = " ".join(str(error).split())
        return _fail(f"the database does not answer; nothing was changed: {reason}", 1)
    except DatabaseError as error:
        if type(error) is not DatabaseError:  # its subclasses are mistakes of ours
            raise
        return _fail(f"the database is damaged ({error}): restore a backup elsewhere", 1)


def _fail(problem: object, code: int) -> int:
    print(f"{PROGRAM}: {problem}", file=sys.stderr)
    return code


def _set_up(arguments: argparse.Namespace) -> None:
    """Set Django up as the command line says; it goes before the environment."""
    given = {
        "DJANGO_SETTINGS_MODULE": "server_stub.settings",
        "WATCHDESK_DATA": getattr(arguments, "data", None),
        "WATCHDESK_DATABASE_URL": getattr(arguments, "database_url", None),
    }
    os.environ.update({name: value for name, value in given.items() if value is not None})
    if arguments.run == "serve:serve":
        from server_stub.serve import environment  # noqa: PLC0415 - granian is for serve alone

        os.environ.update(environment(arguments))
    else:
        walls.open_to_all()
    django.setup()


def _run(arguments: argparse.Namespace) -> int | None:
    """Find the command and run it; what needs the database finds it ready."""
    if arguments.needs_database:
        from server_stub.database import not_ready  # noqa: PLC0415 - after Django's set-up

        if problem := not_ready():
            raise SetupError(f"{problem}: run {PROGRAM} init first")
    command = cast("Command", pkgutil.resolve_name(f"server_stub.{arguments.run}"))
    if not arguments.needs_database:
        return command(arguments)
    from server_stub.commands.audit import recorded  # noqa: PLC0415 - after Django's set-up

    return recorded(command, arguments)
