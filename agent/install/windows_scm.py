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
    from collections.abc import Iterator
    from contextlib import contextmanager
    from ctypes import wintypes

    from agent.host import scm_handles
    from agent.host.scm_handles import NO_SUCH, ScmError, advapi32

    _ALL, _OWN_PROCESS, _AUTOMATIC, _NORMAL = 0xF_003F, 0x10, 2, 1
    _SERVICE_ALL = 0xF_01FF
    _MARKED = 1072
    _DESCRIPTION, _FAILURE, _DELAYED, _FAILURE_FLAG, _PRIVILEGES, _PRESHUTDOWN = 1, 2, 3, 4, 6, 7
    _RESTART = 1
    _WAIT_S = 30.0

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

    _VOID, _DWORD, _WORDS = ctypes.c_void_p, wintypes.DWORD, wintypes.LPCWSTR
    for _function, _result, _arguments in (
        (
            advapi32.CreateServiceW,
            _VOID,
            (_VOID, _WORDS, _WORDS, *(_DWORD,) * 4, _WORDS, _WORDS, _VOID, *(_WORDS,) * 3),
        ),
        (
            advapi32.ChangeServiceConfigW,
            wintypes.BOOL,
            (_VOID, _DWORD, _DWORD, _DWORD, _WORDS, _WORDS, _VOID, *(_WORDS,) * 4),
        ),
        (advapi32.ChangeServiceConfig2W, wintypes.BOOL, (_VOID, _DWORD, _VOID)),
        (advapi32.DeleteService, wintypes.BOOL, (_VOID,)),
    ):
        _function.restype, _function.argtypes = _result, _arguments

    def make(command: str) -> list[str]:
        """Make the service, or have it run this command from now on; raises AgentError.

        Returns what the manager would not take of the rest, in words.
        """
        with _told(), scm_handles.services(_ALL) as services:
            handle = advapi32.OpenServiceW(services, NAME, _SERVICE_ALL)
            if not handle:
                handle = advapi32.CreateServiceW(
                    services, NAME, TITLE, _SERVICE_ALL, _OWN_PROCESS, _AUTOMATIC, _NORMAL,
                    command, None, None, None, None, None,
                )  # fmt: skip
            with scm_handles.opened(handle, "the service cannot be made") as service:
                done = advapi32.ChangeServiceConfigW(
                    service, _OWN_PROCESS, _AUTOMATIC, _NORMAL, command,
                    None, None, None, None, None, TITLE,
                )  # fmt: skip
                if not done:
                    raise scm_handles.failed("the service cannot be changed")
                return _configured(service)

    def start() -> None:
        """Start the service and wait until it runs; raises AgentError."""
        with _told(), scm_handles.service(NAME, _SERVICE_ALL) as service:
            scm_handles.start(service, NAME, _WAIT_S)

    def stop() -> bool:
        """Stop the service and wait until it has; False when there is none. Raises AgentError."""
        with _told():
            try:
                with scm_handles.service(NAME, _SERVICE_ALL) as service:
                    scm_handles.stop(service, NAME, _WAIT_S)
            except ScmError as error:
                if error.code == NO_SUCH:
                    return False
                raise
            return True

    def delete() -> None:
        """Take the service away; raises AgentError."""
        with _told(), scm_handles.service(NAME, _SERVICE_ALL) as service:
            if not advapi32.DeleteService(service) and ctypes.get_last_error() != _MARKED:
                raise scm_handles.failed("the service cannot be deleted")

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
            if not advapi32.ChangeServiceConfig2W(service, level, ctypes.byref(content)):
                code = ctypes.get_last_error()
                refused.append(f"{what} ({ctypes.FormatError(code).strip()})")
        return refused

    @contextmanager
    def _told() -> Iterator[None]:
        """Tell what the manager refuses as an AgentError."""
        try:
            yield
        except ScmError as error:
            raise AgentError(str(error)) from error
