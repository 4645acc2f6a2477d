"""Who is at the other end of a Unix socket, by the kernel's word."""

import socket
import struct
import sys
from typing import NamedTuple

_UCRED = struct.Struct("3i")


class Peer(NamedTuple):
    """The user id and process id of who is asking; ``pid`` is 0 where the system does not say."""

    uid: int
    pid: int


if sys.platform == "linux":

    def peer_of(connection: socket.socket) -> Peer:
        """Return who opened the connection."""
        told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        pid, uid, _gid = _UCRED.unpack(told)
        return Peer(uid, pid)

else:
    # struct xucred of <sys/ucred.h>: version, uid, and groups that nothing here needs.
    _XUCRED = struct.Struct("2I")
    _XUCRED_SIZE, _SOL_LOCAL, _LOCAL_PEERCRED, _LOCAL_PEERPID = 76, 0, 1, 2

    def peer_of(connection: socket.socket) -> Peer:
        """Return who opened the connection."""
        told = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED_SIZE)
        _version, uid = _XUCRED.unpack_from(told)
        pid = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID) if sys.platform == "darwin" else 0
        return Peer(uid, pid)
