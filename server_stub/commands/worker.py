"""``worker``."""

import signal
from argparse import Namespace

from server_stub import due
from server_stub.database import clock_problem, role_problem
from server_stub.errors import SetupError


def worker(arguments: Namespace) -> None:
    """Do what is due until told to stop by SIGTERM or SIGINT; what is under way is finished."""
    if problem := role_problem() or clock_problem():
        raise SetupError(problem)
    one = due.worker(arguments.lease)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: one.stop())
    print("working", flush=True)
    one.run()
