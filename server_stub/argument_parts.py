"""What the commands' arguments are made of: durations, days, groups of commands."""

import argparse
import re
from datetime import date, timedelta

PROGRAM = "watchdesk-server"
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(text: str) -> timedelta:
    """Return ``30m``, ``24h``, ``7d`` or ``2w`` as a duration."""
    found = re.fullmatch(r"([0-9]{1,6})([mhdw])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration such as 30m, 24h or 7d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def day(text: str) -> str:
    """Return a day as ``2026-01-31``; text, as the audit log keeps it."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-01-31") from error


def lease(text: str) -> timedelta:
    """Return a number of seconds, 1 to 3600, as a duration."""
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= 3600:  # noqa: PLR2004 - an hour
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 1 to 3600")
    return timedelta(seconds=int(text))


Groups = argparse._SubParsersAction  # noqa: SLF001 - argparse names its type nowhere else


def command(
    groups: "Groups[argparse.ArgumentParser]",
    name: str,
    where: argparse.ArgumentParser,
    run: str,
    *,
    says: str,
    example: str,
    needs_database: bool = True,
) -> argparse.ArgumentParser:
    """Add a command: ``run`` names its function below ``server_stub``."""
    made = groups.add_parser(
        name,
        parents=[where],
        help=as_part(says.split(".", maxsplit=1)[0]),
        description=says,
        epilog=f"example:\n  {PROGRAM} {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.set_defaults(run=run, needs_database=needs_database)
    return made


def as_part(sentence: str) -> str:
    """Return a sentence as argparse writes help: it begins small, unless with an acronym."""
    return sentence if sentence[1].isupper() else sentence[0].lower() + sentence[1:]


def group(
    groups: "Groups[argparse.ArgumentParser]", name: str, says: str
) -> "Groups[argparse.ArgumentParser]":
    """Add a group of commands and return what they are added to."""
    made = groups.add_parser(name, help=as_part(says[:-1]), description=says)
    return made.add_subparsers(metavar="COMMAND", required=True)
