"""Windows: services, from the service control manager by way of psutil."""

import re
import sys
from collections.abc import Iterable
from fnmatch import fnmatchcase

from agent.errors import CheckError
from agent.host.services import Searches, Service

NAME = re.compile(r"[^/\\\x00-\x1f]{1,200}")

_STATES = {
    "running": "running",
    "start_pending": "starting",
    "continue_pending": "starting",
}
"""Every other state (``paused``, ``stop_pending``, …) is ``stopped``: it does not serve."""

if sys.platform == "win32":
    import winreg

    import psutil

    class Units:
        """The computer's services."""

        def __init__(self) -> None:
            """Know nothing yet."""
            self._searches = Searches()

        def states(self, names: Iterable[str], *, automatic: bool) -> dict[str, Service]:
            """Return each service by the name it is asked by; raises CheckError."""
            del automatic  # asking is cheap here
            return {name: _service(name) for name in names}

        def found(self, patterns: tuple[str, ...], *, automatic: bool) -> list[str]:
            """Return the names of services that match; raises CheckError.

            Without a pattern: all that start by themselves, and not on demand.
            """
            return self._searches.names(
                (patterns, automatic), lambda: _search(patterns, automatic=automatic)
            )

    def _search(patterns: tuple[str, ...], *, automatic: bool) -> list[str]:
        names = []
        try:
            for service in psutil.win_service_iter():
                name = service.name()
                if patterns and not any(fnmatchcase(name.lower(), p.lower()) for p in patterns):
                    continue
                if (automatic or not patterns) and service.start_type() != "automatic":
                    continue
                if patterns or not _triggered(name):
                    names.append(name)
        except (OSError, psutil.Error) as error:
            raise CheckError(f"the services cannot be listed: {error}") from error
        return names

    def _service(name: str) -> Service:
        try:
            service = psutil.win_service_get(name)
            automatic = service.start_type() == "automatic"
            return Service(_STATES.get(service.status(), "stopped"), None, automatic)
        except psutil.NoSuchProcess:
            return Service("missing", None, automatic=False)
        except (OSError, psutil.Error) as error:
            raise CheckError(f"service {name} cannot be read: {error}") from error

    def _triggered(name: str) -> bool:
        """Tell whether Windows starts and stops it on events: stopped is no fault then."""
        try:
            key = rf"SYSTEM\CurrentControlSet\Services\{name}\TriggerInfo"
            winreg.CloseKey(winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key))
        except OSError:
            return False
        return True
