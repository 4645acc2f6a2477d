"""The form as a page on loopback: open while its page is, for the one person it is for.

127.0.0.1 and a free port, open only while the form is. The address holds a token that works once
and is handed to the browser in a file that only this person can read; what it gives is a cookie
of this run, never sent by other pages (SameSite).
"""

import contextlib
import json
import queue
import secrets
import threading
from typing import TYPE_CHECKING, Any

from tray.forms.requests import FormServer, Requests
from tray.forms.service import Form

if TYPE_CHECKING:
    from collections.abc import Callable

_POLL_S = 0.1


class WebForm:
    """Serves one form until its page is closed."""

    def __init__(self, form: Form, view: str = "") -> None:
        """Listen at once; ``view`` is what the page shows first (``tickets/1042``)."""
        self.form: Form = form
        self.view = view
        self.token: str | None = secrets.token_urlsafe(32)
        self.key = secrets.token_urlsafe(32)
        """What another process of this person needs to raise the form."""
        self.cookie = (f"watchdesk_{secrets.token_hex(4)}", secrets.token_urlsafe(32))
        self.entered = threading.Event()
        self.raised: Callable[[], None] = lambda: None
        self._pages: set[queue.SimpleQueue[str]] = set()
        self._left = threading.Condition()
        self._handing_over: threading.Thread | None = None
        self._server = FormServer(("127.0.0.1", 0), Requests)
        self._server.web = self
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_S,), daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        """The address that opens the form, once."""
        return f"http://{self.host}/?t={self.token}"

    def tell(self, event: str, told: object = None) -> None:
        """Tell every open page that something happened."""
        for one in list(self._pages):
            one.put(f"event: {event}\ndata: {json.dumps(told)}\n\n")

    def hand_over(self) -> None:
        """Give the agent what waits, beside everything else, and tell the page."""

        def run() -> None:
            with contextlib.suppress(OSError):
                self.form.hand_over(lambda: self.tell("known"))
            self.tell("known")

        self._handing_over = threading.Thread(target=run, daemon=True)
        self._handing_over.start()

    def wait_until_handed_over(self, longest_s: float = 120.0) -> None:
        """Return when the agent has what it takes now; the rest goes when somebody tries again."""
        if self._handing_over is not None:
            self._handing_over.join(longest_s)

    def wait_until_left(self, grace_s: float = 4.0) -> None:
        """Return when the last page has been closed for ``grace_s`` (a reload is no end)."""
        self.entered.wait()
        with self._left:
            while True:
                self._left.wait_for(lambda: not self._pages)
                if not self._left.wait_for(lambda: bool(self._pages), grace_s):
                    return

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def enter(self, token: str) -> bool:
        """Use the token up; False when it is wrong or was used."""
        right = self.token is not None and secrets.compare_digest(
            token.encode(), self.token.encode()
        )
        if right:
            self.token = None
            self.entered.set()
        return right

    @contextlib.contextmanager
    def page_open(self) -> Any:  # noqa: ANN401 - a context manager
        """Count a page as open for the block; gives the queue of what it is told."""
        told: queue.SimpleQueue[str] = queue.SimpleQueue()
        with self._left:
            self._pages.add(told)
            self._left.notify_all()
        try:
            yield told
        finally:
            with self._left:
                self._pages.discard(told)
                self._left.notify_all()
