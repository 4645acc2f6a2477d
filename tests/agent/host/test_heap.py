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


THREADS = """
import threading
from agent.host import heap
if {one}:
    heap.one_heap()
there = threading.Barrier(3)
def work():
    there.wait()  # one that came after another would take over its heap
    held.append([bytes(5_000) for _ in range(100)])
    there.wait()
held = []
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
heaps = [line for line in open("/proc/self/maps") if " ---p " in line and not line.split()[5:]]
print(sum(int(a, 16) < int(b, 16) for a, b in (line.split()[0].split("-") for line in heaps)))
"""


def reserved(*, one: bool) -> int:
    """Return how many spaces are reserved: each heap of a thread reserves its own."""
    script = THREADS.format(one=one)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_threads_share_one_heap() -> None:
    assert reserved(one=True) < reserved(one=False)
