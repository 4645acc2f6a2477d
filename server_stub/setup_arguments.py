"""The commands of the server as a program: set up, served, backed up, looked at."""

import argparse

from server_stub.argument_parts import Groups, command, lease


def setup_commands(
    groups: "Groups[argparse.ArgumentParser]", where: argparse.ArgumentParser
) -> None:
    """Add what sets a server up, runs it, and looks after what it keeps."""
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
