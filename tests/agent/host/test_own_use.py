"""What the agent says that it uses itself."""

import os
from pathlib import Path

from agent.host import own_use


def test_memory_is_what_the_system_counts_as_this_processs_own() -> None:
    block = bytearray(os.urandom(1 << 20) * 40)
    told = own_use.memory_bytes()

    status = Path("/proc/self/status").read_text()
    resident = 1024 * int(next(line.split()[1] for line in status.splitlines() if "VmRSS" in line))
    assert len(block) < told < resident


def test_processor_time_counts_ended_children_too() -> None:
    before = own_use.processor_s()
    if (pid := os.fork()) == 0:
        sum(range(20_000_000))
        os._exit(0)
    os.waitpid(pid, 0)

    assert own_use.processor_s() - before > 0.05
