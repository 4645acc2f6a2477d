"""The command line of ``watchdesk-agent``, as data: commands, flags, examples.

Apart from ``cli`` so that the resident agent can forget it: argparse costs 1.5 MB (measured).
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from agent.protocol import VERSION
from agent.settings import default_rules_file, default_state_dir

_EXAMPLES = """examples:
  watchdesk-agent enroll --server https://desk.example.com --token-file token.txt
  watchdesk-agent install --server https://desk.example.com --token-file token.txt
  watchdesk-agent run                      the same as the service does, in a terminal
  watchdesk-agent once                     look once at this computer, send nothing
  watchdesk-agent validate rules.yaml      every mistake with file:line:column
  watchdesk-agent test cases.yaml          what rules make of readings written down
  watchdesk-agent replay --days 30         what rules would have told of this computer's past
  watchdesk-agent explain disk-space-server   what a rule makes of this computer
  watchdesk-agent status                   what the running agent sees, and what waits to be sent
  watchdesk-agent job nightly -- /usr/local/bin/export   run a job and report how it went
  watchdesk-agent doctor                   what is wrong, and what to do
"""

_MOST_DAYS = 3650
_COLUMNS = 80


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return what was asked for, ``command`` first; leaves with 2 and a hint when it is wrong."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.command in {"enroll", "install"} and (not chosen.server) != (not chosen.token_file):
        parser.error("--server and --token-file go together")
    return chosen


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """As wide as the terminal, asked without shutil: that brings libraries of archives (0.1 MB)."""

    def __init__(self, prog: str) -> None:
        """Take the program's name."""
        try:
            columns = os.get_terminal_size(sys.stdout.fileno()).columns
        except (OSError, ValueError, AttributeError):
            columns = _COLUMNS
        super().__init__(prog, width=columns - 2)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="watchdesk-agent",
        description="Checks this computer by rules and reports to the support desk.",
        epilog=_EXAMPLES,
        formatter_class=_Formatter,
    )
    parser.add_argument("--version", action="version", version=f"watchdesk-agent {VERSION}")
    commands = parser.add_subparsers(
        title="commands", required=True, metavar="COMMAND", dest="command"
    )

    def command(name: str, text: str) -> Any:  # noqa: ANN401 - argparse's own type is private
        return commands.add_parser(name, help=text, description=text, formatter_class=_Formatter)

    enroll = command("enroll", "Make this computer known to the server.")
    _enrolment(enroll)
    _state(enroll)

    _on_installing(command)

    run = command("run", "Check and report until stopped; this is the service.")
    _state(run)
    _rules(run)

    once = command("once", "Run every check once and show the evaluations; send nothing.")
    _rules(once)
    _json(once)

    status = command("status", "Show what the agent on this computer sees and sends.")
    _state(status)
    _json(status)

    checks = command("checks", "List the checks, their metrics and units.")
    _json(checks)

    explain = command("explain", "Show what a rule makes of this computer, and what it would send.")
    explain.add_argument("rule", metavar="RULE", help="the rule's name")
    _rules(explain)

    command("schema", "Print the JSON Schema of rules files, for editors.")

    outbox = command("outbox", "Show what the server refused; send it again, or give it up.")
    choice = outbox.add_mutually_exclusive_group()
    choice.add_argument("--requeue", metavar="ID", help="send this refused message once more")
    choice.add_argument("--drop", metavar="ID", help="delete this refused message for good")
    _state(outbox)
    _json(outbox)

    job = command("job", "Run a job and report how it went, for rules with the check job.")
    job.add_argument("name", metavar="NAME", help="the job's name in device.yaml")
    job.add_argument("program", nargs="+", metavar="COMMAND", help="after --, with its arguments")
    _state(job)

    doctor = command("doctor", "Look at rules, identity, the agent and the way to the server.")
    doctor.add_argument(
        "--record",
        type=Path,
        metavar="FOLDER",
        help="write this computer's raw answers, redacted, into a folder of their own instead",
    )
    _state(doctor)
    _rules(doctor)

    test = command("test", "Check rules against cases: readings over hours and what they lead to.")
    test.add_argument("files", nargs="+", type=Path, metavar="CASES")
    _rules(test)

    _on_history(command)
    return parser


def _on_history(command: Callable[[str, str], Any]) -> None:
    replay = command("replay", "Show what rules would have told of this computer's own history.")
    replay.add_argument(
        "--days", type=_days, default=30.0, metavar="N", help="how far back (default: 30)"
    )
    _state(replay)
    _rules(replay)
    _json(replay)

    validate = command("validate", "Check rule files; show every mistake at once.")
    validate.add_argument("files", nargs="+", type=Path, metavar="FILE")
    validate.add_argument(
        "--state", type=Path, metavar="DIR", help="hints from the history in this folder as well"
    )


def _days(text: str) -> float:
    with suppress(ValueError):
        days = float(text)
        if 0 < days <= _MOST_DAYS:
            return days
    raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 0 to {_MOST_DAYS}")


def _on_installing(command: Callable[[str, str], Any]) -> None:
    install = command("install", "Make the agent a service of this computer, and start it.")
    _enrolment(install)
    _state(install)
    install.add_argument(
        "--rules",
        type=Path,
        metavar="FILE",
        help="always go by these rules (default: this computer's own, else the shipped ones)",
    )

    if sys.platform == "win32":
        service = command("service", "For Windows' service manager alone: runs the agent.")
        _state(service)
        _rules(service)

    uninstall = command("uninstall", "Stop the service and take it away.")
    uninstall.add_argument(
        "--purge", action="store_true", help="delete identity, outbox and alerts as well"
    )
    _state(uninstall)


def _enrolment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--server", metavar="URL", help="the desk's https address")
    parser.add_argument(
        "--token-file", metavar="FILE", help="holds the enrolment token; - is stdin"
    )
    parser.add_argument("--ca-file", type=Path, metavar="FILE", help="trust this authority instead")
    proxy = parser.add_mutually_exclusive_group()
    proxy.add_argument("--proxy", metavar="URL", help="reach the server through this proxy")
    proxy.add_argument(
        "--proxy-file",
        type=Path,
        metavar="FILE",
        help="the same, read from a file: for a proxy with a password",
    )
    parser.add_argument(
        "--kind", choices=("workstation", "laptop", "server"), help="if guessed wrong"
    )


def _state(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", type=Path, default=default_state_dir(), metavar="DIR",
                        help="folder of identity and outbox (default: %(default)s)")  # fmt: skip


def _rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rules", type=Path, default=default_rules_file(), metavar="FILE",
                        help="the rules to go by (default: %(default)s)")  # fmt: skip


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")
