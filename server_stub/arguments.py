"""What can be said on the server's command line."""

import argparse

from agent.protocol import VERSION
from server_stub.argument_parts import PROGRAM, Groups, command, group
from server_stub.registry_arguments import registry_commands
from server_stub.setup_arguments import setup_commands

__all__ = ["PROGRAM", "parser"]

_ROLES = ("admin", "dispatcher", "technician", "read-only", "contact")


def parser() -> argparse.ArgumentParser:
    """Return the parser; what it parses names the function to ``run``, and ``needs_database``."""
    where = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    where.add_argument(
        "--data", metavar="DIR", help="data folder (else WATCHDESK_DATA, else ./watchdesk-data)"
    )
    where.add_argument(
        "--database-url",
        metavar="URL",
        help="postgresql://user@host/name (else WATCHDESK_DATABASE_URL, else SQLite in DIR)",
    )
    whole = argparse.ArgumentParser(
        prog=PROGRAM,
        parents=[where],
        description="Tickets, their clocks, and the pages technicians work in.",
        epilog="Begin with: watchdesk-server init --data DIR",
    )
    whole.add_argument("--version", action="version", version=f"{PROGRAM} {VERSION}")
    groups = whole.add_subparsers(metavar="COMMAND", required=True)
    setup_commands(groups, where)
    registry_commands(groups, where)
    _device_commands(groups, where)
    _people_commands(groups, where)
    _policy_commands(groups, where)
    _note_commands(groups, where)
    _keeping_commands(groups, where)
    return whole


def _device_commands(
    groups: "Groups[argparse.ArgumentParser]", where: argparse.ArgumentParser
) -> None:
    devices = group(groups, "device", "The monitored computers.")
    gone = command(
        devices,
        "retire",
        where,
        "commands.devices:retired",
        says="Take a device out of use: its token is refused, nobody waits for it, lists leave it "
        "out. Its tickets and its history stay.",
        example='device retire FRONTDESK-03 --reason "replaced by FRONTDESK-04"',
    )
    back = command(
        devices,
        "restore",
        where,
        "commands.devices:restored",
        says="Take a retired device back into use: the token it had holds again.",
        example='device restore FRONTDESK-03 --reason "it came back from repair"',
    )
    for one in (gone, back):
        one.add_argument("device", metavar="DEVICE", help="its name or its id")
        one.add_argument("--client", metavar="NAME", help="whose device of that name is meant")
        one.add_argument("--reason", metavar="TEXT", required=True, help="one line")


def _people_commands(
    groups: "Groups[argparse.ArgumentParser]", where: argparse.ArgumentParser
) -> None:
    people = group(groups, "staff", "The people who work tickets.")
    staff = command(
        people,
        "add",
        where,
        "commands.people:staff_add",
        says="Add a technician.",
        example="staff add kim@example.org --role technician --client Acme --password-file pw",
    )
    staff.add_argument("email", metavar="EMAIL")
    staff.add_argument("--role", required=True, choices=_ROLES)
    staff.add_argument("--name", metavar="NAME", default="", help="as others see it")
    _clients_option(staff, "sees only these clients (default: all)")
    _password_option(staff)
    command(
        people,
        "list",
        where,
        "commands.people:staff_list",
        says="List the accounts: address, role, clients, the beginnings of their keys, teams.",
        example="staff list --data /var/lib/watchdesk-server",
    )
    team = command(
        people,
        "team",
        where,
        "commands.people:staff_team",
        says="Put a technician into a team, or take them out. The roles that a policy names are "
        "teams of that name: who approves, sets dates, is asked and told.",
        example='staff team kim@example.org "project manager"',
    )
    team.add_argument("email", metavar="EMAIL")
    team.add_argument("team", metavar="TEAM")
    team.add_argument("--leave", action="store_true", help="take them out of it")
    password = command(
        people,
        "password",
        where,
        "commands.people:staff_password",
        says="Give a technician a new password. It signs them out everywhere.",
        example="staff password kim@example.org --password-file -",
    )
    password.add_argument("email", metavar="EMAIL")
    _password_option(password)
    left = command(
        people,
        "remove",
        where,
        "commands.people:staff_remove",
        says="Shut the account of a technician who left, and revoke its keys. What they did "
        "stays under their name.",
        example="staff remove kim@example.org",
    )
    left.add_argument("email", metavar="EMAIL")
    lost = command(
        people,
        "reset-second-factor",
        where,
        "commands.people:reset_second_factor",
        says="Let a technician who lost phone and recovery codes sign in by password alone.",
        example="staff reset-second-factor kim@example.org",
    )
    lost.add_argument("email", metavar="EMAIL")
    key = command(
        groups,
        "api-key",
        where,
        "commands.people:api_key",
        says="Print a new key for the REST interface, and nothing else. It acts for a technician.",
        example="api-key kim@example.org --client Acme > key",
    )
    key.add_argument("email", metavar="EMAIL")
    _clients_option(key, "sees only these of the technician's clients (default: all of them)")
    key.add_argument(
        "--revoke",
        metavar="BEGINNING",
        help="make no key, but revoke those of the technician that begin so (staff list)",
    )


