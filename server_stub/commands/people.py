"""``staff add``, ``staff reset-second-factor`` and ``api-key``."""

import sys
from argparse import Namespace
from pathlib import Path

from server_stub.clients.queries import client_named
from server_stub.clients.scope import ALL
from server_stub.desk import second_factor
from server_stub.desk.actions import add_technician, new_api_key
from server_stub.desk.models import Role
from server_stub.desk.queries import technician_of
from server_stub.errors import InvalidError

_LONGEST_PASSWORD = 1_000


def staff_add(arguments: Namespace) -> None:
    """Add a technician."""
    clients = [client_named(ALL, name) for name in arguments.client]
    technician = add_technician(
        arguments.email,
        Role(arguments.role),
        _first_line(arguments.password_file),
        name=arguments.name,
        clients=clients,
    )
    seen = ", ".join(client.name for client in clients) or "all clients"
    print(f"{technician.role} {technician.email} added, sees {seen}")


def reset_second_factor(arguments: Namespace) -> None:
    """Turn a technician's second factor off."""
    technician = technician_of(arguments.email)
    if second_factor.reset_second_factor(technician):
        print(f"{technician.email} signs in by password alone now; ask them to turn it on again")
    else:
        print(f"{technician.email} has no second factor; nothing was changed")


def api_key(arguments: Namespace) -> None:
    """Print a new API key, and nothing else."""
    clients = [client_named(ALL, name) for name in arguments.client]
    print(new_api_key(technician_of(arguments.email), clients))


def _first_line(source: str) -> str:
    """Return the first line of a file, or of standard input for ``-``."""
    try:
        if source == "-":
            line = sys.stdin.readline(_LONGEST_PASSWORD + 2)
        else:
            with Path(source).open(encoding="utf-8") as file:
                line = file.readline(_LONGEST_PASSWORD + 2)
    except OSError as error:
        raise InvalidError("--password-file", f"{source}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidError("--password-file", f"{source}: not UTF-8 text") from error
    password = line.rstrip("\r\n")
    if not password:
        raise InvalidError("--password-file", f"{source}: its first line is empty")
    if len(password) > _LONGEST_PASSWORD:
        raise InvalidError("--password-file", f"longer than {_LONGEST_PASSWORD} characters")
    return password
