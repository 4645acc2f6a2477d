"""The real agent for a faked wall clock: ``python -m tests.faults.faked_agent``.

libfaketime cannot do ``clock_nanosleep`` by the monotonic clock, which Python's ``time.sleep``
is: the call fails. So here sleeping is waiting for what never happens; all else is the agent.
"""

import sys
import threading
import time

from agent import cli


def _sleep(seconds: float) -> None:
    threading.Event().wait(seconds)


if __name__ == "__main__":
    vars(time)["sleep"] = _sleep
    sys.exit(cli.main())
