"""Windows: handles of the service control manager and its services, and what is done by them.

Checks read services, healing starts and stops them, ``install`` makes one: this is what they
share. Each tells a ``ScmError`` as an error of its own kind.
"""

import sys
import time

if sys.platform == "win32":
    import ctypes
    from collections.abc import Iterator
    from contextlib import contextmanager
    from ctypes import wintypes

    CONNECT = 1
    STOPPED, RUNNING = 1, 4
    DENIED, BAD_NAME, MORE, NO_SUCH = 5, 123, 234, 1060
    _STOP, _ALREADY_RUNS, _NOT_ACTIVE = 1, 1056, 1062
    _LOOK_S = 0.1

    class ScmError(Exception):
        """The manager refused, or a service did not get where it should; ``code`` is Windows'."""

        def __init__(self, trouble: str, code: int = 0) -> None:
            """Take what could not be done and why."""
            said = f": {ctypes.FormatError(code).strip()} (error {code})" if code else ""
            super().__init__(trouble + said)
            self.code = code

    class Status(ctypes.Structure):
        """SERVICE_STATUS."""

        _fields_ = tuple(
            (name, wintypes.DWORD)
            for name in ("kind", "state", "accepts", "code", "own_code", "step", "hint_ms")
        )

    advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
    _VOID, _DWORD, _WORDS = ctypes.c_void_p, wintypes.DWORD, wintypes.LPCWSTR
    for _function, _result, _arguments in (
        (advapi32.OpenSCManagerW, _VOID, (_WORDS, _WORDS, _DWORD)),
        (advapi32.OpenServiceW, _VOID, (_VOID, _WORDS, _DWORD)),
        (advapi32.CloseServiceHandle, wintypes.BOOL, (_VOID,)),
        (advapi32.StartServiceW, wintypes.BOOL, (_VOID, _DWORD, _VOID)),
        (advapi32.ControlService, wintypes.BOOL, (_VOID, _DWORD, _VOID)),
        (advapi32.QueryServiceStatus, wintypes.BOOL, (_VOID, _VOID)),
    ):
        _function.restype, _function.argtypes = _result, _arguments

    def failed(trouble: str) -> ScmError:
        """Return the error of the call that was just refused."""
        return ScmError(trouble, ctypes.get_last_error())

    @contextmanager
    def opened(handle: int | None, trouble: str) -> Iterator[ctypes.c_void_p]:
        """Lend a handle and close it; raises ScmError for one that could not be had."""
        if not handle:
            raise failed(trouble)
        try:
            yield ctypes.c_void_p(handle)
        finally:
            advapi32.CloseServiceHandle(ctypes.c_void_p(handle))

    @contextmanager
    def services(access: int = CONNECT) -> Iterator[ctypes.c_void_p]:
        """Lend the manager's handle; raises ScmError."""
        trouble = "Windows' service manager cannot be asked"
        with opened(advapi32.OpenSCManagerW(None, None, access), trouble) as handle:
            yield handle

    @contextmanager
    def service(name: str, access: int) -> Iterator[ctypes.c_void_p]:
        """Lend the handle of a service; raises ScmError, with ``NO_SUCH`` where there is none."""
        with services() as all_of_them:
            handle = advapi32.OpenServiceW(all_of_them, name, access)
            with opened(handle, f"the service {name} cannot be opened") as one:
                yield one

    def start(one: ctypes.c_void_p, name: str, deadline_s: float) -> None:
        """Start a service unless it runs, and wait until it does; raises ScmError."""
        if not advapi32.StartServiceW(one, 0, None) and ctypes.get_last_error() != _ALREADY_RUNS:
            raise failed(f"the service {name} cannot be started")
        _wait(one, name, RUNNING, deadline_s)

    def stop(one: ctypes.c_void_p, name: str, deadline_s: float) -> None:
        """Stop a service unless it is stopped, and wait until it is; raises ScmError."""
        if not advapi32.ControlService(one, _STOP, ctypes.byref(Status())):
            if ctypes.get_last_error() == _NOT_ACTIVE:
                return
            raise failed(f"the service {name} cannot be stopped")
        _wait(one, name, STOPPED, deadline_s)

    def _wait(one: ctypes.c_void_p, name: str, state: int, deadline_s: float) -> None:
        status = Status()
        until_s = time.monotonic() + deadline_s
        while time.monotonic() < until_s:
            if not advapi32.QueryServiceStatus(one, ctypes.byref(status)):
                raise failed(f"the service {name} cannot be asked")
            if status.state == state:
                return
            if state == RUNNING and status.state == STOPPED:
                raise ScmError(f"the service {name} ended as it was started", status.code)
            time.sleep(_LOOK_S)
        raise ScmError(f"the service {name} did not get there within {deadline_s:g} s")
