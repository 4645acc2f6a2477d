"""Opens the form: one at a time for each person and session, in whatever can show it."""

import html
import http.client
import json
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from tray import lock, places
from tray.agent_link import Link
from tray.drafts import Drafts
from tray.errors import TrayError
from tray.forms import browsers
from tray.forms.own_window import window_titled
from tray.forms.page import WINDOW_TITLE
from tray.forms.service import Form
from tray.forms.web import WebForm
from tray.language import _

BROWSER_S = 20.0
"""A browser that has not asked for the page by then will not: a cold one takes a few seconds."""


def show_form(link: Link, view: str = "", browser: Callable[[Path], bool] = browsers.show) -> None:
    """Show the form at ``view`` until it is closed; an open one is raised instead.

    ``view`` is report, tickets, computer or help, with what it is about: ``tickets/1042``.
    Raises TrayError when nothing on this computer can show a form.
    """
    folder = places.private(places.session_folder())
    name = places.session_name()
    where = folder / f"form-{name}.json"
    with lock.hold(folder / f"form-{name}.lock") as ours:
        if not ours:
            _raise_open(where, view)
            return
        window = window_titled(WINDOW_TITLE)
        form = Form(link, Drafts(), lambda: datetime.now().astimezone(), window)
        web = WebForm(form, view)
        web.raised = window.raise_
        entrance = folder / f"form-{secrets.token_hex(8)}.html"
        try:
            places.write(where, json.dumps({"host": web.host, "key": web.key}).encode())
            places.write(entrance, _entrance(web.address))
            if browser(entrance) and web.entered.wait(BROWSER_S):
                entrance.unlink(missing_ok=True)
                web.hand_over()
                web.wait_until_left()
                web.wait_until_handed_over()
                return
        finally:
            entrance.unlink(missing_ok=True)
            where.unlink(missing_ok=True)
            web.close()
        _without_browser(form)


def _without_browser(form: Form) -> None:
    try:
        from tray.forms import tk  # noqa: PLC0415 - a Python may come without tkinter
    except ImportError as error:
        raise TrayError(
            _(
                "No browser could be started, and this Python has no tkinter for the small form. "
                "Use: watchdesk-tray report --title …"
            )
        ) from error
    tk.show(form)


def _raise_open(where: Path, view: str) -> None:
    """Ask the form that is open to come to the front."""
    with suppress(OSError, ValueError, KeyError, http.client.HTTPException):
        told = json.loads(where.read_bytes())
        connection = http.client.HTTPConnection(told["host"], timeout=5)
        body = json.dumps({"view": view})
        connection.request("POST", "/raise", body, {"X-Key": told["key"], "Host": told["host"]})
        connection.getresponse().read()
        connection.close()


def _entrance(address: str) -> bytes:
    """Return a page that leads to ``address``: the token stands in a file, in no command line."""
    shown = html.escape(address)
    return (
        '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
        f"<title>{html.escape(WINDOW_TITLE)}</title>"
        f'<meta http-equiv="refresh" content="0;url={shown}"><a href="{shown}">…</a>'
    ).encode()


def has_screen(environment: dict[str, str] | None = None) -> bool:
    """Tell whether this session can show a window at all."""
    given = os.environ if environment is None else environment
    return os.name == "nt" or bool(given.get("DISPLAY") or given.get("WAYLAND_DISPLAY"))
