"""The local link on Windows: a named pipe that every user of this computer may open, and no other.

``PipeDoor`` makes one instance after another and waits for it to be opened; who opened it is
what the system says while we impersonate them.
"""

import sys

if sys.platform == "win32":
    import ctypes
    import logging
    import time
    from collections.abc import Callable
    from ctypes import wintypes
    from pathlib import Path

    from agent.errors import LinkError
    from agent.local_link.peer import Peer
    from agent.protocol import pipe
    from agent.protocol.link import pipe_name
    from agent.protocol.pipe import PipeEnd, advapi32, failed, kernel32

    log = logging.getLogger(__name__)

    _DUPLEX, _FIRST = 3, 0x0008_0000
    _REJECT_REMOTE = 8  # and bytes, not messages; waiting, not polling: both 0
    _MOST_INSTANCES = 255
    _BUFFER_BYTES = 64 * 1024
    _PIPE_CONNECTED, _ACCESS_DENIED = 535, 5
    _TOKEN_QUERY, _FOREVER = 8, 0xFFFF_FFFF
    _AGAIN_S = 0.1

    class _SecurityAttributes(ctypes.Structure):
        """SECURITY_ATTRIBUTES."""

        _fields_ = (
            ("length", wintypes.DWORD),
            ("descriptor", ctypes.c_void_p),
            ("inherit", wintypes.BOOL),
        )

    class _SidBuffer(ctypes.Structure):
        """Room for a SID, as long as they get."""

        _fields_ = (("content", ctypes.c_byte * 68),)

    _BOOL, _DWORD, _HANDLE, _VOID = (
        wintypes.BOOL,
        wintypes.DWORD,
        wintypes.HANDLE,
        ctypes.c_void_p,
    )
    for _function, _result, _arguments in (
        (kernel32.CreateNamedPipeW, _HANDLE, (wintypes.LPCWSTR, *(_DWORD,) * 6, _VOID)),
        (kernel32.ConnectNamedPipe, _BOOL, (_HANDLE, _VOID)),
        (kernel32.WaitForMultipleObjects, _DWORD, (_DWORD, _VOID, _BOOL, _DWORD)),
        (kernel32.ResetEvent, _BOOL, (_HANDLE,)),
        (kernel32.GetNamedPipeClientProcessId, _BOOL, (_HANDLE, _VOID)),
        (kernel32.GetCurrentThread, _HANDLE, ()),
        (advapi32.ImpersonateNamedPipeClient, _BOOL, (_HANDLE,)),
        (advapi32.RevertToSelf, _BOOL, ()),
        (advapi32.OpenThreadToken, _BOOL, (_HANDLE, _DWORD, _BOOL, _VOID)),
        (advapi32.CheckTokenMembership, _BOOL, (_HANDLE, _VOID, _VOID)),
        (advapi32.CreateWellKnownSid, _BOOL, (ctypes.c_int, _VOID, _VOID, _VOID)),
        (
            advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW,
            _BOOL,
            (wintypes.LPCWSTR, _DWORD, _VOID, _VOID),
        ),
    ):
        _function.restype, _function.argtypes = _result, _arguments

    class PipeConnection(PipeEnd):
        """One caller's connection."""

        def __init__(self, instance: int, peer: Peer) -> None:
            """Take an instance of the pipe and who opened it."""
            super().__init__(instance)
            self.peer = peer

    class PipeDoor:
        """The pipe that is listened at."""

        def __init__(self, state_dir: Path, public: Path | None) -> None:
            """Make the pipe; raises LinkError, also when another program has one of its name."""
            del public  # one pipe is for the owner and for every user; the verbs tell them apart
            self._name = pipe_name(state_dir)
            taken = f"the pipe {self._name} cannot be opened: another agent or program has it"
            if pipe.listens(self._name):  # Wine 8 would let it have an instance of ours
                raise LinkError(taken)
            try:
                self._instance = self._made(_FIRST)
            except OSError as error:
                if error.winerror == _ACCESS_DENIED:
                    raise LinkError(taken) from error
                raise LinkError(f"the pipe {self._name} cannot be opened: {error}") from error
            self._stop = _event()
            self._opened = _event()

        def serve(self, admit: Callable[[PipeConnection], None]) -> None:
            """Give every connection to ``admit`` until ``stop``."""
            while self._await_caller():
                # The next instance first: were there none, its name would be free for others.
                caller, self._instance = self._instance, self._next()
                try:
                    peer = _peer_of(caller)
                except OSError as error:
                    log.info("local link: nobody can be told who opened it: %s", error)
                    kernel32.CloseHandle(caller)
                    continue
                admit(PipeConnection(caller, peer))

        def stop(self) -> None:
            """Let ``serve`` return."""
            kernel32.SetEvent(self._stop)

        def close(self) -> None:
            """Take the pipe away; ``serve`` has returned."""
            for one in (self._instance, self._opened, self._stop):
                kernel32.CloseHandle(one)

        def _await_caller(self) -> bool:
            """Wait until somebody opens the instance; False when told to stop."""
            overlapped = pipe.Overlapped(event=self._opened)
            kernel32.ResetEvent(self._opened)
            if not kernel32.ConnectNamedPipe(self._instance, ctypes.byref(overlapped)):
                code = ctypes.get_last_error()
                if code == pipe.IO_PENDING:
                    return self._awaited(overlapped)
                if code not in (_PIPE_CONNECTED, *pipe.PIPE_GONE):
                    log.warning("local link: %s", ctypes.WinError(code))
                    time.sleep(_AGAIN_S)
            return not self._told_to_stop(0, ())

        def _awaited(self, overlapped: pipe.Overlapped) -> bool:
            stop = self._told_to_stop(_FOREVER, (self._opened,))
            if stop:
                kernel32.CancelIoEx(self._instance, ctypes.byref(overlapped))
            count = wintypes.DWORD()
            kernel32.GetOverlappedResult(
                self._instance,
                ctypes.byref(overlapped),
                ctypes.byref(count),
                True,  # noqa: FBT003 - Windows' own
            )
            return not stop

        def _told_to_stop(self, milliseconds: int, others: tuple[int, ...]) -> bool:
            events = (self._stop, *others)
            array = (wintypes.HANDLE * len(events))(*events)
            return bool(
                kernel32.WaitForMultipleObjects(len(events), array, False, milliseconds) == 0  # noqa: FBT003 - the same
            )

        def _next(self) -> int:
            while True:
                try:
                    return self._made()
                except OSError as error:
                    log.warning("local link: %s", error)
                    time.sleep(_AGAIN_S)

        def _made(self, more: int = 0) -> int:
            """Return a new instance of the pipe; raises OSError."""
            descriptor = _descriptor()
            attributes = _SecurityAttributes(ctypes.sizeof(_SecurityAttributes), descriptor, 0)
            try:
                made = kernel32.CreateNamedPipeW(
                    self._name, _DUPLEX | pipe.OVERLAPPED_FLAG | more, _REJECT_REMOTE,
                    _MOST_INSTANCES, _BUFFER_BYTES, _BUFFER_BYTES, 0, ctypes.byref(attributes),
                )  # fmt: skip
                if made == pipe.INVALID:
                    raise failed()
            finally:
                kernel32.LocalFree(descriptor)
            return int(made)

    def account_name(sid: str) -> str:
        """Return an account's name with its domain's; empty when the system knows none."""
        parsed = ctypes.c_void_p()
        if not advapi32.ConvertStringSidToSidW(sid, ctypes.byref(parsed)):
            return ""
        name, domain = (ctypes.create_unicode_buffer(257) for _ in range(2))
        name_size, domain_size, use = wintypes.DWORD(257), wintypes.DWORD(257), wintypes.DWORD()
        try:
            known = advapi32.LookupAccountSidW(
                None, parsed, name, ctypes.byref(name_size), domain, ctypes.byref(domain_size),
                ctypes.byref(use),
            )  # fmt: skip
        finally:
            kernel32.LocalFree(parsed)
        if not known:
            return ""
        return f"{domain.value}\\{name.value}" if domain.value else name.value

    def _descriptor() -> ctypes.c_void_p:
        """Return whose the pipe is, and who may do what: we and the system all, who is here talk.

        Nobody else may make an instance of it and answer in our place. To be freed.
        """
        own = pipe.own_sid()
        allowed = f"O:{own}D:P(A;;GA;;;SY)(A;;0x{pipe.CLIENT_ACCESS:x};;;IU)"
        if own != pipe.SYSTEM:
            allowed += f"(A;;GA;;;{own})"
        made = ctypes.c_void_p()
        if not advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(
            allowed, 1, ctypes.byref(made), None
        ):
            raise failed()
        return made

    def _event() -> int:
        return int(kernel32.CreateEventW(None, True, False, None))  # noqa: FBT003 - the same

    def _peer_of(instance: int) -> Peer:
        """Return who opened this instance; raises OSError."""
        pid = wintypes.DWORD()
        kernel32.GetNamedPipeClientProcessId(instance, ctypes.byref(pid))
        if not advapi32.ImpersonateNamedPipeClient(instance):
            raise failed()
        try:
            token = wintypes.HANDLE()
            thread = kernel32.GetCurrentThread()
            if not advapi32.OpenThreadToken(thread, _TOKEN_QUERY, True, ctypes.byref(token)):  # noqa: FBT003 - the same
                raise failed()
            try:
                sid = pipe.token_sid(token)
                return Peer(sid, pid.value, sid == pipe.SYSTEM or _is_administrator(token))
            finally:
                kernel32.CloseHandle(token)
        finally:
            if not advapi32.RevertToSelf():
                raise failed()

    def _is_administrator(token: wintypes.HANDLE) -> bool:
        """Tell whether the token has an administrator's rights now: elevated, where asked for."""
        administrators, size = _SidBuffer(), wintypes.DWORD(ctypes.sizeof(_SidBuffer))
        member = wintypes.BOOL()
        builtin_administrators = 26
        return bool(
            advapi32.CreateWellKnownSid(
                builtin_administrators, None, ctypes.byref(administrators), ctypes.byref(size)
            )
            and advapi32.CheckTokenMembership(
                token, ctypes.byref(administrators), ctypes.byref(member)
            )
            and member.value
        )
