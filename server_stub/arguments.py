"""What can be said on the server's command line."""

import argparse

from agent.protocol import VERSION
from server_stub.argument_parts import PROGRAM, Groups, command, day, duration, group, lease

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
    _setup_commands(groups, where)
    _registry_commands(groups, where)
    _people_commands(groups, where)
    _policy_commands(groups, where)
    _note_commands(groups, where)
    _keeping_commands(groups, where)
    return whole


def _setup_commands(
    groups: "Groups[argparse.ArgumentParser]", where: argparse.ArgumentParser
) -> None:
    command(
        groups,
        "init",
        where,
        "commands.setup:init",
        says="Make the data folder, the database and the first SLA policy, or bring them up to "
        "this version. May be repeated.",
        example="init --data /var/lib/watchdesk-server",
        needs_database=False,
    )
    serve = command(
        groups,
        "serve",
        where,
        "serve:serve",
        says="Serve devices and staff until stopped (SIGTERM, Ctrl-C).",
        example="serve --data /var/lib/watchdesk-server --listen 0.0.0.0:8443 "
        "--tls-cert cert.pem --tls-key key.pem",
        needs_database=False,
    )
    _serve_options(serve)
    worker = command(
        groups,
        "worker",
        where,
        "commands.worker:worker",
        says="Do what is due (warnings, breaches, closing) until stopped. serve does it as well; "
        "several of both may run on one PostgreSQL.",
        example="worker --database-url postgresql://watchdesk@db.example/watchdesk",
    )
    worker.add_argument(
        "--lease",
        metavar="SECONDS",
        type=lease,
        default="60",
        help="what a worker that died has claimed goes to another after so long (default: 60)",
    )
    unit = command(
        groups,
        "unit",
        where,
        "commands.unit:unit",
        says="Print a systemd unit that serves with the options given. It changes nothing.",
        example="unit --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem",
        needs_database=False,
    )
    _serve_options(unit)
    backup = command(
        groups,
        "backup",
        where,
        "commands.backups:backup",
        says="Write the database and the secret key to one new file. The server may run.",
        example="backup /srv/backups/watchdesk-2026-03-02.tar",
    )
    backup.add_argument("file", metavar="FILE")
    restore = command(
        groups,
        "restore",
        where,
        "commands.backups:restore",
        says="Fill an empty data folder and database from a backup.",
        example="restore watchdesk-2026-03-02.tar --data /var/lib/watchdesk-server",
        needs_database=False,
    )
    restore.add_argument("file", metavar="FILE")
    doctor = command(
        groups,
        "doctor",
        where,
        "commands.doctor:doctor",
        says="Tell what runs here and what is amiss. Exit code 1 when something is.",
        example="doctor --data /var/lib/watchdesk-server --tls-cert cert.pem",
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
    serve.add_argument(
        "--no-worker", action="store_true", help="leave due work to watchdesk-server worker"
    )


def _registry_commands(
    groups: "Groups[argparse.ArgumentParser]", where: argparse.ArgumentParser
) -> None:
    clients = group(groups, "client", "The companies you support.")
    _agreement_commands(clients, where)
    client = command(
        clients,
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
    site = command(
        group(groups, "site", "A client's places."),
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
    token = command(
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
        "--expires", metavar="TIME", type=duration, default="24h", help="default: 24h"
    )
    token.add_argument(
        "--revoke",
        action="store_true",
        help="make no token, but end those of the client (of the site) that are not expired",
    )


def _agreement_commands(
    clients: "Groups[argparse.ArgumentParser]", where: argparse.ArgumentParser
) -> None:
    matters = command(
        clients,
        "importance",
        where,
        "commands.agreements:importance",
        says="Say how much a client matters, or one of its devices or people. Targets may choose "
        "by it; a ticket matters as much as the greatest of the three when it was opened.",
        example='client importance "Acme Ltd" vip --contact rui@acme.example',
    )
    matters.add_argument("client", metavar="CLIENT")
    matters.add_argument("importance", choices=("normal", "key", "vip"))
    whose = matters.add_mutually_exclusive_group()
    whose.add_argument("--device", metavar="NAME", help="this device of the client")
    whose.add_argument("--contact", metavar="NAME", help="this person: e-mail, name or account")
    agreements = group(clients, "agreement", "What was agreed with a client.")
    add = command(
        agreements,
        "add",
        where,
        "commands.agreements:add",
        says="Add an agreement. Its name is the word that the policy's targets ask for; the "
        "narrowest one covers a ticket: device before site before client, then the newest.",
        example='client agreement add "Acme Ltd" premium --from 2026-01-01 --site Lyon',
    )
    add.add_argument("client", metavar="CLIENT")
    add.add_argument("name", metavar="NAME")
    add.add_argument(
        "--from", dest="starts", metavar="DAY", type=day, help="such as 2026-01-01 (else today)"
    )
    add.add_argument("--to", dest="ends", metavar="DAY", type=day, help="its last day")
    add.add_argument(
        "--minutes", metavar="N", type=int, default=0, help="of work included each month"
    )
    add.add_argument(
        "--site", metavar="SITE", nargs="+", action="extend", default=[], help="covers these"
    )
    add.add_argument(
        "--device", metavar="NAME", nargs="+", action="extend", default=[], help="covers these"
    )
    shown = command(
        agreements,
        "list",
        where,
        "commands.agreements:show",
        says="List a client's agreements, and how much of this month's minutes is used.",
        example='client agreement list "Acme Ltd"',
    )
    shown.add_argument("client", metavar="CLIENT")
    ended = command(
        agreements,
        "end",
        where,
        "commands.agreements:ended",
        says="Let an agreement end. Tickets that are open stay under it.",
        example='client agreement end "Acme Ltd" 12 --to 2026-12-31',
    )
    ended.add_argument("client", metavar="CLIENT")
    ended.add_argument("number", metavar="NUMBER", type=int, help="as list tells it")
    ended.add_argument(
        "--to", dest="last_day", metavar="DAY", type=day, help="its last day (else today)"
    )


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
