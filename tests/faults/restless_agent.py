"""The real agent without any waiting between its calls: ``python -m tests.faults.restless_agent``.

A hostile server would otherwise have to be patient: the agent backs off up to an hour.
"""

import sys

from agent import cli
from agent.delivery import schedule
from agent.delivery.schedule import Schedule

_real_failed = schedule.failed


def _failed(before: Schedule, now_s: float, *_: float | None) -> Schedule:
    return _real_failed(before, now_s, 0.0)


if __name__ == "__main__":
    vars(schedule).update(
        SHORTEST_WAIT_S=0.0, HEARTBEAT_RANGE_S=(0.0, 0.0), failed=_failed, paused=_failed
    )
    sys.exit(cli.main())
