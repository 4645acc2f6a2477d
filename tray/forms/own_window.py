"""The form's own window, as the desktop sees it: hidden while the screen is captured, and raised.

It is found by what its title holds. Where a desktop lets no program do so (Wayland, macOS) the
window stays, and the person has a moment to move it aside.
"""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_SETTLE_S = 0.4
"""Until the window is gone from the screen and what was under it is painted."""
_MOVE_ASIDE_S = 3.0


class Window:
    """A window that cannot be reached by its program: time to move it aside is all there is."""

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Keep the window off the screen for the block."""
        time.sleep(_MOVE_ASIDE_S)
        yield

    def raise_(self) -> None:
        """Bring the window to the front."""


def window_titled(title: str, environment: Mapping[str, str] = os.environ) -> Window:
    """Return the window whose title holds ``title``, as far as this desktop allows."""
    if sys.platform == "win32":
        from tray.forms.windows_window import WindowsWindow  # noqa: PLC0415 - only there

        return WindowsWindow(title, _SETTLE_S)
    if sys.platform == "linux" and environment.get("DISPLAY"):
        from tray.forms.x11_window import X11Window  # noqa: PLC0415 - needs an X server

        return X11Window(title, _SETTLE_S)
    return Window()
