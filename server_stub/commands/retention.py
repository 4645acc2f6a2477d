"""``retention keep|show|run``."""

from argparse import Namespace
from datetime import UTC, datetime

from server_stub.commands.audit import operator
from server_stub.retention import actions
from server_stub.retention.classes import KINDS
from server_stub.retention.models import Keep


def keep(arguments: Namespace) -> None:
    """Say how long a class is kept."""
    actions.keep(arguments.what, arguments.days, datetime.now(UTC))
    if arguments.days:
        print(f"{arguments.what}: kept for {arguments.days} days, once retention run has shown it")
    else:
        print(f"{arguments.what}: kept for ever")


def show(_arguments: Namespace) -> None:
    """Print how long each class is kept."""
    days = {one.what: one.days for one in Keep.objects.all()}
    for what, kind in KINDS.items():
        kept = f"{days[what]} days" if what in days else "for ever"
        print(f"{what}  {kept}  ({kind.title})")


def run(arguments: Namespace) -> None:
    """Show what is too old; with --apply, remove it."""
    now = datetime.now(UTC)
    if not arguments.apply:
        for old in actions.rehearse(now):
            print(f"{old.what}: {old.count} from before {old.before:%Y-%m-%d} would be removed")
        print("nothing was removed: run it again with --apply")
        return
    for old in actions.apply(now, operator()):
        if old.rehearsed:
            print(f"{old.what}: {old.count} from before {old.before:%Y-%m-%d} removed")
        else:
            print(f"{old.what}: left alone: run it without --apply first, to see what goes")
