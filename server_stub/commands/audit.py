"""``audit verify``, and which commands are written down."""

import getpass
import os
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from server_stub.audit.record import record
from server_stub.audit.sealing import verify

RECORDED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "commands.registry:client_add": ("client add", ("name", "policy")),
    "commands.agreements:add": (
        "agreement add",
        ("client", "name", "starts", "ends", "minutes", "site", "device"),
    ),
    "commands.agreements:ended": ("agreement end", ("client", "number", "last_day")),
    "commands.agreements:importance": ("importance", ("client", "importance", "device", "contact")),
    "commands.registry:site_add": ("site add", ("client", "name")),
    "commands.registry:enroll_token": ("enrolment token", ("client", "site", "uses", "revoke")),
    "commands.people:staff_add": ("staff add", ("email", "role", "client")),
    "commands.people:staff_team": ("staff team", ("email", "team", "leave")),
    "commands.people:staff_password": ("staff password", ("email",)),
    "commands.people:staff_remove": ("staff remove", ("email",)),
    "commands.people:reset_second_factor": ("staff reset-second-factor", ("email",)),
    "commands.people:api_key": ("api-key", ("email", "client", "revoke")),
    "commands.policies:add": ("policy add", ("file", "name")),
    "commands.notes:add": ("note add", ("files", "client")),
    "commands.notes:remove": ("note remove", ("number",)),
    "commands.backups:backup": ("backup", ("file",)),
    "commands.retention:keep": ("retention keep", ("what", "days")),
    "commands.retention:run": ("retention run", ("apply",)),
}
"""What a command is called in the audit log, and the arguments that are told; never a secret."""

UNRECORDED = frozenset(
    {
        "commands.agreements:show",
        "commands.audit:verified",
        "commands.devices:restored",
        "commands.devices:retired",
        "commands.notes:show",
        "commands.people:staff_list",
        "commands.retention:show",
        "commands.worker:worker",
    }
)
"""Commands that use the database and change nothing a person would ask about, or write it down
themselves.
"""


BY_THEMSELVES = frozenset({"commands.backups:backup", "commands.retention:run"})
"""Commands with transactions of their own: they are written down before they begin."""


READ_FIRST = frozenset(
    {
        "commands.people:staff_add",
        "commands.people:staff_password",
        "commands.policies:add",
        "commands.notes:add",
    }
)
"""Commands that read what somebody may be typing: they begin ``recording`` when they have it."""


def recorded(command: Callable[[Namespace], int | None], arguments: Namespace) -> int | None:
    """Run a command and write down that it was done, in one transaction; return its exit code."""
    if arguments.run not in RECORDED or arguments.run in READ_FIRST:
        return command(arguments)
    if arguments.run in BY_THEMSELVES:
        note(arguments)
        return command(arguments)
    with recording(arguments):
        return command(arguments)


@contextmanager
def recording(arguments: Namespace) -> Iterator[None]:
    """Write down at the end of a transaction that a command was done.

    Nothing is waited for within: on SQLite nobody else writes meanwhile.
    """
    with transaction.atomic():
        yield
        note(arguments)


def note(arguments: Namespace) -> None:
    """Write down a command."""
    act, named = RECORDED[arguments.run]
    told: dict[str, Any] = {name: getattr(arguments, name, None) for name in named}
    first = told.get(named[0])
    subject = ", ".join(first) if isinstance(first, list) else str(first or "")
    record(operator(), "command", act, subject, **{n: v for n, v in told.items() if v})


def operator() -> str:
    """Return the name of the computer's user who runs this; whom sudo was asked by, if it was."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a number without a name, as in a container
        return f"user {os.getuid()}"


def verified(arguments: Namespace) -> int:
    """Verify the audit log; 1 when something is wrong with it."""
    found = verify(datetime.now(UTC), arguments.seal or "")
    for problem in found.problems:
        print(f"! {problem}")
    print(
        f"{found.entries} entries in {found.seals} seals, {found.unsealed} not sealed yet, "
        f"{found.dropped} removed by retention"
    )
    if found.head:
        print(f"the last seal: {found.head}")
    if not found.problems:
        print("the audit log is whole: nothing was changed, put in or taken out")
    return 1 if found.problems else 0
