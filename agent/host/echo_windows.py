"""Windows: echo requests by the system's own calls, for what its ping prints is in any language."""

import socket
import sys
from typing import NamedTuple

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _INVALID = ctypes.c_void_p(-1).value
    _PAYLOAD = b"watchdesk"
    _ROOM = 512  # a reply, the payload and what Windows asks for beside
    _SUCCESS = 0

    class _Reply(ctypes.Structure):
        """The beginning of ``ICMP_ECHO_REPLY``."""

        _fields_ = (
            ("address", wintypes.ULONG),
            ("status", wintypes.ULONG),
            ("round_trip_ms", wintypes.ULONG),
        )

    class _Address6(ctypes.Structure):
        """``SOCKADDR_IN6``."""

        _fields_ = (
            ("family", ctypes.c_ushort),
            ("port", ctypes.c_ushort),
            ("flow", wintypes.ULONG),
            ("address", ctypes.c_ubyte * 16),
            ("scope", wintypes.ULONG),
        )

    class _Reply6(ctypes.Structure):
        """The beginning of ``ICMPV6_ECHO_REPLY``; its address is packed."""

        _pack_ = 1
        _fields_ = (
            ("address", ctypes.c_ubyte * 26),
            ("padding", ctypes.c_ubyte * 2),
            ("status", wintypes.ULONG),
            ("round_trip_ms", ctypes.c_uint),
        )

    class Echoes(NamedTuple):
        """How many requests were sent and answered, and the mean time of an answer (seconds)."""

        sent: int
        answered: int
        mean_s: float

    def ask(host: str, count: int, wait_ms: int) -> Echoes | None:
        """Send so many requests one after the other; None for a name that nobody knows.

        Raises OSError when this Windows sends none.
        """
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
        except OSError:
            return None
        family, *_, place = found[0]
        times = [_once(family, place, wait_ms) for _ in range(count)]
        answered = [one for one in times if one is not None]
        mean_s = sum(answered) / len(answered) / 1000 if answered else 0.0
        return Echoes(count, len(answered), mean_s)

    def _once(family: int, place: tuple[object, ...], wait_ms: int) -> int | None:
        library = ctypes.WinDLL("iphlpapi", use_last_error=True)
        opened = library.IcmpCreateFile if family == socket.AF_INET else library.Icmp6CreateFile
        opened.restype = wintypes.HANDLE
        handle = opened()
        if handle is None or handle == _INVALID:
            raise ctypes.WinError(ctypes.get_last_error())
        try:
            send = _send4 if family == socket.AF_INET else _send6
            return send(library, wintypes.HANDLE(handle), place, wait_ms)
        finally:
            library.IcmpCloseHandle(wintypes.HANDLE(handle))

    def _send4(
        library: ctypes.WinDLL, handle: wintypes.HANDLE, place: tuple[object, ...], wait_ms: int
    ) -> int | None:
        room = ctypes.create_string_buffer(_ROOM)
        address = int.from_bytes(socket.inet_aton(str(place[0])), "little")
        got = library.IcmpSendEcho(
            handle, wintypes.ULONG(address), _PAYLOAD, wintypes.WORD(len(_PAYLOAD)), None,
            room, wintypes.DWORD(_ROOM), wintypes.DWORD(wait_ms),
        )  # fmt: skip
        reply = _Reply.from_buffer(room)
        return reply.round_trip_ms if got and reply.status == _SUCCESS else None

    def _send6(
        library: ctypes.WinDLL, handle: wintypes.HANDLE, place: tuple[object, ...], wait_ms: int
    ) -> int | None:
        room = ctypes.create_string_buffer(_ROOM)
        source = _Address6(family=socket.AF_INET6)
        packed = socket.inet_pton(socket.AF_INET6, str(place[0]).partition("%")[0])
        scope = place[3] if len(place) > 3 and isinstance(place[3], int) else 0  # noqa: PLR2004 - IPv6
        target = _Address6(
            family=socket.AF_INET6, address=(ctypes.c_ubyte * 16)(*packed), scope=scope
        )
        got = library.Icmp6SendEcho2(
            handle, None, None, None, ctypes.byref(source), ctypes.byref(target),
            _PAYLOAD, wintypes.WORD(len(_PAYLOAD)), None,
            room, wintypes.DWORD(_ROOM), wintypes.DWORD(wait_ms),
        )  # fmt: skip
        reply = _Reply6.from_buffer(room)
        return reply.round_trip_ms if got and reply.status == _SUCCESS else None
