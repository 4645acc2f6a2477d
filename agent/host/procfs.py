"""Linux: small files under ``/proc`` and ``/sys``, read with the fewest system calls."""

import os
from typing import NamedTuple

_CHUNK = 8_192
_KIB = 1024


def read(path: str) -> bytes:
    """Return a file's whole content; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        content = chunk = os.read(descriptor, _CHUNK)
        while chunk:
            chunk = os.read(descriptor, _CHUNK)
            content += chunk
        return content
    finally:
        os.close(descriptor)


def text(path: str) -> str:
    """Return a file's text without surrounding blanks; empty when it cannot be read."""
    try:
        return read(path).decode(errors="replace").strip(" \t\n\0")
    except OSError:
        return ""


def memory() -> dict[str, int]:
    """Return ``/proc/meminfo`` in bytes, by the kernel's names (``MemTotal``, …)."""
    sizes = {}
    for line in read("/proc/meminfo").splitlines():
        name, _, rest = line.partition(b":")
        number, _, unit = rest.strip().partition(b" ")
        sizes[name.decode()] = int(number) * (_KIB if unit == b"kB" else 1)
    return sizes


def pressure(resource: str) -> float | None:
    """Return the share of the last minute (percent) in which some work waited for ``resource``.

    ``resource`` is memory, cpu or io (PSI, ``some avg60``). None where the kernel does not
    keep account of it.
    """
    try:
        some = read(f"/proc/pressure/{resource}").split()
    except OSError:
        return None
    return next((float(word[6:]) for word in some if word.startswith(b"avg60=")), None)


def out_of_memory_kills() -> int | None:
    """Return how many programs were killed for want of memory since the start; None if not told."""
    try:
        counts = read("/proc/vmstat").splitlines()
    except OSError:
        return None
    found = next((line[9:] for line in counts if line.startswith(b"oom_kill ")), b"")
    return int(found) if found.isdigit() else None


def boot_time() -> int:
    """Return when the system started, in Unix seconds; it moves when the wall clock is set."""
    lines = read("/proc/stat").splitlines()
    return int(next(line for line in lines if line.startswith(b"btime ")).split()[1])


class Process(NamedTuple):
    """One living process: its name as the kernel has it, and when it began (clock ticks)."""

    name: str
    began: int


def process(pid: int) -> Process | None:
    """Return the process with this id; None when it is gone or dead (a zombie)."""
    try:
        line = read(f"/proc/{pid}/stat")
    except OSError:
        return None
    end = line.rindex(b")")  # a name may hold blanks and brackets
    fields = line[end + 2 :].split()
    if fields[0] in b"ZX":
        return None
    return Process(os.fsdecode(line[line.index(b"(") + 1 : end]), int(fields[19]))
