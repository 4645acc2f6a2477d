"""Windows: the agent as a service, as its service manager wants one.

The manager's calls come on threads of its own; the agent runs in the main thread, as everywhere,
and is told by ``stop`` and ``wake``. Stopped, and when Windows shuts down (preshutdown: before
other services go, with time), it ends as by SIGTERM. Before a sleep it says so, within the two
seconds that Windows gives; after it, it looks at once.
"""

import sys

if sys.platform == "win32":
    import ctypes
    import threading
    from collections.abc import Callable
    from ctypes import wintypes

    from agent.errors import AgentError
    from agent.host.scm_handles import Status
    from agent.protocol.words import LastWord

    NAME = "watchdesk-agent"
    STOP_S = 10.0
    """How long ending may take, as the manager is told."""

    _OWN_PROCESS, _STOPPED, _STARTING, _STOPPING, _RUNNING = 0x10, 1, 2, 3, 4
    _ACCEPTS = 0x1 | 0x40 | 0x100  # stop, power events, preshutdown
    _STOP, _INTERROGATE, _SHUTDOWN, _POWER, _PRESHUTDOWN = 1, 4, 5, 13, 15
    _SUSPENDS, _RESUMED = 0x4, 0x12  # PBT_APMSUSPEND, PBT_APMRESUMEAUTOMATIC
    _START_S, _CONNECT_S = 60.0, 30.0
    _NO_ERROR, _NOT_IMPLEMENTED, _SPECIFIC_ERROR = 0, 120, 1066

    _Main = ctypes.WINFUNCTYPE(None, wintypes.DWORD, ctypes.c_void_p)
    _Control = ctypes.WINFUNCTYPE(
        wintypes.DWORD, wintypes.DWORD, wintypes.DWORD, ctypes.c_void_p, ctypes.c_void_p
    )

    class _Entry(ctypes.Structure):
        """SERVICE_TABLE_ENTRYW."""

        _fields_ = (("name", wintypes.LPWSTR), ("main", _Main))

    _advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
    _advapi32.RegisterServiceCtrlHandlerExW.restype = ctypes.c_void_p
    _advapi32.RegisterServiceCtrlHandlerExW.argtypes = (wintypes.LPCWSTR, _Control, ctypes.c_void_p)
    _advapi32.SetServiceStatus.argtypes = (ctypes.c_void_p, ctypes.POINTER(Status))

    class Service:
        """This process as the service ``NAME``; an ``supervisor.Supervisor``."""

        every_s = float("inf")

        def __init__(self, stop: Callable[[], None], wake: Callable[[], None]) -> None:
            """Take what ends the agent and what makes it look; both are safe from any thread."""
            self._stop = stop
            self._wake = wake
            self._announce: Callable[[LastWord], None] = lambda _: None
            self._word = LastWord.STOPPED
            self._state = _STARTING
            self._handle: int | None = None
            self._begun = threading.Event()
            self._over = threading.Event()
            self._refused = 0
            # Kept for as long as the manager may call them.
            self._main = _Main(self._on_main)
            self._control = _Control(self._on_control)

        def begin(self) -> None:
            """Report to the service manager; raises AgentError when it did not start us."""
            threading.Thread(target=self._dispatch, name="service", daemon=True).start()
            if not self._begun.wait(_CONNECT_S) or self._handle is None:
                raise AgentError(
                    "this is for Windows' service manager to start (watchdesk-agent run is for "
                    f"people): {ctypes.FormatError(self._refused).strip()}"
                )

        def ready(self, announce: Callable[[LastWord], None]) -> None:
            """Say that the agent has started."""
            self._announce = announce
            self._tell(_RUNNING)

        def alive(self) -> None:
            """Do nothing: this manager has no watchdog."""

        def stopping(self) -> None:
            """Say that the agent ends, by its own will."""
            self._tell(_STOPPING, hint_s=STOP_S)

        def last_word(self) -> LastWord:
            """Return why the agent ends."""
            return self._word

        def ended(self, code: int) -> None:
            """Say that it is over; with a code other than 0 the manager starts it anew."""
            self._tell(_STOPPED, code=code)
            self._over.set()

        def _dispatch(self) -> None:
            table = (_Entry * 2)(_Entry(NAME, self._main), _Entry(None, _Main()))
            if not _advapi32.StartServiceCtrlDispatcherW(table):
                self._refused = ctypes.get_last_error()
                self._begun.set()

        def _on_main(self, _count: int, _words: int | None) -> None:
            """Run as ServiceMain, on the manager's thread, until the service is over."""
            self._handle = _advapi32.RegisterServiceCtrlHandlerExW(NAME, self._control, None)
            self._tell(_STARTING, hint_s=_START_S)
            self._begun.set()
            self._over.wait()

        def _on_control(
            self, control: int, event: int, _data: int | None, _context: int | None
        ) -> int:
            if control in {_STOP, _SHUTDOWN, _PRESHUTDOWN}:
                if control != _STOP:
                    self._word = LastWord.SHUTDOWN
                self._tell(_STOPPING, hint_s=STOP_S)
                self._stop()
            elif control == _POWER:
                if event == _SUSPENDS:
                    self._announce(LastWord.SLEEP)
                elif event == _RESUMED:
                    self._wake()
            elif control != _INTERROGATE:
                return _NOT_IMPLEMENTED
            return _NO_ERROR

        def _tell(self, state: int, *, code: int = 0, hint_s: float = 0.0) -> None:
            if self._state == _STOPPED or self._handle is None:
                return
            if self._state == _STOPPING and state == _RUNNING:  # stopped while it started
                return
            self._state = state
            status = Status(
                kind=_OWN_PROCESS,
                state=state,
                accepts=_ACCEPTS if state == _RUNNING else 0,
                code=_SPECIFIC_ERROR if code else _NO_ERROR,
                own_code=code,
                step=1 if state in {_STARTING, _STOPPING} else 0,
                hint_ms=round(hint_s * 1000),
            )
            _advapi32.SetServiceStatus(self._handle, ctypes.byref(status))
