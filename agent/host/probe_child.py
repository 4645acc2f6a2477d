"""Questions about files and names, answered in a child (``child_program``).

It imports next to nothing and nothing of ours, to be up in milliseconds.
"""

import os
import sys


def room(path: str) -> str:
    """Return ``total used free`` in bytes of the file system at ``path``, and its inodes.

    ``free`` is what a user without privileges may still write; ``used`` and ``free`` are
    less than ``total`` by the blocks kept for root. Inodes, two numbers: all, and free for
    users; ``0 0`` where there is no such thing.
    """
    if sys.platform == "win32":
        import shutil  # noqa: PLC0415 - only this probe on this system needs it

        total, used, free = shutil.disk_usage(path)
        inodes = free_inodes = 0
    else:
        found = os.statvfs(path)
        total = found.f_blocks * found.f_frsize
        used = (found.f_blocks - found.f_bfree) * found.f_frsize
        free = found.f_bavail * found.f_frsize
        inodes, free_inodes = found.f_files, found.f_favail
    return f"{total} {used} {free} {inodes} {free_inodes}"


def written(folder: str) -> str:
    """Write a small file in ``folder``, bring it to the disk, read it back and remove it.

    Returns ``0``, or the error's number and text. One that an earlier child left behind is
    replaced; a link of that name is not followed.
    """
    path = f"{folder}{os.sep}.watchdesk-write-probe"
    said = b"written by watchdesk to see whether this volume takes writes\n"
    try:
        descriptor = _made_anew(path)
        try:
            os.write(descriptor, said)
            os.fsync(descriptor)
            if sys.platform == "linux":  # else the answer comes from memory
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.lseek(descriptor, 0, os.SEEK_SET)
            back = os.read(descriptor, len(said))
        finally:
            os.close(descriptor)
            os.unlink(path)  # noqa: PTH108 - pathlib takes longer to load than all this
    except OSError as error:
        return f"{error.errno} {error.strerror}"
    return "0" if back == said else "5 what was read back is not what was written"


def _made_anew(path: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        return os.open(path, flags, 0o600)
    except FileExistsError:
        os.unlink(path)  # noqa: PTH108 - as above
        return os.open(path, flags, 0o600)


def addresses(host: str) -> str:
    """Return the addresses of ``host``, in the resolver's order, separated by blanks."""
    import socket  # noqa: PLC0415 - the other probe must not pay for it

    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return " ".join(dict.fromkeys(str(entry[4][0]) for entry in found))


def newest(question: str) -> str:
    """Return time of change (Unix) and size of the newest files, the newest first, and its name.

    The name comes after a tab. ``question`` is a folder and, on a line of its own, a pattern of
    names. Links count as what they lead to; what vanishes meanwhile does not count.
    """
    from fnmatch import fnmatchcase  # noqa: PLC0415 - the other probes must not pay for it

    folder, _, pattern = question.partition("\n")
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if fnmatchcase(entry.name, pattern):
                try:
                    if entry.is_file():
                        told = entry.stat()
                        found.append((told.st_mtime, told.st_size, entry.name))
                except OSError:
                    continue
    found.sort(reverse=True)
    pairs = " ".join(f"{at:.0f} {size}" for at, size, _ in found[:_MOST_FILES])
    return f"{pairs}\t{found[0][2]}" if found else ""


PROBES = {"room": room, "written": written, "addresses": addresses, "newest": newest}
_MOST_FILES = 9
