"""A sender whose agent is killed: started by a process of its own, which dies at once."""

import subprocess
import sys

_AGENT = """
import os, sys
from agent.delivery.child import SenderProcess
from agent.delivery.messages import Settings
sender = SenderProcess(Settings(sys.argv[1], "wdd_x", "1"))
print(sender.pid, flush=True)
os.kill(os.getpid(), 9)
"""


def orphaned_sender(url: str) -> int:
    """Return the process id of a sender whose agent has been killed."""
    agent = subprocess.run(
        [sys.executable, "-c", _AGENT, url], stdout=subprocess.PIPE, text=True, check=False
    )
    return int(agent.stdout)
