"""``staff add|list|team|password|reset-second-factor|remove`` and ``api-key``."""

import sys
from argparse import Namespace
from datetime import UTC, datetime
from getpass import getpass
from pathlib import Path

from server_stub.clients.queries import client_named
from server_stub.clients.scope import ALL
from server_stub.commands.audit import recording
from server_stub.desk import second_factor
from server_stub.desk.actions import (
    add_technician,
    dismiss,
    new_api_key,
    renew_password,
    revoke_api_keys,
)
from server_stub.desk.models import Role
from server_stub.desk.queries import technician_of, technicians
from server_stub.errors import InvalidError, NotFoundError
from server_stub.tickets.teams import join_team, leave_team

_LONGEST_PASSWORD = 1_000


def staff_add(arguments: Namespace) -> None:
    """Add a technician."""
    clients = [client_named(ALL, name) for name in arguments.client]
    password = _first_line(arguments.password_file)
    with recording(arguments):
        technician = add_technician(
            arguments.email, Role(arguments.role), password, name=arguments.name, clients=clients
        )
    seen = ", ".join(client.name for client in clients) or "all clients"
    print(f"{technician.role} {technician.email} added, sees {seen}")


def staff_list(_arguments: Namespace) -> None:
    """Print every account: address, role, what it sees, its teams, its keys in use."""
    for row in technicians():
        seen = ", ".join(client.name for client in row.clients.all()) if row.limited else "all"
        keys = ", ".join(key.prefix for key in row.api_keys.all() if key.revoked_at is None)
        state = "" if row.is_active else "  left"
        named = ", ".join(sorted(member.team for member in row.teams.all()))
        teams = f"  teams: {named}" if named else ""
        sees = f"clients: {seen or 'none'}  keys: {keys or 'none'}"
        print(f"{row.email}  {row.role}  {sees}{teams}{state}")


def staff_team(arguments: Namespace) -> None:
    """Put a technician into a team, or take them out."""
    technician = technician_of(arguments.email)
    if arguments.leave:
        leave_team(technician.id, arguments.team)
        print(f"{technician.email} is not in {arguments.team} any more")
    else:
        print(f"{technician.email} is in {join_team(technician.id, arguments.team)}")


def staff_password(arguments: Namespace) -> None:
    """Give a technician another password."""
    technician = technician_of(arguments.email)
    password = _first_line(arguments.password_file)
    with recording(arguments):
        renew_password(technician, password)
    print(f"{technician.email} has a new password and is signed out everywhere")


def staff_remove(arguments: Namespace) -> None:
    """Shut the account of one who left."""
    technician = technician_of(arguments.email)
    keys = dismiss(technician, datetime.now(UTC))
    print(f"{technician.email} cannot sign in any more; {keys} keys were revoked with it")


def reset_second_factor(arguments: Namespace) -> None:
    """Turn a technician's second factor off."""
    technician = technician_of(arguments.email)
    if second_factor.reset_second_factor(technician):
        print(f"{technician.email} signs in by password alone now; ask them to turn it on again")
    else:
        print(f"{technician.email} has no second factor; nothing was changed")


def api_key(arguments: Namespace) -> None:
    """Print a new API key, and nothing else; or revoke those that begin as told."""
    technician = technician_of(arguments.email)
    if arguments.revoke is None:
        clients = [client_named(ALL, name) for name in arguments.client]
        print(new_api_key(technician, clients))
    elif revoked := revoke_api_keys(technician, arguments.revoke, datetime.now(UTC)):
        print(f"{revoked} keys of {technician.email} were revoked")
    else:
        raise NotFoundError(f"key of {technician.email} that begins with", arguments.revoke)


def _first_line(source: str) -> str:
    """Return the first line of a file, or of standard input for ``-``."""
    try:
        if source == "-" and sys.stdin.isatty():
            line = getpass("Password: ")
        elif source == "-":
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