def _clients_option(command: argparse.ArgumentParser, says: str) -> None:
    command.add_argument(
        "--client", metavar="NAME", nargs="+", action="extend", default=[], help=says
    )


def _password_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--password-file",
        metavar="FILE",
        required=True,
        help="its first line is the password; - reads standard input, and asks at a terminal",
    )


def _policy_commands(
    groups: "Groups[argparse.ArgumentParser]", where: argparse.ArgumentParser
) -> None:
    policy = group(groups, "policy", "SLA policies.")
    check = command(
        policy,
        "check",
        where,
        "commands.policies:check",
        says="Tell every mistake in SLA policy files, and what a sound one promises: worked "
        "examples, its calendars, what contradicts itself. Exit code 2 when there is a mistake.",
        example="policy check gold.yaml silver.yaml",
        needs_database=False,
    )
    check.add_argument("files", metavar="FILE", nargs="+")
    add = command(
        policy,
        "add",
        where,
        "commands.policies:add",
        says="Make a file the newest version of an SLA policy; new tickets follow it.",
        example="policy add gold.yaml",
    )
    add.add_argument("file", metavar="FILE")
    add.add_argument("--name", metavar="NAME", help="default: the file's name without .yaml")


def _note_commands(
    groups: "Groups[argparse.ArgumentParser]", where: argparse.ArgumentParser
) -> None:
    note = group(groups, "note", "What helps people before they report a problem.")
    add = command(
        note,
        "add",
        where,
        "commands.notes:add",
        says="Keep a note from each text file (Markdown): its first line is the title, a line "
        "'Words: …' below it names further words it is found by, the rest is what people read. "
        "One of the same title is replaced.",
        example='note add notes/*.md --client "Acme Ltd"',
    )
    add.add_argument("files", metavar="FILE", nargs="+", help="- reads standard input")
    add.add_argument("--client", metavar="NAME", help="for this client's people (default: all)")
    shown = command(
        note,
        "list",
        where,
        "commands.notes:show",
        says="List the notes: number, client, how often each solved a problem, title.",
        example="note list",
    )
    shown.add_argument("--client", metavar="NAME", help="only this client's own")
    gone = command(
        note,
        "remove",
        where,
        "commands.notes:remove",
        says="Delete a note, and with it the count of the problems it solved.",
        example="note remove 12",
    )
    gone.add_argument("number", metavar="NUMBER", type=int)


def _keeping_commands(
    groups: "Groups[argparse.ArgumentParser]", where: argparse.ArgumentParser
) -> None:
    verify = command(
        group(groups, "audit", "What people did."),
        "verify",
        where,
        "commands.audit:verified",
        says="Verify the audit log: every entry against its seal, every seal against the one "
        "before. Exit code 1 when something was changed, put in or taken out.",
        example="audit verify --data /var/lib/watchdesk-server",
    )
    verify.add_argument(
        "--seal", metavar="HASH", help="the last seal as an earlier run told it: it must be there"
    )
    retention = group(groups, "retention", "How long what is kept stays.")
    keep = command(
        retention,
        "keep",
        where,
        "commands.retention:keep",
        says="Say how long a class is kept. Nothing is removed before retention run has shown it.",
        example="retention keep timeline 730",
    )
    keep.add_argument("what", metavar="CLASS", help="see retention show")
    keep.add_argument("days", metavar="DAYS", type=int, help="0 keeps it for ever")
    command(
        retention,
        "show",
        where,
        "commands.retention:show",
        says="List the classes and how long each is kept.",
        example="retention show",
    )
    run = command(
        retention,
        "run",
        where,
        "commands.retention:run",
        says="Show how much is too old; with --apply remove it.",
        example="retention run --apply",
    )
    run.add_argument("--apply", action="store_true", help="remove what an earlier run has shown")
