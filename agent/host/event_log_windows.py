"""Windows: reading the event log from a record on.

The log's own service picks the few events out (``EvtQuery`` with XPath), so a look costs the same
however long the log is.
"""

import sys
from collections.abc import Iterator, MutableMapping

from agent.errors import CheckDeniedError, CheckError, UnsupportedCheckError
from agent.host.event_log import MOST_EVENTS, WANTED, Event, count, disk_number, drive_letter, parse

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    from agent.host import storage_windows

    _CHANNEL = "System"
    _CHANNEL_PATH, _FORWARD, _REVERSE, _XML = 0x1, 0x100, 0x200, 1
    _NO_MORE, _DENIED, _NOT_IMPLEMENTED = 259, 5, (0, 50, 120)
    _ANSWER_MS = 5000
    _REMOVABLE, _OPTICAL = 2, 5

    def counts(memory: MutableMapping[str, str]) -> dict[str, int]:
        """Return how many events of each kind there were since the first look.

        Raises CheckError, UnsupportedCheckError.
        """
        return count(memory, lambda: newest(_CHANNEL), _after, _on_something_removable)

    def newest(channel: str) -> int:
        """Return the number of a channel's newest record, 0 of an empty one; raises CheckError."""
        found = next(_events("*", _REVERSE, channel), None)
        return found.record if found else 0

    def texts_after(channel: str, record: int, most: int) -> Iterator[str]:
        """Yield the events of a channel behind a record as XML; raises CheckError."""
        return _texts(f"*[System[EventRecordID > {record}]]", _FORWARD, channel, most)

    def _after(record: int) -> Iterator[Event]:
        return _events(f"*[System[(EventRecordID > {record}) and ({WANTED})]]", _FORWARD)

    def _on_something_removable(event: Event) -> bool:
        number, letter = disk_number(event), drive_letter(event)
        if number is not None:
            return storage_windows.is_removable(number)
        if letter is None:
            return False
        kind = ctypes.windll.kernel32.GetDriveTypeW(f"{letter}\\")
        return kind in {_REMOVABLE, _OPTICAL}

    def texts() -> Iterator[str]:
        """Yield the latest events of our kinds as XML, the newest first; raises CheckError."""
        return _texts(f"*[System[({WANTED})]]", _REVERSE)

    def _events(query: str, direction: int, channel: str = _CHANNEL) -> Iterator[Event]:
        for text in _texts(query, direction, channel):
            try:
                yield parse(text)
            except ValueError as error:
                raise CheckError(str(error)) from error

    def _texts(
        query: str, direction: int, channel: str = _CHANNEL, most: int = MOST_EVENTS
    ) -> Iterator[str]:
        """Yield at most so many events as XML; raises CheckError."""
        library = _library()
        found = library.EvtQuery(None, channel, query, _CHANNEL_PATH | direction)
        if not found:
            raise _failed()
        try:
            for _ in range(most):
                event, count = ctypes.c_void_p(), wintypes.DWORD()
                if not library.EvtNext(
                    found, 1, ctypes.byref(event), _ANSWER_MS, 0, ctypes.byref(count)
                ):
                    if ctypes.get_last_error() == _NO_MORE:
                        return
                    raise _failed()
                try:
                    yield _rendered(library, event)
                finally:
                    library.EvtClose(event)
        finally:
            library.EvtClose(ctypes.c_void_p(found))

    def _rendered(library: ctypes.WinDLL, event: ctypes.c_void_p) -> str:
        size, properties = wintypes.DWORD(), wintypes.DWORD()
        content = ctypes.create_string_buffer(4096)
        for _ in range(2):
            if library.EvtRender(
                None, event, _XML, len(content), content, ctypes.byref(size),
                ctypes.byref(properties),
            ):  # fmt: skip
                return content.raw[: size.value].decode("utf-16-le", "replace").rstrip("\0")
            content = ctypes.create_string_buffer(max(size.value, 4096))
        raise _failed()

    def _library() -> ctypes.WinDLL:
        try:
            library = ctypes.WinDLL("wevtapi", use_last_error=True)
        except OSError as error:
            raise UnsupportedCheckError("this system has no event log") from error
        pointer, number = ctypes.c_void_p, wintypes.DWORD
        library.EvtQuery.restype = pointer
        library.EvtQuery.argtypes = (pointer, wintypes.LPCWSTR, wintypes.LPCWSTR, number)
        library.EvtNext.argtypes = (pointer, number, pointer, number, number, pointer)
        library.EvtRender.argtypes = (pointer, pointer, number, number, pointer, pointer, pointer)
        library.EvtClose.argtypes = (pointer,)
        return library

    def _failed() -> CheckError:
        code = ctypes.get_last_error()
        if code in _NOT_IMPLEMENTED:
            return UnsupportedCheckError("this system's event log cannot be read")
        says = f"the event log cannot be read: {ctypes.FormatError(code).strip()}"
        return CheckDeniedError(says) if code == _DENIED else CheckError(says)

else:

    def counts(memory: MutableMapping[str, str]) -> dict[str, int]:
        """Raise UnsupportedCheckError."""
        del memory
        raise UnsupportedCheckError("only Windows has an event log")

    def newest(channel: str) -> int:
        """Raise UnsupportedCheckError."""
        del channel
        raise UnsupportedCheckError("only Windows has an event log")

    def texts_after(channel: str, record: int, most: int) -> Iterator[str]:
        """Raise UnsupportedCheckError."""
        del channel, record, most
        raise UnsupportedCheckError("only Windows has an event log")
