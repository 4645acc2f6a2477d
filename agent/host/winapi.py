"""Windows: what psutil does not tell, from the system's own libraries."""

import sys

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _SMBIOS = 0x52534D42  # "RSMB"

    class _Performance(ctypes.Structure):
        """PERFORMANCE_INFORMATION; sizes are in pages."""

        _fields_ = (
            ("size", wintypes.DWORD),
            *(
                (name, ctypes.c_size_t)
                for name in [
                    "commit_total",
                    "commit_limit",
                    "commit_peak",
                    "physical_total",
                    "physical_available",
                    "system_cache",
                    "kernel_total",
                    "kernel_paged",
                    "kernel_nonpaged",
                    "page_size",
                ]
            ),
            ("handles", wintypes.DWORD),
            ("processes", wintypes.DWORD),
            ("threads", wintypes.DWORD),
        )

    def commit_charge() -> tuple[int | None, int | None]:
        """Return the bytes promised to programs and the most that can be; None if not told."""
        found = _Performance(size=ctypes.sizeof(_Performance))
        if not ctypes.windll.kernel32.K32GetPerformanceInfo(ctypes.byref(found), found.size):
            return None, None
        return found.commit_total * found.page_size, found.commit_limit * found.page_size

    def platform_role() -> int:
        """Return the maker's word on the computer's use (POWER_PLATFORM_ROLE); 0 if untold."""
        return int(ctypes.windll.powrprof.PowerDeterminePlatformRole())

    def smbios() -> bytes:
        """Return the firmware's SMBIOS structures; empty when there are none."""
        ask = ctypes.windll.kernel32.GetSystemFirmwareTable
        size = ask(_SMBIOS, 0, None, 0)
        table = ctypes.create_string_buffer(size)
        return table.raw[8:size] if ask(_SMBIOS, 0, table, size) == size else b""
