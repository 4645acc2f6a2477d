"""The form's window on an X server: taken off the screen and put back; the one user of Xlib."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from Xlib import X, display
from Xlib.error import DisplayError, XError
from Xlib.protocol import event

from tray.forms.own_window import Window

_SOURCE_PAGER = 2
_MANAGED_AGAIN_S = 0.15
"""Until a window manager has taken it back."""


class X11Window(Window):
    """Found anew each time: browsers make and drop windows as they like."""

    def __init__(self, title: str, settle_s: float) -> None:
        """Remember what its title holds."""
        self._title = title
        self._settle_s = settle_s

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Withdraw it for the block.

        Iconified windows of Chromium come back deaf to the keyboard (tried with openbox).
        """
        try:
            server = display.Display()
        except (DisplayError, OSError):
            yield
            return
        found = _find(server, server.screen().root, self._title)
        try:
            for window in found:
                window.unmap()
            server.sync()
            time.sleep(self._settle_s)
            yield
        finally:
            for window in found:
                window.map()
            server.sync()
            time.sleep(_MANAGED_AGAIN_S)
            for window in found:
                _activate(server, window)
            server.sync()
            server.close()

    def raise_(self) -> None:
        """Activate it."""
        with suppress(DisplayError, XError, OSError):
            server = display.Display()
            for window in _find(server, server.screen().root, self._title):
                window.map()
                window.configure(stack_mode=X.Above)
                _activate(server, window)
            server.sync()
            server.close()


def _find(server: Any, window: Any, title: str) -> list[Any]:  # noqa: ANN401 - Xlib is untyped
    """Return the mapped windows below ``window`` whose name holds ``title``."""
    with suppress(XError):
        name = window.get_full_text_property(server.intern_atom("_NET_WM_NAME"))
        if isinstance(name, str) and title in name:
            return [window]
        return [
            one for child in window.query_tree().children for one in _find(server, child, title)
        ]
    return []


def _activate(server: Any, window: Any) -> None:  # noqa: ANN401 - the same
    atom = server.intern_atom("_NET_ACTIVE_WINDOW")
    message = event.ClientMessage(
        window=window, client_type=atom, data=(32, [_SOURCE_PAGER, 0, 0, 0, 0])
    )
    mask = X.SubstructureRedirectMask | X.SubstructureNotifyMask
    server.screen().root.send_event(message, event_mask=mask)
