"""Windows: Storage Spaces, each virtual disk and pool with its state.

The numbers are Microsoft's (``MSFT_VirtualDisk``, ``MSFT_StoragePool``): 0 is healthy, 1 warns (a
drive is missing or being rebuilt, the data is there), 2 is unhealthy; others are not known yet.
"""

import sys
from collections.abc import Mapping

from agent.host.arrays import Array

_STATES = {0: "healthy", 1: "degraded", 2: "failed"}
_PROPERTIES = ("FriendlyName", "HealthStatus", "IsPrimordial")


def space(kind: str, properties: Mapping[str, int | str]) -> Array | None:
    """Return a pool (``pool``) or a virtual disk (``space``) as an array; None for what is none.

    The primordial pool is the heap of drives that nobody made a pool of.
    """
    name, health = properties.get("FriendlyName"), properties.get("HealthStatus")
    if not name or properties.get("IsPrimordial") or health not in _STATES:
        return None
    return Array(f"{kind}:{name}", _STATES[int(health)])


if sys.platform == "win32":
    from agent.errors import CheckError, UnsupportedCheckError
    from agent.host import wmi

    _NAMESPACE = r"root\Microsoft\Windows\Storage"
    _QUERIES = (
        ("pool", "SELECT * FROM MSFT_StoragePool"),
        ("space", "SELECT * FROM MSFT_VirtualDisk"),
    )
    _LACKING = {0x8004100E, 0x80041010}  # WBEM_E_INVALID_NAMESPACE, WBEM_E_INVALID_CLASS

    def read() -> list[Array]:
        """Return every pool and virtual disk; raises UnsupportedCheckError, CheckError."""
        found: list[Array] = []
        for kind, query in _QUERIES:
            try:
                rows = wmi.rows(_NAMESPACE, query, _PROPERTIES)
            except OSError as error:
                if error.winerror & 0xFFFFFFFF in _LACKING:
                    raise UnsupportedCheckError("this Windows has no Storage Spaces") from error
                raise CheckError(f"Windows does not tell its Storage Spaces: {error}") from error
            found += [one for one in (space(kind, row) for row in rows) if one is not None]
        return found
