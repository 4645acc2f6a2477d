"""Giving back memory that the start needed: the C library keeps it for what may come."""

import sys


def give_back() -> None:
    """Return free pages to the system, where the C library can be told to (glibc).

    What calls it is the core of ``ctypes`` alone: the whole of it would take more than is returned.
    """
    if sys.platform != "linux":
        return
    try:
        import _ctypes  # noqa: PLC0415 - see above

        own = _ctypes.dlopen("", 0)  # what this process has loaded
        _ctypes.call_function(_ctypes.dlsym(own, "malloc_trim"), (0,))
    except (ImportError, AttributeError, OSError):  # another C library, another Python
        return
