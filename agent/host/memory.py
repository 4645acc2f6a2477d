"""Main memory, swap and the promises made of them."""

import sys
from typing import NamedTuple

_ENFORCED = "2"


class Memory(NamedTuple):
    """Bytes of main memory and swap; None is what this system does not tell.

    ``available`` is what programs can have without swapping. ``committed`` and
    ``commit_limit`` are given only where the system refuses memory beyond the limit.
    ``stall_percent`` is the share of the last minute in which some work waited for memory.
    """

    total_bytes: int
    available_bytes: int
    swap_total_bytes: int = 0
    swap_free_bytes: int = 0
    committed_bytes: int | None = None
    commit_limit_bytes: int | None = None
    stall_percent: float | None = None


if sys.platform == "linux":
    from agent.host import procfs

    def read() -> Memory:
        """Return the memory's state; raises OSError.

        Linux promises beyond its commit limit unless ``vm.overcommit_memory`` is 2; a healthy
        desktop stands at 150 %. So the limit is told only where it binds.
        """
        sizes = procfs.memory()
        binding = procfs.text("/proc/sys/vm/overcommit_memory") == _ENFORCED
        return Memory(
            total_bytes=sizes["MemTotal"],
            available_bytes=sizes.get("MemAvailable", sizes["MemFree"] + sizes.get("Cached", 0)),
            swap_total_bytes=sizes.get("SwapTotal", 0),
            swap_free_bytes=sizes.get("SwapFree", 0),
            committed_bytes=sizes.get("Committed_AS") if binding else None,
            commit_limit_bytes=sizes.get("CommitLimit") if binding else None,
            stall_percent=procfs.pressure("memory"),
        )

else:
    import psutil

    def read() -> Memory:
        """Return the memory's state; raises OSError."""
        main = psutil.virtual_memory()
        try:
            swap = psutil.swap_memory()
            swap_total, swap_free = swap.total, swap.free
        except (OSError, RuntimeError):  # Windows without its performance counters
            swap_total = swap_free = 0
        committed, limit = _commit()
        return Memory(main.total, main.available, swap_total, swap_free, committed, limit)

    def _commit() -> tuple[int | None, int | None]:
        if sys.platform != "win32":
            return None, None
        from agent.host import winapi  # noqa: PLC0415 - there is none elsewhere

        return winapi.commit_charge()
