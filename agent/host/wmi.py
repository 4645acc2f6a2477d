"""Windows: what its management instrumentation tells, by COM; for what no simpler call tells."""

import sys
from collections.abc import Sequence

if sys.platform == "win32":
    import ctypes
    from collections.abc import Iterator
    from contextlib import contextmanager

    from agent.host import com

    _LOCATOR = "4590f811-1d3a-11d0-891f-00aa004b2e24"  # CLSID_WbemLocator
    _LOCATOR_INTERFACE = "dc12a687-737f-11cf-884d-00aa004b2e24"
    _CONNECT, _QUERY, _NEXT, _GET = 3, 20, 4, 4  # places in the tables of the interfaces
    _FORWARD_AT_ONCE = 0x30  # WBEM_FLAG_FORWARD_ONLY | WBEM_FLAG_RETURN_IMMEDIATELY
    _WAIT_MS = 20_000
    _DEFAULT, _CALL, _IMPERSONATE = 0xFFFFFFFF, 3, 3  # RPC_C_AUTHN_…, RPC_C_IMP_LEVEL_…
    _NUMBERS = {2: 2, 3: 4, 16: 1, 17: 1, 18: 2, 19: 4}  # kind of VARIANT → bytes
    _TEXT, _TRUTH = 8, 11

    class _Variant(ctypes.Structure):
        """``VARIANT``: its kind, and room for a value or an address."""

        _fields_ = (
            ("kind", ctypes.c_ushort),
            ("reserved", ctypes.c_ushort * 3),
            ("value", ctypes.c_void_p),
            ("more", ctypes.c_void_p),
        )

    def rows(namespace: str, query: str, names: Sequence[str]) -> list[dict[str, int | str]]:
        """Return what a query of WQL finds: of each object its properties of these names.

        One that is empty, or of a kind nobody here needs, is left out. Raises OSError.
        """
        with (
            com.begun(),
            com.created(_LOCATOR, _LOCATOR_INTERFACE) as locator,
            _text(namespace) as place,
            _text("WQL") as language,
            _text(query) as asked,
        ):
            none = ctypes.c_void_p()
            with locator.object(
                _CONNECT, place, none, none, none, ctypes.c_long(0), none, none
            ) as services:
                services.trusted(_DEFAULT, _CALL, _IMPERSONATE)
                flags = ctypes.c_long(_FORWARD_AT_ONCE)
                with services.object(_QUERY, language, asked, flags, none) as found:
                    found.trusted(_DEFAULT, _CALL, _IMPERSONATE)
                    return list(_read(found, names))

    def _read(found: com.Object, names: Sequence[str]) -> Iterator[dict[str, int | str]]:
        while True:
            got = ctypes.c_ulong()
            pointer = ctypes.c_void_p()
            found.call(
                _NEXT, ctypes.c_long(_WAIT_MS), ctypes.c_ulong(1),
                ctypes.addressof(pointer), ctypes.addressof(got),
            )  # fmt: skip
            if not got.value:
                return
            with com.Object(pointer) as one:
                values = {name: _property(one, name) for name in names}
                yield {name: value for name, value in values.items() if value is not None}

    def _property(one: com.Object, name: str) -> int | str | None:
        variant = _Variant()
        try:
            one.call(
                _GET, ctypes.c_wchar_p(name), ctypes.c_long(0), ctypes.addressof(variant),
                ctypes.c_void_p(), ctypes.c_void_p(),
            )  # fmt: skip
        except OSError:
            return None
        try:
            if variant.kind == _TEXT:
                return ctypes.wstring_at(variant.value) if variant.value else None
            if variant.kind == _TRUTH:
                return int(((variant.value or 0) & 0xFFFF) != 0)
            size = _NUMBERS.get(variant.kind)
            return None if size is None else (variant.value or 0) & (256**size - 1)
        finally:
            ctypes.WinDLL("oleaut32").VariantClear(ctypes.byref(variant))

    @contextmanager
    def _text(text: str) -> Iterator[ctypes.c_void_p]:
        """Have a text as COM wants it (``BSTR``)."""
        library = ctypes.WinDLL("oleaut32")
        library.SysAllocString.restype = ctypes.c_void_p
        allocated = ctypes.c_void_p(library.SysAllocString(ctypes.c_wchar_p(text)))
        try:
            yield allocated
        finally:
            library.SysFreeString(allocated)
