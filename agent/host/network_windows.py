"""Windows: the cache of names, and leases of addresses."""

import ctypes
import sys
from ctypes import wintypes

from agent.errors import ActionError

_MORE = 111  # ERROR_BUFFER_OVERFLOW
_LONGEST_NAME = 128

if sys.platform == "win32":

    class _Adapter(ctypes.Structure):
        """``IP_ADAPTER_INDEX_MAP``."""

        _fields_ = (("index", wintypes.ULONG), ("name", wintypes.WCHAR * _LONGEST_NAME))

    def flush_dns_cache() -> None:
        """Empty the cache of names; raises ActionError."""
        try:
            emptied = ctypes.WinDLL("dnsapi").DnsFlushResolverCache()
        except (OSError, AttributeError) as error:
            raise ActionError(f"this Windows has no call for it: {error}") from error
        if not emptied:
            raise ActionError("Windows did not empty the cache of names")

    def renew_leases() -> list[str]:
        """Renew the lease of every adapter that has one; return their names."""
        iphlpapi = ctypes.WinDLL("iphlpapi")
        size = wintypes.ULONG()
        if iphlpapi.GetInterfaceInfo(None, ctypes.byref(size)) not in {_MORE, 122}:
            return []
        buffer = ctypes.create_string_buffer(size.value)
        if iphlpapi.GetInterfaceInfo(buffer, ctypes.byref(size)):
            raise ActionError("Windows does not tell its network adapters")
        count = ctypes.cast(buffer, ctypes.POINTER(wintypes.LONG)).contents.value
        first = ctypes.addressof(buffer) + ctypes.sizeof(wintypes.LONG)
        adapters = ctypes.cast(first, ctypes.POINTER(_Adapter))
        found = [adapters[number] for number in range(count)]
        return [one.name for one in found if not iphlpapi.IpRenewAddress(ctypes.byref(one))]
