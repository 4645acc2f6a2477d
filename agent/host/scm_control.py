"""Windows: starting and stopping services by the service control manager."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from agent.errors import ActionError

DEADLINE_S = 120.0

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    from agent.host import scm, scm_handles
    from agent.host.scm_handles import MORE, ScmError, Status, advapi32

    _QUERY_STATUS, _ENUMERATE_DEPENDENTS, _START, _STOP = 4, 8, 0x10, 0x20
    _ACTIVE = 1

    class _Dependent(ctypes.Structure):
        _fields_ = (
            ("name", wintypes.LPWSTR),
            ("display", wintypes.LPWSTR),
            ("status", Status),
        )

    _NUMBER = ctypes.POINTER(wintypes.DWORD)
    advapi32.EnumDependentServicesW.argtypes = (
        *(ctypes.c_void_p, wintypes.DWORD, ctypes.c_void_p, wintypes.DWORD, _NUMBER, _NUMBER),
    )

    def refusal(name: str) -> str:
        """Return why a service must be left alone; empty when it may be touched."""
        found = scm.Units().states([name], automatic=False)[name]
        if found.state == "missing":
            return "there is no such service"
        return "an administrator has disabled it" if found.start == "disabled" else ""

    def runs(name: str) -> bool:
        """Tell whether a service runs just now."""
        return scm.Units().states([name], automatic=False)[name].state == "running"

    def start(name: str) -> None:
        """Start a service and wait until it runs; raises ActionError."""
        with _service(name, _START | _QUERY_STATUS) as service:
            scm_handles.start(service, name, DEADLINE_S)

    def restart(name: str) -> None:
        """Stop a service, with those that depend on it, and start them; raises ActionError."""
        with _service(name, _STOP | _QUERY_STATUS | _ENUMERATE_DEPENDENTS) as service:
            stopped: list[str] = []
            try:
                for dependent in _dependents(service):
                    stopped.append(dependent)
                    with _service(dependent, _STOP | _QUERY_STATUS) as one:
                        scm_handles.stop(one, dependent, DEADLINE_S)
                scm_handles.stop(service, name, DEADLINE_S)
            finally:
                _start_all([name, *stopped[::-1]])

    def _start_all(names: list[str]) -> None:
        """Start services, as many as can be; raises ActionError."""
        troubles = []
        for name in names:
            try:
                start(name)
            except ActionError as error:
                troubles.append(str(error))
        if troubles:
            raise ActionError("; ".join(troubles))

    def _dependents(service: ctypes.c_void_p) -> list[str]:
        """Return the running services that depend on it, in the order to stop them."""
        size, count = wintypes.DWORD(), wintypes.DWORD()
        ask = advapi32.EnumDependentServicesW
        if ask(service, _ACTIVE, None, 0, ctypes.byref(size), ctypes.byref(count)):
            return []
        if ctypes.get_last_error() != MORE:
            return []
        buffer = ctypes.create_string_buffer(size.value)
        if not ask(service, _ACTIVE, buffer, size, ctypes.byref(size), ctypes.byref(count)):
            return []
        found = ctypes.cast(buffer, ctypes.POINTER(_Dependent))
        return [found[number].name for number in range(count.value)]

    @contextmanager
    def _service(name: str, access: int) -> Iterator[ctypes.c_void_p]:
        try:
            with scm_handles.service(name, access) as service:
                yield service
        except ScmError as error:
            raise ActionError(str(error)) from error
