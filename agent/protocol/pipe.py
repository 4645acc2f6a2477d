"""A named pipe of Windows: how tray and command line reach the agent, and how each end speaks.

Both ends read and write with a deadline (overlapped), so that neither can keep the other. Who
asks is told to the agent by the system alone; who answers is looked at here, for whoever made a
pipe of this name before the agent did would be told what people report.
"""

import sys

if sys.platform == "win32":
    import ctypes
    import time
    from collections.abc import Callable
    from ctypes import wintypes
    from functools import cache
    from typing import Any

    CLIENT_ACCESS = 0x0012_019B
    """Read and write (generic), without the right to make further instances of the pipe."""
    SYSTEM, ADMINISTRATORS = "S-1-5-18", "S-1-5-32-544"
    IO_PENDING, BROKEN_PIPE = 997, 109
    PIPE_GONE = (BROKEN_PIPE, 232, 233)
    INVALID = wintypes.HANDLE(-1).value
    OVERLAPPED_FLAG = 0x4000_0000

    _ACCESS_DENIED, _BUSY = 5, 231
    _OPEN_EXISTING, _KERNEL_OBJECT, _OWNER, _TOKEN_QUERY, _TOKEN_USER = 3, 6, 1, 8, 1
    _NAMED_ONCE = 0x0010_0000 | 0x0001_0000
    # SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION: the other end may learn who we are, not act
    # as us; and, with static tracking, as soon as we are connected (not after our first byte).

    kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)

    class Overlapped(ctypes.Structure):
        """OVERLAPPED."""

        _fields_ = (
            ("internal", ctypes.c_void_p),
            ("internal_high", ctypes.c_void_p),
            ("offset", wintypes.DWORD),
            ("offset_high", wintypes.DWORD),
            ("event", wintypes.HANDLE),
        )

    class _SidAndAttributes(ctypes.Structure):
        """SID_AND_ATTRIBUTES, which is all of TOKEN_USER."""

        _fields_ = (("sid", ctypes.c_void_p), ("attributes", wintypes.DWORD))

    def _declare(function: Any, result: Any, *arguments: Any) -> None:  # noqa: ANN401 - ctypes
        function.restype, function.argtypes = result, arguments

    _BOOL, _DWORD, _HANDLE, _VOID = (
        wintypes.BOOL,
        wintypes.DWORD,
        wintypes.HANDLE,
        ctypes.c_void_p,
    )
    _declare(kernel32.CreateFileW, _HANDLE, wintypes.LPCWSTR, _DWORD, _DWORD, _VOID, _DWORD,
             _DWORD, _HANDLE)  # fmt: skip
    _declare(kernel32.CreateEventW, _HANDLE, _VOID, _BOOL, _BOOL, wintypes.LPCWSTR)
    _declare(kernel32.SetEvent, _BOOL, _HANDLE)
    _declare(kernel32.CloseHandle, _BOOL, _HANDLE)
    _declare(kernel32.CancelIoEx, _BOOL, _HANDLE, _VOID)
    _declare(kernel32.ReadFile, _BOOL, _HANDLE, _VOID, _DWORD, _VOID, _VOID)
    _declare(kernel32.WriteFile, _BOOL, _HANDLE, _VOID, _DWORD, _VOID, _VOID)
    _declare(kernel32.GetOverlappedResult, _BOOL, _HANDLE, _VOID, _VOID, _BOOL)
    _declare(kernel32.WaitForSingleObject, _DWORD, _HANDLE, _DWORD)
    _declare(kernel32.WaitNamedPipeW, _BOOL, wintypes.LPCWSTR, _DWORD)
    _declare(kernel32.GetCurrentProcess, _HANDLE)
    _declare(kernel32.LocalFree, _VOID, _VOID)
    _declare(advapi32.OpenProcessToken, _BOOL, _HANDLE, _DWORD, _VOID)
    _declare(advapi32.GetTokenInformation, _BOOL, _HANDLE, ctypes.c_int, _VOID, _DWORD, _VOID)
    _declare(advapi32.ConvertSidToStringSidW, _BOOL, _VOID, _VOID)
    _declare(advapi32.GetSecurityInfo, _DWORD, _HANDLE, ctypes.c_int, _DWORD, _VOID, _VOID,
             _VOID, _VOID, _VOID)  # fmt: skip

    def failed() -> OSError:
        """Return the system's last error."""
        return ctypes.WinError(ctypes.get_last_error())

    class PipeEnd:
        """One end of a connected pipe; reads and writes end in time."""

        def __init__(self, pipe: int) -> None:
            """Take a connected pipe's handle, opened overlapped; it is closed with this."""
            self._pipe = pipe
            self._event = kernel32.CreateEventW(None, True, False, None)  # noqa: FBT003 - Windows' own

        def receive(self, most: int, within_s: float) -> bytes:
            """Return what came, at most so many bytes; empty at the end. Raises OSError."""
            content = ctypes.create_string_buffer(most)
            try:
                count = self._done(kernel32.ReadFile, content, most, within_s)
            except OSError as error:
                if error.winerror in PIPE_GONE:
                    return b""
                raise
            return ctypes.string_at(content, count)

        def send(self, content: bytes, within_s: float) -> None:
            """Send all of it; raises OSError, after ``within_s`` too."""
            end = time.monotonic() + within_s
            while content:
                left_s = max(0.01, end - time.monotonic())
                count = self._done(kernel32.WriteFile, content, len(content), left_s)
                content = content[count:]

        def close(self) -> None:
            """End it; what was sent can still be read."""
            if self._pipe:
                kernel32.CloseHandle(self._pipe)
                kernel32.CloseHandle(self._event)
                self._pipe = 0

        def _done(
            self,
            act: Callable[..., int],
            content: Any,  # noqa: ANN401 - what is read into, or written
            size: int,
            within_s: float,
        ) -> int:
            """Return how many bytes were read or written; raises OSError."""
            overlapped = Overlapped(event=self._event)
            count = wintypes.DWORD()
            if not act(self._pipe, content, size, None, ctypes.byref(overlapped)):
                if ctypes.get_last_error() != IO_PENDING:
                    raise failed()
                overdue = kernel32.WaitForSingleObject(self._event, round(within_s * 1000))
                if overdue:
                    kernel32.CancelIoEx(self._pipe, ctypes.byref(overlapped))
            # Waits for the end of what was cancelled, too: until then the system may write to it.
            if not kernel32.GetOverlappedResult(
                self._pipe,
                ctypes.byref(overlapped),
                ctypes.byref(count),
                True,  # noqa: FBT003 - the same
            ):
                if ctypes.get_last_error() in PIPE_GONE:
                    raise failed()
                raise TimeoutError("timed out")
            return count.value

    def exchange(name: str, line: bytes, timeout_s: float, longest: int) -> bytes:
        """Send a line over the pipe ``name`` and return the line that comes back.

        It is cut off where it breaks off, or grows beyond ``longest``. Raises FileNotFoundError
        when nothing listens there, PermissionError when what listens is not the agent of
        this computer or of this account, TimeoutError, OSError.
        """
        end = time.monotonic() + timeout_s
        pipe = PipeEnd(_connected(name, end))
        try:
            pipe.send(line, max(0.01, end - time.monotonic()))
            answer = bytearray()
            while not answer.endswith(b"\n") and len(answer) <= longest:
                chunk = pipe.receive(1 << 16, max(0.01, end - time.monotonic()))
                if not chunk:
                    break
                answer += chunk
            return bytes(answer)
        finally:
            pipe.close()

    def listens(name: str) -> bool:
        """Tell whether something listens there, without connecting to it."""
        return bool(kernel32.WaitNamedPipeW(name, 1)) or ctypes.get_last_error() != 2  # noqa: PLR2004 - not found

    @cache
    def own_sid() -> str:
        """Return this process's account, as text."""
        token = wintypes.HANDLE()
        process = kernel32.GetCurrentProcess()
        if not advapi32.OpenProcessToken(process, _TOKEN_QUERY, ctypes.byref(token)):
            raise failed()
        try:
            return token_sid(token)
        finally:
            kernel32.CloseHandle(token)

    def token_sid(token: wintypes.HANDLE) -> str:
        """Return the account that a token stands for; raises OSError."""
        found = ctypes.create_string_buffer(256)
        size = wintypes.DWORD()
        if not advapi32.GetTokenInformation(
            token, _TOKEN_USER, found, len(found), ctypes.byref(size)
        ):
            raise failed()
        return sid_text(_SidAndAttributes.from_buffer(found).sid)

    def sid_text(sid: int | None) -> str:
        """Return a SID as text (``S-1-5-18``); raises OSError."""
        text = ctypes.c_void_p()
        if not advapi32.ConvertSidToStringSidW(sid, ctypes.byref(text)):
            raise failed()
        try:
            return ctypes.wstring_at(text.value or 0)
        finally:
            kernel32.LocalFree(text)

    def _connected(name: str, end: float) -> int:
        """Return the handle of a connection to the agent; one that is busy is waited for."""
        while True:
            pipe = kernel32.CreateFileW(
                name, CLIENT_ACCESS, 0, None, _OPEN_EXISTING, _NAMED_ONCE | OVERLAPPED_FLAG, None
            )
            if pipe != INVALID:
                break
            error = failed()
            if error.winerror != _BUSY:
                raise error
            if time.monotonic() > end:
                raise TimeoutError("the agent has too many callers")
            kernel32.WaitNamedPipeW(name, 50)
        try:
            _look_at_owner(name, pipe)
        except OSError:
            kernel32.CloseHandle(pipe)
            raise
        return int(pipe)

    def _look_at_owner(name: str, pipe: int) -> None:
        """Raise PermissionError unless the system, an administrator or we made the pipe."""
        owner, descriptor = ctypes.c_void_p(), ctypes.c_void_p()
        code = advapi32.GetSecurityInfo(
            pipe, _KERNEL_OBJECT, _OWNER, ctypes.byref(owner), None, None, None,
            ctypes.byref(descriptor),
        )  # fmt: skip
        if code:
            raise ctypes.WinError(code)
        try:
            maker = sid_text(owner.value)
        finally:
            kernel32.LocalFree(descriptor)
        if maker not in (SYSTEM, ADMINISTRATORS, own_sid()):
            raise PermissionError(
                _ACCESS_DENIED, f"{name} was made by another account ({maker}), not by the agent"
            )
