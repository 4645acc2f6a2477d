"""What the running agent must not carry: it stays on the computer for months."""

import re
from collections.abc import Callable

from tests.end_to_end.conftest import Desk
from tests.support.agent_process import AgentProcess
from tests.support.polling import until

HEAVY = {
    *("requests", "urllib3", "pydantic", "importlib.metadata", "asyncio", "ssl", "http.client"),
    *("inspect", "ipaddress", "hashlib", "psutil", "pkgutil", "agent.redact", "agent.host.network"),
    *("agent.install", "agent.delivery.enrolment", "agent.delivery.waiting"),
}
RULES = """
version: 1
rules:
  - name: service
    why: a test
    check: tcp
    every: 1s
    startup_grace: 0s
    targets: {include: ["127.0.0.1:9"]}
    critical: {when: state != open, for: 1s, priority: high}
    ticket: {title: "nothing answers on {target}"}
"""


def test_the_running_agent_never_imports_what_is_heavy(
    desk: Desk, start_agent: Callable[..., AgentProcess]
) -> None:
    """``-X importtime`` tells every import of that very process, also of a module dropped later.

    By then it has loaded rules, checked, opened an alert, sent it, its heartbeat and its facts.
    """
    agent = start_agent(desk.rules(RULES), "-X", "importtime")
    until(desk.tickets, what="a ticket")

    log = agent.log.read_text()
    imported = set(re.findall(r"^import time: +\d+ \| +\d+ \| +(\S+)$", log, re.MULTILINE))
    assert {"agent.app", "agent.delivery.courier", "sqlite3"} <= imported
    assert imported & HEAVY == set()
