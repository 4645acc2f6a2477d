"""Windows: the access lists of files, read and set by the system's own calls."""

import sys

if sys.platform == "win32":
    import ctypes
    import os
    from collections.abc import Iterable, Iterator
    from contextlib import contextmanager
    from ctypes import wintypes
    from pathlib import Path

    from agent.errors import AgentError
    from agent.host.access import PRIVATE, TRUSTED, is_private, owner_of, weakness
    from agent.host.writers import access_list

    _REVISION = 1
    _NOT_EMPTY, _EXISTS = 145, 183
    _CODE = (".py", ".pyc", ".pyd", ".dll", ".exe", ".zip", "._pth")

    class _Attributes(ctypes.Structure):
        """SECURITY_ATTRIBUTES."""

        _fields_ = (
            ("length", wintypes.DWORD),
            ("descriptor", ctypes.c_void_p),
            ("inherit", wintypes.BOOL),
        )

    _advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _VOID, _DWORD, _TEXT = ctypes.c_void_p, wintypes.DWORD, wintypes.LPCWSTR
    _advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW.argtypes = (
        *(_TEXT, _DWORD, _VOID, _VOID),
    )
    _kernel32.LocalFree.argtypes = (_VOID,)
    _kernel32.CreateDirectoryW.argtypes = (_TEXT, _VOID)
    _kernel32.RemoveDirectoryW.argtypes = (_TEXT,)

    def weak_spot(programs: Iterable[Path]) -> str | None:
        """Return the first place of these folders that others could change, and why."""
        seen: set[Path] = set()
        for program in programs:
            for place, on_the_way in _places(program.resolve(), seen):
                why = weakness(access_list(place), on_the_way=on_the_way)
                if why:
                    return f"{place}: {why}"
        return None

    def make_private(folder: Path) -> None:
        """Make a folder that the system and administrators alone may open; raises AgentError.

        One that is there is taken as it is when it is theirs and private. Else others may have
        put into it what the agent goes by: it is made anew when it is empty, and refused when not.
        """
        with _descriptor(PRIVATE) as private:
            attributes = _Attributes(ctypes.sizeof(_Attributes), private, False)  # noqa: FBT003 - Windows' own
            made = ctypes.byref(attributes)
            if _kernel32.CreateDirectoryW(str(folder), made):
                return
            code = ctypes.get_last_error()
            if code != _EXISTS:
                raise _failed(f"{folder} cannot be made", code)
            there = access_list(folder)
            if owner_of(there) not in TRUSTED:
                raise AgentError(f"{folder} was made by another account: look into it, delete it")
            if is_private(there):
                return
            # Not only protected: who has it open would keep the right to make files in it.
            if not _kernel32.RemoveDirectoryW(str(folder)):
                code = ctypes.get_last_error()
                if code == _NOT_EMPTY:
                    raise AgentError(
                        f"others may write into {folder}, and it is not empty: its rules, commands "
                        "or certificates could be anybody's; nothing was changed. Look into it, "
                        "keep elsewhere what is yours, delete the folder and install again"
                    )
                raise _failed(f"{folder}, which others may write into, cannot be replaced", code)
            if not _kernel32.CreateDirectoryW(str(folder), made):
                raise _failed(f"{folder} cannot be made", ctypes.get_last_error())

    def _places(program: Path, seen: set[Path]) -> Iterator[tuple[Path, bool]]:
        for above in reversed(program.parents):
            if above not in seen:
                seen.add(above)
                yield above, True
        yield program, False
        if program.is_dir():
            for folder, folders, files in os.walk(program):
                for name in folders:
                    yield Path(folder, name), False
                for name in files:
                    if name.endswith(_CODE):
                        yield Path(folder, name), False

    @contextmanager
    def _descriptor(sddl: str) -> Iterator[ctypes.c_void_p]:
        made = ctypes.c_void_p()
        if not _advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(
            sddl, _REVISION, ctypes.byref(made), None
        ):
            raise _failed("an access list cannot be made", ctypes.get_last_error())
        try:
            yield made
        finally:
            _kernel32.LocalFree(made)

    def _failed(trouble: str, code: int) -> AgentError:
        return AgentError(f"{trouble}: {ctypes.FormatError(code).strip()} (error {code})")
