r"""Windows: services, from the service control manager and the registry it keeps them in.

How a service starts is read from the registry (``HKLM\SYSTEM\CurrentControlSet\Services``,
documented by Microsoft; the manager writes each change there at once): a call for the delay and
the triggers exists, but not in every Windows we run on.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase

from agent.errors import CheckDeniedError, CheckError
from agent.host.services import Searches, Service

NAME = re.compile(r"[^/\\\x00-\x1f]{1,200}")

DELAY_S = 900.0
"""So long after the boot one with a delayed start may still wait for its turn.

The manager begins with them after two minutes and starts one after the other.
"""
_STOPPED, _START_PENDING, _RUNNING, _CONTINUE_PENDING = 1, 2, 4, 5
_NEVER_STARTED = 1077  # ERROR_SERVICE_NEVER_STARTED: not tried since the boot
_STARTS = {0: "automatic", 1: "automatic", 2: "automatic", 3: "manual", 4: "disabled"}
_OF_A_USER = 0x40 | 0x80  # SERVICE_USER_SERVICE, SERVICE_USERSERVICE_INSTANCE


def start_word(start: int, *, delayed: bool) -> str:
    """Return how a service starts, by its registry values ``Start`` and ``DelayedAutostart``."""
    word = _STARTS.get(start, "manual")
    return "delayed" if word == "automatic" and delayed else word


def state_word(state: int, exit_code: int, start: str, uptime_s: float) -> str:
    """Return the word for what the manager tells (``SERVICE_STATUS``).

    One that ended with an error has failed. Paused, or on its way down, it does not serve.
    """
    if state == _RUNNING:
        return "running"
    if state in {_START_PENDING, _CONTINUE_PENDING}:
        return "starting"
    if state == _STOPPED and exit_code == _NEVER_STARTED:
        return "starting" if start == "delayed" and uptime_s < DELAY_S else "stopped"
    return "failed" if state == _STOPPED and exit_code else "stopped"


if sys.platform == "win32":
    import ctypes
    import winreg
    from ctypes import wintypes

    from agent.host import scm_handles
    from agent.host.scm_handles import BAD_NAME, CONNECT, DENIED, MORE, NO_SUCH, ScmError, advapi32

    _ENUMERATE, _QUERY_STATUS = 4, 4
    _WIN32, _ALL_STATES = 0x30, 3

    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel32.GetTickCount64.restype = ctypes.c_uint64

    class _Status(ctypes.Structure):
        """SERVICE_STATUS_PROCESS."""

        _fields_ = tuple(
            (name, wintypes.DWORD)
            for name in (
                *("kind", "state", "controls", "exit_code", "own_exit_code"),
                *("check_point", "wait_hint", "pid", "flags"),
            )
        )

    class _Listed(ctypes.Structure):
        """ENUM_SERVICE_STATUS_PROCESSW."""

        _fields_ = (
            ("name", wintypes.LPWSTR),
            ("display_name", wintypes.LPWSTR),
            ("status", _Status),
        )

    class Units:
        """The computer's services."""

        def __init__(self) -> None:
            """Know nothing yet."""
            self._searches = Searches()

        def states(self, names: Iterable[str], *, automatic: bool) -> dict[str, Service]:
            """Return each service by the name it is asked by; raises CheckError."""
            del automatic  # asking is cheap here
            with _told(), scm_handles.services() as services:
                return {name: _service(services, name) for name in names}

        def found(self, patterns: tuple[str, ...], *, automatic: bool) -> list[str]:
            """Return the names of services that match; raises CheckError.

            Without a pattern: all that start by themselves, and not on demand.
            """
            return self._searches.names(
                (patterns, automatic), lambda: _search(patterns, automatic=automatic)
            )

    def _search(patterns: tuple[str, ...], *, automatic: bool) -> list[str]:
        folded = [pattern.lower() for pattern in patterns]
        names = []
        for name in _names():
            if patterns and not any(fnmatchcase(name.lower(), pattern) for pattern in folded):
                continue
            start, triggered = _configured(name)
            if (automatic or not patterns) and start not in {"automatic", "delayed"}:
                continue
            if patterns or not triggered:
                names.append(name)
        return sorted(names)

    def _names() -> list[str]:
        """Return every service but those that come and go with each user's session."""
        size, count = wintypes.DWORD(), wintypes.DWORD()
        with _told(), scm_handles.services(CONNECT | _ENUMERATE) as services:
            content = ctypes.create_string_buffer(0)
            for _ in range(5):  # the list may grow while it is asked for
                resume = wintypes.DWORD()
                if advapi32.EnumServicesStatusExW(
                    services, 0, _WIN32, _ALL_STATES, content, len(content), ctypes.byref(size),
                    ctypes.byref(count), ctypes.byref(resume), None,
                ):  # fmt: skip
                    listed = ctypes.cast(content, ctypes.POINTER(_Listed))
                    found = (listed[at] for at in range(count.value))
                    return [one.name or "" for one in found if not one.status.kind & _OF_A_USER]
                if ctypes.get_last_error() != MORE:
                    break
                content = ctypes.create_string_buffer(len(content) + size.value + 4096)
        raise scm_handles.failed("the services cannot be listed")

    def _service(services: ctypes.c_void_p, name: str) -> Service:
        handle = advapi32.OpenServiceW(services, name, _QUERY_STATUS)
        if not handle and ctypes.get_last_error() in {NO_SUCH, BAD_NAME}:
            return Service("missing", None, automatic=False)
        status, size = _Status(), wintypes.DWORD()
        with scm_handles.opened(handle, f"service {name} cannot be read") as service:
            if not advapi32.QueryServiceStatusEx(
                service, 0, ctypes.byref(status), ctypes.sizeof(status), ctypes.byref(size)
            ):
                raise scm_handles.failed(f"service {name} cannot be read")
        start, triggered = _configured(name)
        uptime_s = _kernel32.GetTickCount64() / 1000
        return Service(
            state_word(status.state, status.exit_code, start, uptime_s),
            None,
            automatic=start in {"automatic", "delayed"},
            start=start,
            triggered=triggered,
        )

    def _configured(name: str) -> tuple[str, bool]:
        """Return how it starts, and whether Windows starts and stops it on events."""
        path = rf"SYSTEM\CurrentControlSet\Services\{name}"
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path) as key:
                start = start_word(_number(key, "Start"), delayed=bool(_number(key, _DELAYED)))
                try:
                    winreg.CloseKey(winreg.OpenKey(key, "TriggerInfo"))
                except OSError:
                    return start, False
                return start, True
        except OSError:
            return "", False

    _DELAYED = "DelayedAutostart"

    def _number(key: winreg.HKEYType, name: str) -> int:
        try:
            value, kind = winreg.QueryValueEx(key, name)
        except OSError:
            return 0 if name == _DELAYED else 3
        return int(value) if kind == winreg.REG_DWORD else 0

    @contextmanager
    def _told() -> Iterator[None]:
        """Tell what the manager refuses as a CheckError."""
        try:
            yield
        except ScmError as error:
            kind = CheckDeniedError if error.code == DENIED else CheckError
            raise kind(str(error)) from error
