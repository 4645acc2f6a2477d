"""Windows: objects of COM, as far as a few calls need them, by ctypes."""

import sys

if sys.platform == "win32":
    import ctypes
    import uuid
    from collections.abc import Iterator
    from contextlib import contextmanager
    from typing import Any

    _MULTITHREADED, _IN_PROCESS, _RELEASE = 0, 1, 2
    _ALREADY_OTHERWISE = -2147417850  # RPC_E_CHANGED_MODE: somebody has begun, in another way

    @contextmanager
    def begun() -> Iterator[None]:
        """Have COM at hand on this thread for the block."""
        ole = ctypes.OleDLL("ole32")
        try:
            ole.CoInitializeEx(None, _MULTITHREADED)
        except OSError as error:
            if error.winerror != _ALREADY_OTHERWISE:
                raise
            yield
            return
        try:
            yield
        finally:
            ole.CoUninitialize()

    class Object:
        """A pointer to an interface; it is released at the end of a ``with``."""

        def __init__(self, pointer: ctypes.c_void_p) -> None:
            """Take a pointer that counts as one reference."""
            self._pointer = pointer

        def __enter__(self) -> "Object":  # noqa: PYI034 - no class is derived from it
            """Return itself."""
            return self

        def __exit__(self, *_ended: object) -> None:
            """Release it."""
            self._method(_RELEASE)(self._pointer)

        def call(self, index: int, *arguments: Any) -> None:  # noqa: ANN401 - what ctypes takes
            """Call the method at a place of the interface's table; raises OSError.

            An argument is of a type of ctypes, or an address.
            """
            kinds = [ctypes.c_void_p if isinstance(one, int) else type(one) for one in arguments]
            code = self._method(index, *kinds)(self._pointer, *arguments)
            if code < 0:
                raise ctypes.WinError(code)

        def trusted(self, service: int, level: int, impersonation: int) -> None:
            """Set how calls to another process are signed (``CoSetProxyBlanket``)."""
            ctypes.OleDLL("ole32").CoSetProxyBlanket(
                self._pointer, ctypes.c_ulong(service), ctypes.c_ulong(service), None,
                ctypes.c_ulong(level), ctypes.c_ulong(impersonation), None, ctypes.c_ulong(0),
            )  # fmt: skip

        def number(self, index: int) -> int:
            """Return what a method gives as a number (LONG, or an enumeration)."""
            found = ctypes.c_long()
            self.call(index, ctypes.addressof(found))
            return found.value

        def object(self, index: int, *arguments: Any) -> "Object":  # noqa: ANN401 - the same
            """Return what a method gives as another object."""
            found = ctypes.c_void_p()
            self.call(index, *arguments, ctypes.addressof(found))
            return Object(found)

        def _method(self, index: int, *kinds: Any) -> Any:  # noqa: ANN401 - a function of ctypes
            table = ctypes.cast(self._pointer, ctypes.POINTER(ctypes.c_void_p))[0]
            address = ctypes.cast(ctypes.c_void_p(table), ctypes.POINTER(ctypes.c_void_p))[index]
            kind = ctypes.WINFUNCTYPE(ctypes.c_long, ctypes.c_void_p, *kinds)
            return kind(address or 0)

    def identity(text: str) -> Any:  # noqa: ANN401 - an array of ctypes
        """Return a class's or an interface's identity as COM wants it."""
        return ctypes.create_string_buffer(uuid.UUID(text).bytes_le, 16)

    def created(kind: str, interface: str) -> Object:
        """Return a new object of a class; raises OSError where the class is not there."""
        found = ctypes.c_void_p()
        ctypes.OleDLL("ole32").CoCreateInstance(
            identity(kind), None, _IN_PROCESS, identity(interface), ctypes.byref(found)
        )
        return Object(found)
