"""Memory that was let go is given back to the system, in a process of its own."""

import subprocess
import sys

PROBE = """
import gc
from agent.host import heap
from agent.host.own_use import memory_bytes
pieces = [bytes(50_000) for _ in range(1_000)]
kept = pieces[::20]
del pieces
gc.collect()
before = memory_bytes()
heap.give_back()
print(before - memory_bytes())
print(len(kept))
"""


def test_free_pages_between_what_is_kept_are_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)

    assert int(done.stdout.split()[0]) > 20_000_000
