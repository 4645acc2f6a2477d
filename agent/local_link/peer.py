"""Who is at the other end of the local link, by the kernel's word."""

import socket
import struct
import sys
from typing import NamedTuple

_UCRED = struct.Struct("3i")


class Peer(NamedTuple):
    """Who asks: the user's number on Unix, the SID on Windows (``S-1-5-21-…``), as text.

    ``pid`` is 0 where the system does not say. ``administrator``: root; on Windows SYSTEM, or an
    administrator who was asked and said yes (elevated).
    """

    key: str
    pid: int
    administrator: bool


if sys.platform == "linux":

    def peer_of(connection: socket.socket) -> Peer:
        """Return who opened the connection."""
        told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        pid, uid, _gid = _UCRED.unpack(told)
        return Peer(str(uid), pid, uid == 0)

else:
    # struct xucred of <sys/ucred.h>: version, uid, and groups that nothing here needs.
    _XUCRED = struct.Struct("2I")
    _XUCRED_SIZE, _SOL_LOCAL, _LOCAL_PEERCRED, _LOCAL_PEERPID = 76, 0, 1, 2

    def peer_of(connection: socket.socket) -> Peer:
        """Return who opened the connection."""
        told = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED_SIZE)
        _version, uid = _XUCRED.unpack_from(told)
        pid = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID) if sys.platform == "darwin" else 0
        return Peer(str(uid), pid, uid == 0)
