"""Which processes run, by name.

On Linux the processes found are remembered and looked at one by one (7 µs each); the whole
of ``/proc`` is read only when one is lost, when a name runs nowhere, and once a minute to
count new ones. psutil's walk over all processes costs 13 times as much (measured).
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from agent.errors import CheckDeniedError, CheckError

if sys.platform == "linux":
    from agent.host import procfs

    _CUT = 15  # the kernel keeps no more bytes of a name
    _SCAN_S = 60.0
    _SAME_TURN_S = 1.0
    _WILD = frozenset("*?[")

    class Names:
        """Counts processes by name and remembers where they were."""

        def __init__(self) -> None:
            """Know nothing yet."""
            self._found: dict[str, dict[int, str]] = {}
            self._scanned_s = float("-inf")

        def count(self, patterns: Iterable[str]) -> Mapping[str, int]:
            """Return how many processes bear each name (``*`` and ``?`` allowed).

            A process that starts is counted within a minute, one that ends at once. Raises
            CheckDeniedError where other users' processes are hidden from the agent.
            """
            wanted = set(patterns)
            if not self._holds(wanted):
                self._scan(wanted)
            return {pattern: len(self._found[pattern]) for pattern in wanted}

        def _holds(self, wanted: set[str]) -> bool:
            """Tell whether all that was found is still there and nothing is to be searched."""
            age_s = time.monotonic() - self._scanned_s
            if age_s > _SCAN_S or not wanted <= self._found.keys():
                return False
            if age_s > _SAME_TURN_S and not all(self._found[pattern] for pattern in wanted):
                return False
            return all(
                (process := procfs.process(pid)) is not None and process.name == name
                for pattern in wanted
                for pid, name in self._found[pattern].items()
            )

        def _scan(self, wanted: set[str]) -> None:
            found: dict[str, dict[int, str]] = {
                pattern: {} for pattern in wanted | self._found.keys()
            }
            wild = [pattern for pattern in found if not _WILD.isdisjoint(pattern)]
            for pid, name, names in _all():
                matching = {each for each in names if each in found}
                for pattern in wild:
                    if any(fnmatchcase(each, pattern) for each in names):
                        matching.add(pattern)
                if matching and procfs.process(pid):
                    for pattern in matching:
                        found[pattern][pid] = name
            if not all(found[pattern] for pattern in wanted) and not procfs.text("/proc/1/comm"):
                raise CheckDeniedError("other users' processes are hidden (hidepid on /proc)")
            self._found = found
            self._scanned_s = time.monotonic()

    def _all() -> Iterator[tuple[int, str, tuple[str, ...]]]:
        """Yield each process: id, kernel's name, and the names it may be called by."""
        for entry in os.listdir("/proc"):  # noqa: PTH208 - thousands of Path objects are not free
            if not entry.isdigit():
                continue
            try:
                comm = procfs.read(f"/proc/{entry}/comm")[:-1]
                cut = len(comm) >= _CUT
                program = procfs.read(f"/proc/{entry}/cmdline") if cut else b""
            except OSError:
                continue  # it ended meanwhile
            name = os.fsdecode(comm)
            full = os.fsdecode(program.split(b"\0", 1)[0].rpartition(b"/")[2])
            yield int(entry), name, (name, full) if full.startswith(name) else (name,)

else:

    class Names:
        """Counts processes by name."""

        def count(self, patterns: Iterable[str]) -> Mapping[str, int]:
            """Return how many processes bear each name (``*`` and ``?`` allowed).

            On Windows letters' case does not matter and ``.exe`` may be left out. Raises
            CheckError when the system does not tell.
            """
            import psutil  # noqa: PLC0415 - only when processes are asked for

            wanted = {pattern: _plain(pattern) for pattern in patterns}
            counts = dict.fromkeys(wanted, 0)
            try:
                for process in psutil.process_iter(["name"]):
                    name = _plain(process.info["name"] or "")
                    for pattern, plain in wanted.items():
                        counts[pattern] += fnmatchcase(name, plain)
            except OSError as error:
                raise CheckError(f"the system does not tell its processes: {error}") from error
            return counts

    def _plain(name: str) -> str:
        return name.lower().removesuffix(".exe") if sys.platform == "win32" else name
