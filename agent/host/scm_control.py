"""Windows: starting and stopping services by the service control manager."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from agent.errors import ActionError

DEADLINE_S = 120.0
_LOOK_S = 0.25
_STOPPED, _RUNNING = 1, 4

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    from agent.host import scm

    _CONNECT, _QUERY_STATUS, _ENUMERATE_DEPENDENTS, _START, _STOP = 1, 4, 8, 0x10, 0x20
    _CONTROL_STOP, _ACTIVE = 1, 1
    _ALREADY_RUNNING, _NOT_ACTIVE, _MORE = 1056, 1062, 234

    class _Status(ctypes.Structure):
        _fields_ = tuple(
            (name, wintypes.DWORD)
            for name in ("type", "state", "accepted", "exit", "specific", "checkpoint", "hint")
        )

    class _Dependent(ctypes.Structure):
        _fields_ = (
            ("name", wintypes.LPWSTR),
            ("display", wintypes.LPWSTR),
            ("status", _Status),
        )

    _advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
    _advapi32.OpenSCManagerW.restype = wintypes.HANDLE
    _advapi32.OpenSCManagerW.argtypes = (wintypes.LPCWSTR, wintypes.LPCWSTR, wintypes.DWORD)
    _advapi32.OpenServiceW.restype = wintypes.HANDLE
    _advapi32.OpenServiceW.argtypes = (wintypes.HANDLE, wintypes.LPCWSTR, wintypes.DWORD)
    _advapi32.StartServiceW.argtypes = (wintypes.HANDLE, wintypes.DWORD, ctypes.c_void_p)
    _advapi32.ControlService.argtypes = (
        wintypes.HANDLE,
        wintypes.DWORD,
        ctypes.POINTER(_Status),
    )
    _advapi32.QueryServiceStatus.argtypes = (wintypes.HANDLE, ctypes.POINTER(_Status))
    _advapi32.CloseServiceHandle.argtypes = (wintypes.HANDLE,)
    _advapi32.EnumDependentServicesW.argtypes = (
        wintypes.HANDLE,
        wintypes.DWORD,
        ctypes.c_void_p,
        wintypes.DWORD,
        ctypes.POINTER(wintypes.DWORD),
        ctypes.POINTER(wintypes.DWORD),
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
            _start(service, name)

    def restart(name: str) -> None:
        """Stop a service, with those that depend on it, and start them; raises ActionError."""
        with _service(name, _STOP | _QUERY_STATUS | _ENUMERATE_DEPENDENTS | _START) as service:
            stopped: list[str] = []
            try:
                for dependent in _dependents(service):
                    stopped.append(dependent)
                    with _service(dependent, _STOP | _QUERY_STATUS) as one:
                        _stop(one, dependent)
                _stop(service, name)
            finally:
                _start_all(service, name, stopped[::-1])

    def _start_all(service: int, name: str, dependents: list[str]) -> None:
        """Start a service and those that depend on it, as many as can be; raises ActionError."""
        troubles = []
        try:
            _start(service, name)
        except ActionError as error:
            troubles.append(str(error))
        for dependent in dependents:
            try:
                start(dependent)
            except ActionError as error:
                troubles.append(str(error))
        if troubles:
            raise ActionError("; ".join(troubles))

    def _start(service: int, name: str) -> None:
        if not _advapi32.StartServiceW(service, 0, None):
            error = ctypes.get_last_error()
            if error != _ALREADY_RUNNING:
                raise _failed(f"{name} cannot be started", error)
        _until(service, name, _RUNNING)

    def _stop(service: int, name: str) -> None:
        if not _advapi32.ControlService(service, _CONTROL_STOP, ctypes.byref(_Status())):
            error = ctypes.get_last_error()
            if error == _NOT_ACTIVE:
                return
            raise _failed(f"{name} cannot be stopped", error)
        _until(service, name, _STOPPED)

    def _until(service: int, name: str, state: int) -> None:
        """Wait for a state; raises ActionError for one that ends or never comes."""
        status = _Status()
        until_s = time.monotonic() + DEADLINE_S
        while time.monotonic() < until_s:
            if not _advapi32.QueryServiceStatus(service, ctypes.byref(status)):
                raise _failed(f"{name} cannot be asked", ctypes.get_last_error())
            if status.state == state:
                return
            if state == _RUNNING and status.state == _STOPPED:
                raise ActionError(f"{name} ended as it was started (error {status.exit})")
            time.sleep(_LOOK_S)
        raise ActionError(f"{name} did not get there within {DEADLINE_S:g} s")

    def _dependents(service: int) -> list[str]:
        """Return the running services that depend on it, in the order to stop them."""
        size, count = wintypes.DWORD(), wintypes.DWORD()
        ask = _advapi32.EnumDependentServicesW
        if ask(service, _ACTIVE, None, 0, ctypes.byref(size), ctypes.byref(count)):
            return []
        if ctypes.get_last_error() != _MORE:
            return []
        buffer = ctypes.create_string_buffer(size.value)
        if not ask(service, _ACTIVE, buffer, size, ctypes.byref(size), ctypes.byref(count)):
            return []
        found = ctypes.cast(buffer, ctypes.POINTER(_Dependent))
        return [found[number].name for number in range(count.value)]

    @contextmanager
    def _service(name: str, access: int) -> Iterator[int]:
        manager = _advapi32.OpenSCManagerW(None, None, _CONNECT)
        if not manager:
            raise _failed("the service manager cannot be opened", ctypes.get_last_error())
        try:
            service = _advapi32.OpenServiceW(manager, name, access)
            if not service:
                raise _failed(f"{name} cannot be opened", ctypes.get_last_error())
            try:
                yield service
            finally:
                _advapi32.CloseServiceHandle(service)
        finally:
            _advapi32.CloseServiceHandle(manager)

    def _failed(trouble: str, error: int) -> ActionError:
        return ActionError(f"{trouble}: {ctypes.FormatError(error).strip()} (error {error})")
