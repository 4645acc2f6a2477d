"""The real agent with half a minute for the hour of ``service.restarts``.

``python -m tests.end_to_end.hasty_agent``. A service that was in a loop is well when it was not
restarted for an hour.
"""

import sys
from dataclasses import replace

from agent import cli, history, trends
from agent.check_api import Increase
from agent.checks import service_restarts

_HOUR_S = 30.0

if __name__ == "__main__":
    vars(history)["OFTEN_S"] = vars(trends)["OFTEN_S"] = 1.0  # samples come as much more often
    check = service_restarts.CHECK
    total, lately = check.metrics
    lately = replace(lately, derived=Increase(total.name, _HOUR_S))
    vars(service_restarts)["CHECK"] = replace(check, metrics=(total, lately))
    sys.exit(cli.main())
