"""Windows: the agent's entry at the service control manager, by the manager's own calls.

It runs as LocalSystem, with the two privileges it uses: to be told of a drive's health, or to start
a service, takes an administrator's rights, and a virtual account that is made an administrator is
the same with a longer name.
"""

import sys
from collections.abc import Sequence

from agent.errors import AgentError

NAME = "watchdesk-agent"
TITLE = "watchdesk agent"
MEANING = "Checks this computer by rules and reports to the support desk."
PRIVILEGES = ("SeChangeNotifyPrivilege", "SeImpersonatePrivilege")
RESTARTS_MS = (10_000, 30_000, 60_000)
FORGIVEN_S = 86_400
"""After a day without a failure the manager counts them from the first again."""


def command_line(words: Sequence[str]) -> str:
    r"""Return a command line with its program in quotes.

    Without them Windows would try ``C:\Program.exe`` first. Raises AgentError for a word that
    cannot be written so.
    """
    quoted: list[str] = []
    for word in words:
        if '"' in word or word.endswith("\\") or not word.isprintable():
            raise AgentError(f"{word!r} cannot be written in a service's command line")
        quoted.append(f'"{word}"' if " " in word or not quoted else word)
    return " ".join(quoted)


if sys.platform == "win32":
    import ctypes
    import time
    from collections.abc import Iterator
    from contextlib import contextmanager
    from ctypes import wintypes

    _ALL, _OWN_PROCESS, _AUTOMATIC, _NORMAL = 0xF_003F, 0x10, 2, 1
    _SERVICE_ALL, _SAME = 0xF_01FF, 0xFFFF_FFFF
    _STOPPED, _RUNNING, _STOP = 1, 4, 1
    _NO_SUCH, _NOT_ACTIVE, _ALREADY_RUNS, _MARKED = 1060, 1062, 1056, 1072
    _DESCRIPTION, _FAILURE, _DELAYED, _FAILURE_FLAG, _PRIVILEGES, _PRESHUTDOWN = 1, 2, 3, 4, 6, 7
    _RESTART = 1
    _WAIT_S, _LOOK_S = 30.0, 0.1

    class _Status(ctypes.Structure):
        """SERVICE_STATUS."""

        _fields_ = tuple(
            (name, wintypes.DWORD)
            for name in ("kind", "state", "accepts", "code", "own_code", "step", "hint_ms")
        )

    class _Text(ctypes.Structure):
        """SERVICE_DESCRIPTIONW, SERVICE_REQUIRED_PRIVILEGES_INFOW."""

        _fields_ = (("text", ctypes.c_void_p),)

    class _Number(ctypes.Structure):
        """Each of SERVICE_DELAYED_AUTO_START_INFO, …FAILURE_ACTIONS_FLAG, …PRESHUTDOWN_INFO."""

        _fields_ = (("value", wintypes.DWORD),)

    class _Action(ctypes.Structure):
        """SC_ACTION."""

        _fields_ = (("kind", wintypes.DWORD), ("delay_ms", wintypes.DWORD))

    class _Failures(ctypes.Structure):
        """SERVICE_FAILURE_ACTIONSW."""

        _fields_ = (
            ("forgiven_s", wintypes.DWORD),
            ("reboot_words", wintypes.LPCWSTR),
            ("command", wintypes.LPCWSTR),
            ("count", wintypes.DWORD),
            ("actions", ctypes.POINTER(_Action)),
        )

    _advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
    _VOID, _DWORD, _WORDS = ctypes.c_void_p, wintypes.DWORD, wintypes.LPCWSTR
    for _function, _result, _arguments in (
        (_advapi32.OpenSCManagerW, _VOID, (_WORDS, _WORDS, _DWORD)),
        (_advapi32.OpenServiceW, _VOID, (_VOID, _WORDS, _DWORD)),
        (
            _advapi32.CreateServiceW,
            _VOID,
            (_VOID, _WORDS, _WORDS, *(_DWORD,) * 4, _WORDS, _WORDS, _VOID, *(_WORDS,) * 3),
        ),
        (
            _advapi32.ChangeServiceConfigW,
            wintypes.BOOL,
            (_VOID, _DWORD, _DWORD, _DWORD, _WORDS, _WORDS, _VOID, *(_WORDS,) * 4),
        ),
        (_advapi32.ChangeServiceConfig2W, wintypes.BOOL, (_VOID, _DWORD, _VOID)),
        (_advapi32.StartServiceW, wintypes.BOOL, (_VOID, _DWORD, _VOID)),
        (_advapi32.ControlService, wintypes.BOOL, (_VOID, _DWORD, _VOID)),
        (_advapi32.QueryServiceStatus, wintypes.BOOL, (_VOID, _VOID)),
        (_advapi32.DeleteService, wintypes.BOOL, (_VOID,)),
        (_advapi32.CloseServiceHandle, wintypes.BOOL, (_VOID,)),
    ):
        _function.restype, _function.argtypes = _result, _arguments

    def make(command: str) -> list[str]:
        """Make the service, or have it run this command from now on; raises AgentError.

        Returns what the manager would not take of the rest, in words.
        """
        with _all_services() as services:
            handle = _advapi32.OpenServiceW(services, NAME, _SERVICE_ALL)
            if handle:
                done = _advapi32.ChangeServiceConfigW(
                    handle, _OWN_PROCESS, _AUTOMATIC, _NORMAL, command,
                    None, None, None, None, None, TITLE,
                )  # fmt: skip
                if not done:
                    raise _failed("the service cannot be changed")
            else:
                handle = _advapi32.CreateServiceW(
                    services, NAME, TITLE, _SERVICE_ALL, _OWN_PROCESS, _AUTOMATIC, _NORMAL,
                    command, None, None, None, None, None,
                )  # fmt: skip
            with _opened(handle, "the service cannot be made") as service:
                return _configured(service)

    def start() -> None:
        """Start the service and wait until it runs; raises AgentError."""
        with _service() as service:
            done = _advapi32.StartServiceW(service, 0, None)
            if not done and ctypes.get_last_error() != _ALREADY_RUNS:
                raise _failed("the service cannot be started")
            _wait(service, _RUNNING)

    def stop() -> bool:
        """Stop the service and wait until it has; False when there is none. Raises AgentError."""
        with _all_services() as services:
            handle = _advapi32.OpenServiceW(services, NAME, _SERVICE_ALL)
            if not handle and ctypes.get_last_error() == _NO_SUCH:
                return False
            with _opened(handle, "the service cannot be opened") as service:
                done = _advapi32.ControlService(service, _STOP, ctypes.byref(_Status()))
                if not done and ctypes.get_last_error() != _NOT_ACTIVE:
                    raise _failed("the service cannot be stopped")
                _wait(service, _STOPPED)
                return True

    def delete() -> None:
        """Take the service away; raises AgentError."""
        with _service() as service:
            if not _advapi32.DeleteService(service) and ctypes.get_last_error() != _MARKED:
                raise _failed("the service cannot be deleted")

    def _configured(service: ctypes.c_void_p) -> list[str]:
        actions = (_Action * len(RESTARTS_MS))(*(_Action(_RESTART, delay) for delay in RESTARTS_MS))
        failures = _Failures(FORGIVEN_S, None, None, len(actions), actions)
        meaning = ctypes.create_unicode_buffer(MEANING)
        privileges = ctypes.create_unicode_buffer("\0".join(PRIVILEGES) + "\0")
        refused = []
        for what, level, content in (
            ("its description", _DESCRIPTION, _Text(ctypes.addressof(meaning))),
            ("to start it anew when it fails", _FAILURE, failures),
            ("to start it anew when it ends with an error", _FAILURE_FLAG, _Number(1)),
            ("to start it after what users wait for", _DELAYED, _Number(1)),
            ("to leave it few privileges", _PRIVILEGES, _Text(ctypes.addressof(privileges))),
            ("to give it time when Windows shuts down", _PRESHUTDOWN, _Number(20_000)),
        ):
            if not _advapi32.ChangeServiceConfig2W(service, level, ctypes.byref(content)):
                code = ctypes.get_last_error()
                refused.append(f"{what} ({ctypes.FormatError(code).strip()})")
        return refused

    def _wait(service: ctypes.c_void_p, state: int) -> None:
        status = _Status()
        end = time.monotonic() + _WAIT_S
        while time.monotonic() < end:
            if not _advapi32.QueryServiceStatus(service, ctypes.byref(status)):
                raise _failed("the service cannot be asked")
            if status.state == state:
                return
            if state == _RUNNING and status.state == _STOPPED:
                raise AgentError(f"the service ended as it was started (error {status.code})")
            time.sleep(_LOOK_S)
        raise AgentError(f"the service did not get there within {_WAIT_S:g} s")

    @contextmanager
    def _all_services() -> Iterator[ctypes.c_void_p]:
        handle = _advapi32.OpenSCManagerW(None, None, _ALL)
        with _opened(handle, "Windows' services cannot be changed") as services:
            yield services

    @contextmanager
    def _service() -> Iterator[ctypes.c_void_p]:
        with _all_services() as services:
            handle = _advapi32.OpenServiceW(services, NAME, _SERVICE_ALL)
            with _opened(handle, "the service cannot be opened") as service:
                yield service

    @contextmanager
    def _opened(handle: int | None, trouble: str) -> Iterator[ctypes.c_void_p]:
        if not handle:
            raise _failed(trouble)
        try:
            yield ctypes.c_void_p(handle)
        finally:
            _advapi32.CloseServiceHandle(ctypes.c_void_p(handle))

    def _failed(trouble: str) -> AgentError:
        code = ctypes.get_last_error()
        return AgentError(f"{trouble}: {ctypes.FormatError(code).strip()} (error {code})")
