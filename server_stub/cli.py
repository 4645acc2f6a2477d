"""The command line of the server: it parses, sets Django up and runs one command.

Exit codes: 0 done, 1 not done (the text says why and what to do), 2 the command line is wrong.
"""

import argparse
import os
import pkgutil
import re
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import cast

import django
from django.db import DatabaseError, InterfaceError, OperationalError

from agent.protocol import VERSION
from server_stub import walls
from server_stub.errors import InvalidError, ServerError, SetupError

PROGRAM = "watchdesk-server"
_ROLES = ("admin", "dispatcher", "technician")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

Command = Callable[[argparse.Namespace], int | None]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    os.umask(0o077)  # database, key and backups are nobody else's
    arguments = _parser().parse_args(argv)
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
    return command(arguments)


def _duration(text: str) -> timedelta:
    """Return ``30m``, ``24h``, ``7d`` or ``2w`` as a duration."""
    found = re.fullmatch(r"([0-9]{1,6})([mhdw])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration such as 30m, 24h or 7d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _parser() -> argparse.ArgumentParser:
    where = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    where.add_argument(
        "--data", metavar="DIR", help="data folder (else WATCHDESK_DATA, else ./watchdesk-data)"
    )
    where.add_argument(
        "--database-url",
        metavar="URL",
        help="postgresql://user@host/name (else WATCHDESK_DATABASE_URL, else SQLite in DIR)",
    )
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        parents=[where],
        description="Tickets, their clocks, and the pages technicians work in.",
        epilog="Begin with: watchdesk-server init --data DIR",
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {VERSION}")
    groups = parser.add_subparsers(metavar="COMMAND", required=True)
    _setup_commands(groups, where)
    _registry_commands(groups, where)
    _people_commands(groups, where)
    _policy_commands(groups, where)
    return parser


_Groups = argparse._SubParsersAction  # noqa: SLF001 - argparse names its type nowhere else


def _command(
    groups: "_Groups[argparse.ArgumentParser]",
    name: str,
    where: argparse.ArgumentParser,
    run: str,
    *,
    says: str,
    example: str,
    needs_database: bool = True,
) -> argparse.ArgumentParser:
    """Add a command: ``run`` names its function below ``server_stub``."""
    command = groups.add_parser(
        name,
        parents=[where],
        help=_as_part(says.split(".", maxsplit=1)[0]),
        description=says,
        epilog=f"example:\n  {PROGRAM} {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run, needs_database=needs_database)
    return command


def _as_part(sentence: str) -> str:
    """Return a sentence as argparse writes help: it begins small, unless with an acronym."""
    return sentence if sentence[1].isupper() else sentence[0].lower() + sentence[1:]


def _group(
    groups: "_Groups[argparse.ArgumentParser]", name: str, says: str
) -> "_Groups[argparse.ArgumentParser]":
    group = groups.add_parser(name, help=_as_part(says[:-1]), description=says)
    return group.add_subparsers(metavar="COMMAND", required=True)


def _setup_commands(
    groups: "_Groups[argparse.ArgumentParser]", where: argparse.ArgumentParser
) -> None:
    _command(
        groups,
        "init",
        where,
        "commands.setup:init",
        says="Make the data folder, the database and the first SLA policy, or bring them up to "
        "this version. May be repeated.",
        example="init --data /var/lib/watchdesk",
        needs_database=False,
    )
    serve = _command(
        groups,
        "serve",
        where,
        "serve:serve",
        says="Serve devices and staff until stopped (SIGTERM, Ctrl-C).",
        example="serve --data /var/lib/watchdesk --listen 0.0.0.0:8443 "
        "--tls-cert cert.pem --tls-key key.pem",
        needs_database=False,
    )
    _serve_options(serve)
    unit = _command(
        groups,
        "unit",
        where,
        "commands.unit:unit",
        says="Print a systemd unit that serves with the options given. It changes nothing.",
        example="unit --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem",
        needs_database=False,
    )
    _serve_options(unit)
    backup = _command(
        groups,
        "backup",
        where,
        "commands.backups:backup",
        says="Write the database and the secret key to one new file. The server may run.",
        example="backup /srv/backups/watchdesk-2026-03-02.tar",
    )
    backup.add_argument("file", metavar="FILE")
    restore = _command(
        groups,
        "restore",
        where,
        "commands.backups:restore",
        says="Fill an empty data folder and database from a backup.",
        example="restore watchdesk-2026-03-02.tar --data /var/lib/watchdesk",
        needs_database=False,
    )
    restore.add_argument("file", metavar="FILE")
    doctor = _command(
        groups,
        "doctor",
        where,
        "commands.doctor:doctor",
        says="Tell what runs here and what is amiss. Exit code 1 when something is.",
        example="doctor --data /var/lib/watchdesk --tls-cert cert.pem",
        needs_database=False,
    )
    doctor.add_argument("--tls-cert", metavar="FILE", help="the certificate to look at as well")


def _serve_options(serve: argparse.ArgumentParser) -> None:
    serve.add_argument(
        "--listen",
        metavar="HOST:PORT",
        default="127.0.0.1:8080",
        help="default: %(default)s; port 0 takes a free one",
    )
    serve.add_argument("--tls-cert", metavar="FILE", help="certificate chain, PEM")
    serve.add_argument("--tls-key", metavar="FILE", help="its key, PEM, without a password")
    serve.add_argument(
        "--trusted-proxy",
        metavar="ADDRESS",
        action="append",
        default=[],
        help="a proxy that speaks TLS to the outside and sets X-Forwarded-For and "
        "X-Forwarded-Proto; may be repeated",
    )
    serve.add_argument(
        "--metrics",
        metavar="HOST:PORT",
        help="answer Prometheus at /metrics there, such as 127.0.0.1:9464; who reaches it may "
        "read how much there is to do, no names",
    )
    serve.add_argument(
        "--log",
        choices=("text", "json"),
        help="how each line of the log on stderr is written (else WATCHDESK_LOG_FORMAT, else text)",
    )
    serve.add_argument(
        "--log-requests", action="store_true", help="a line for each request, with its id"
    )


def _registry_commands(
    groups: "_Groups[argparse.ArgumentParser]", where: argparse.ArgumentParser
) -> None:
    client = _command(
        _group(groups, "client", "The companies you support."),
        "add",
        where,
        "commands.registry:client_add",
        says="Add a client.",
        example='client add "Acme Ltd"',
    )
    client.add_argument("name", metavar="NAME")
    client.add_argument(
        "--policy", metavar="POLICY", default="default", help="its SLA policy (default: default)"
    )
    site = _command(
        _group(groups, "site", "A client's places."),
        "add",
        where,
        "commands.registry:site_add",
        says="Add a site to a client.",
        example='site add "Acme Ltd" Lyon --time-zone Europe/Paris',
    )
    site.add_argument("client", metavar="CLIENT")
    site.add_argument("name", metavar="NAME")
    site.add_argument(
        "--time-zone", metavar="ZONE", default="UTC", help="of its working hours (default: UTC)"
    )
    token = _command(
        groups,
        "enroll-token",
        where,
        "commands.registry:enroll_token",
        says="Print a new token by which computers join a client, and nothing else.",
        example='enroll-token "Acme Ltd" --site Lyon --uses 20 --expires 7d > token',
    )
    token.add_argument("client", metavar="CLIENT")
    token.add_argument("--site", metavar="SITE", help="the site they belong to")
    token.add_argument(
        "--uses", metavar="N", type=int, default=1, help="how many computers (default: 1)"
    )
    token.add_argument(
        "--expires", metavar="TIME", type=_duration, default="24h", help="default: 24h"
    )


def _people_commands(
    groups: "_Groups[argparse.ArgumentParser]", where: argparse.ArgumentParser
) -> None:
    people = _group(groups, "staff", "The people who work tickets.")
    staff = _command(
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
    staff.add_argument(
        "--password-file",
        metavar="FILE",
        required=True,
        help="its first line is the password; - reads standard input",
    )
    lost = _command(
        people,
        "reset-second-factor",
        where,
        "commands.people:reset_second_factor",
        says="Let a technician who lost phone and recovery codes sign in by password alone.",
        example="staff reset-second-factor kim@example.org",
    )
    lost.add_argument("email", metavar="EMAIL")
    key = _command(
        groups,
        "api-key",
        where,
        "commands.people:api_key",
        says="Print a new key for the REST interface, and nothing else. It acts for a technician.",
        example="api-key kim@example.org --client Acme > key",
    )
    key.add_argument("email", metavar="EMAIL")
    _clients_option(key, "sees only these of the technician's clients (default: all of them)")


def _clients_option(command: argparse.ArgumentParser, says: str) -> None:
    command.add_argument(
        "--client", metavar="NAME", nargs="+", action="extend", default=[], help=says
    )


def _policy_commands(
    groups: "_Groups[argparse.ArgumentParser]", where: argparse.ArgumentParser
) -> None:
    policy = _group(groups, "policy", "SLA policies.")
    check = _command(
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
    add = _command(
        policy,
        "add",
        where,
        "commands.policies:add",
        says="Make a file the newest version of an SLA policy; new tickets follow it.",
        example="policy add gold.yaml",
    )
    add.add_argument("file", metavar="FILE")
    add.add_argument("--name", metavar="NAME", help="default: the file's name without .yaml")
