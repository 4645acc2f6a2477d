"""The form's window on Windows: minimized and restored by its title."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tray.forms.own_window import Window

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _MINIMIZE, _RESTORE = 6, 9

    class WindowsWindow(Window):
        """Found anew each time by its title."""

        def __init__(self, title: str, settle_s: float) -> None:
            """Remember what its title holds."""
            self._title = title
            self._settle_s = settle_s

        @contextmanager
        def hidden(self) -> Iterator[None]:
            """Minimize it for the block."""
            found = self._find()
            for window in found:
                ctypes.windll.user32.ShowWindow(window, _MINIMIZE)
            time.sleep(self._settle_s)
            try:
                yield
            finally:
                for window in found:
                    ctypes.windll.user32.ShowWindow(window, _RESTORE)

        def raise_(self) -> None:
            """Restore it and bring it to the front."""
            for window in self._find():
                ctypes.windll.user32.ShowWindow(window, _RESTORE)
                ctypes.windll.user32.SetForegroundWindow(window)

        def _find(self) -> list[int]:
            found: list[int] = []
            kind = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.HWND, wintypes.LPARAM)

            def look(window: int, _unused: int) -> bool:
                text = ctypes.create_unicode_buffer(512)
                ctypes.windll.user32.GetWindowTextW(window, text, 512)
                if self._title in text.value:
                    found.append(window)
                return True

            ctypes.windll.user32.EnumWindows(kind(look), 0)
            return found
