"""Windows: what its Security Center says of antivirus and firewall (not on servers).

Products tell of themselves one by one (``IWSCProductList``, Windows 8 and later), which the
category's health does not: that is poor, too, for signatures that are old.
"""

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from agent.host.reboot_windows import instant

STATES = ("on", "off")

_GOOD, _NOT_MONITORED, _POOR, _SNOOZED = range(4)  # WSC_SECURITY_PROVIDER_HEALTH
_ON = 0  # WSC_SECURITY_PRODUCT_STATE: then off, snoozed, expired
FIREWALL, ANTIVIRUS = 1, 4  # WSC_SECURITY_PROVIDER


class Antivirus(NamedTuple):
    """Whether any product protects the computer, and since when its signatures are.

    None is what is not told.
    """

    state: str | None
    signatures_at: datetime | None


def state(health: int | None, products: Sequence[int]) -> str | None:
    """Return ``on`` or ``off`` by the products' states, without any by the category's health.

    Any active product counts: a second one that is passive is no fault.
    """
    if products:
        return "on" if _ON in products else "off"
    return {_GOOD: "on", _POOR: "off", _SNOOZED: "off"}.get(-1 if health is None else health)


def signatures_at(raw: object) -> datetime | None:
    """Return the time in a value of Defender's (FILETIME as bytes, or a number)."""
    if isinstance(raw, bytes) and len(raw) == 8:  # noqa: PLR2004 - of 64 bits
        raw = int.from_bytes(raw, "little")
    return instant(raw) if isinstance(raw, int) else None


if sys.platform == "win32":
    import ctypes
    import winreg

    from agent.errors import CheckError, UnsupportedCheckError
    from agent.host import com, scm

    _LIST = "17072f7b-9abe-4a74-a261-1eb76b55107a"  # CLSID_WSCProductList
    _LIST_INTERFACE = "722a338c-6e8e-4e72-ac27-1417fb0c81c2"
    _INITIALIZE, _COUNT, _ITEM, _STATE = 7, 8, 9, 8  # places in the tables; 0–6: IDispatch
    _DEFENDER, _SERVICE = r"SOFTWARE\Microsoft\Windows Defender\Signature Updates", "WinDefend"

    def antivirus() -> Antivirus:
        """Return what is told of antivirus; raises CheckError, UnsupportedCheckError."""
        health = _health(ANTIVIRUS)
        return Antivirus(state(health, _products(ANTIVIRUS)), _defender_at())

    def firewall() -> str | None:
        """Return whether a firewall protects the computer; None: not told. Raises CheckError."""
        return state(_health(FIREWALL), ())

    def _health(provider: int) -> int:
        try:
            ask = ctypes.WinDLL("wscapi").WscGetSecurityProviderHealth
        except (OSError, AttributeError) as error:
            raise UnsupportedCheckError("this system has no Security Center") from error
        found = ctypes.c_int(_NOT_MONITORED)
        code = ask(provider, ctypes.byref(found))
        if code < 0:
            raise UnsupportedCheckError("this system's Security Center tells nothing")
        if code:
            raise CheckError("the Security Center's service does not run")
        return found.value

    def _products(provider: int) -> list[int]:
        """Return the state of each product; empty where they cannot be asked one by one."""
        try:
            with com.begun(), com.created(_LIST, _LIST_INTERFACE) as products:
                products.call(_INITIALIZE, ctypes.c_int(provider))
                found = []
                for at in range(products.number(_COUNT)):
                    with products.object(_ITEM, ctypes.c_ulong(at)) as product:
                        found.append(product.number(_STATE))
                return found
        except OSError:
            return []

    def _defender_at() -> datetime | None:
        """Return since when Defender's signatures are; None when another product protects."""
        try:
            runs = scm.Units().states([_SERVICE], automatic=False)[_SERVICE].state == "running"
            if not runs:
                return None
            access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _DEFENDER, 0, access) as key:
                return signatures_at(winreg.QueryValueEx(key, "AVSignatureApplied")[0])
        except (CheckError, OSError):
            return None
