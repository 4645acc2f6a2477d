"""Who could change a file that the agent goes by, or put another in its place.

A program that the agent runs has the agent's rights, and so has whoever may write it, its script,
or any folder on the way to them. Trusted are the administrators and the agent's own account.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

_INTERPRETERS = (
    *("ash", "awk", "bash", "cmd", "cscript", "dash", "java", "ksh", "lua", "node", "perl", "php"),
    *("powershell", "pwsh", "python", "pythonw", "ruby", "sh", "tclsh", "wscript", "zsh"),
)
_CODE = (
    *(".bat", ".cmd", ".com", ".dll", ".dylib", ".exe", ".jar", ".js", ".lua", ".php", ".pl"),
    *(".ps1", ".psm1", ".py", ".pyc", ".pyw", ".rb", ".sh", ".so", ".tcl", ".vbs", ".wsf"),
)


def distrust(argv: Sequence[str]) -> str | None:
    """Return why someone else could have a say in what these arguments run; None when nobody has.

    What is not there is no reason: whoever starts it tells that better.
    """
    for place in _programs(argv):
        reason = _weak_spot(place)
        if reason:
            return reason
    return None


def way_to(place: Path, seen: set[Path]) -> Iterator[Path]:
    """Yield the place and every folder and link that leads to it, but those ``seen``."""
    waiting = [Path(os.path.abspath(place))]  # noqa: PTH100 - links stay what they are
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        waiting.append(one.parent)
        if one.is_symlink():
            waiting.append(Path(os.path.abspath(one.parent / one.readlink())))  # noqa: PTH100
        yield one


def _programs(argv: Sequence[str]) -> Iterator[Path]:
    """Yield the program, and each argument that names code by its absolute path.

    That is an interpreter's first file, and what looks like code. Other files are what a program
    reads, and may be anybody's: a plugin that looks at a user's log is no danger.
    """
    yield Path(argv[0])
    script_is_due = _is_interpreter(argv[0])
    for argument in argv[1:]:
        for path in (Path(argument), Path(argument.partition("=")[2])):
            if path.is_absolute() and not _may_hang(path) and _is_file(path):
                if script_is_due or _is_code(path):
                    yield path
                script_is_due = False
        script_is_due = script_is_due or _is_interpreter(argument)


def _is_interpreter(argument: str) -> bool:
    name = Path(argument).name.lower().removesuffix(".exe")
    return name.rstrip(".-0123456789") in _INTERPRETERS


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # what we may not look at we cannot run
        return False


def _is_code(path: Path) -> bool:
    try:
        if path.suffix.lower() in _CODE or path.stat().st_mode & 0o111:
            return True
        with path.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    from agent.errors import AgentError
    from agent.host import access
    from agent.protocol.pipe import own_sid

    _FILE, _REVISION = 1, 1
    _OWNER, _DACL = 1, 4

    _advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _VOID, _DWORD, _TEXT = ctypes.c_void_p, wintypes.DWORD, wintypes.LPCWSTR
    _advapi32.GetNamedSecurityInfoW.argtypes = (_TEXT, _DWORD, _DWORD, *(_VOID,) * 5)
    _advapi32.ConvertSecurityDescriptorToStringSecurityDescriptorW.argtypes = (
        *(_VOID, _DWORD, _DWORD, _VOID, _VOID),
    )
    _kernel32.LocalFree.argtypes = (_VOID,)

    def weakness(place: Path, *, on_the_way: bool = False) -> str | None:
        """Return why others could change this file or folder, None when they could not.

        ``on_the_way``: a folder in which others may make files, but replace none of ours.
        """
        try:
            told = access_list(place)
        except AgentError as error:
            return str(error)
        own = frozenset({own_sid()})
        why = access.weakness(told, on_the_way=on_the_way, besides=own)
        return f"{place}: {why}" if why else None

    def access_list(path: Path) -> str:
        """Return who owns a file and who may do what with it, as SDDL; raises AgentError."""
        descriptor, text = ctypes.c_void_p(), ctypes.c_void_p()
        code = _advapi32.GetNamedSecurityInfoW(
            str(path), _FILE, _OWNER | _DACL, None, None, None, None, ctypes.byref(descriptor)
        )
        if code:
            raise _untold(path, code)
        try:
            if not _advapi32.ConvertSecurityDescriptorToStringSecurityDescriptorW(
                descriptor, _REVISION, _OWNER | _DACL, ctypes.byref(text), None
            ):
                raise _untold(path, ctypes.get_last_error())
            try:
                return ctypes.wstring_at(text.value or 0)
            finally:
                _kernel32.LocalFree(text)
        finally:
            _kernel32.LocalFree(descriptor)

    def _untold(path: Path, code: int) -> AgentError:
        said = ctypes.FormatError(code).strip()
        return AgentError(f"who may change {path} cannot be told: {said} (error {code})")

    def _weak_spot(place: Path) -> str | None:
        """Return the first place on the way that others could change.

        Nobody may put files beside a program either: Windows takes libraries from its folder.
        """
        real = place.resolve()
        if not real.exists():
            return None
        for above in reversed(real.parents):
            why = weakness(above, on_the_way=above != real.parent)
            if why:
                return why
        return weakness(real)

    def _may_hang(path: Path) -> bool:
        return path.drive.startswith("\\\\")  # a share; a service has no drives of the network

else:
    import stat

    _ANSWERS = frozenset({"9p", "apfs", "fuseblk", "virtiofs", "zfs"})

    def weakness(place: Path) -> str | None:
        """Return why others could change this file or folder, None when they could not.

        Its owner is to be root or the agent's own user, and nobody else may write it. A folder
        with the sticky bit protects what is in it. An agent that is not root has nothing to give
        away to its group. Raises OSError.
        """
        me = os.geteuid()
        found = place.lstat()
        if found.st_uid not in (0, me):
            return f"{place} belongs to another user (id {found.st_uid}); chown root {place}"
        if stat.S_ISLNK(found.st_mode):  # its mode says nothing; its owner may replace it
            return None
        group_matters = me == 0 and found.st_gid != 0
        forbidden = stat.S_IWOTH | (stat.S_IWGRP if group_matters else 0)
        sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
        if found.st_mode & forbidden and not sticky:
            return f"{place} can be written by others; chmod go-w {place}"
        return None

    def _weak_spot(place: Path) -> str | None:
        """Return the first place on the way that others could change."""
        for one in way_to(place, set()):
            try:
                reason = weakness(one)
            except (FileNotFoundError, NotADirectoryError, ValueError):  # a NUL in its name
                continue
            except OSError as error:
                reason = f"who may change {one} cannot be told: {error.strerror}"
            if reason:
                return reason
        return None

    def _may_hang(path: Path) -> bool:
        """Tell whether asking about a file may wait for another computer or program."""
        from agent.host import mounts  # noqa: PLC0415 - for few commands

        try:
            table = Path("/proc/self/mountinfo").read_bytes()
        except OSError:  # not Linux
            return False
        above = {str(one) for one in path.parents}
        on = max(
            (mount for mount in mounts.parse(table) if mount.path in above),
            key=lambda mount: len(mount.path),
            default=None,
        )
        return on is not None and on.kind not in mounts.PLAIN | _ANSWERS
