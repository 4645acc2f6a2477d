"""``--diagnose``: what this session has for an icon and a form, and what is missing."""

import importlib.util
import json
import os
import sys
from collections.abc import Iterator, Mapping

from tray import backends, places
from tray.agent_link import Link
from tray.drafts import Drafts
from tray.errors import NoIconError, TrayError
from tray.forms import browsers
from tray.known import Known


def diagnosis(link: Link, environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Return line by line how the agent is reached, what shows the icon and what the form."""
    yield from _agent(link)
    yield from _icon(environment)
    yield from _form()
    waiting = Drafts().waiting()
    yield f"reports: {len(waiting)} wait in {Drafts().folder}" if waiting else "reports: none wait"


def _agent(link: Link) -> Iterator[str]:
    try:
        known = Known.read(link.ask("known"))
    except TrayError as error:
        yield f"agent: {link.address}: no answer. {error}"
        return
    desk = "connected" if known.connected else f"not connected ({known.problem or 'no reason'})"
    yield f"agent: {link.address} answers; the support desk is {desk}"
    if known.desk is not None:
        yield f"policy: tray {known.desk.tray}, quit {'yes' if known.desk.quit else 'no'}"


def _icon(environment: Mapping[str, str]) -> Iterator[str]:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_CURRENT_DESKTOP"):
        if value := environment.get(name):
            yield f"session: {name}={value}"
    try:
        choice = backends.choose(environment=environment)
    except NoIconError as error:
        yield f"icon: none. {error} The form and the commands work without it."
        return
    yield f"icon: shown by {choice.name} ({choice.why})"
    if choice.name == backends.SNI:
        yield from _panel()
    try:
        told = json.loads(places.icon_file().read_bytes())
    except (OSError, ValueError):
        yield "icon: not running in this session"
    else:
        seen = "shown by a panel" if told.get("hosted") else "NOT shown by any panel"
        yield f"icon: runs as process {told.get('pid')}, {seen} since {told.get('since')}"


def _panel() -> Iterator[str]:
    from tray.backends.panels import look  # noqa: PLC0415 - dbus-fast is for Linux alone

    found = look()
    if found.problem:
        yield f"panel: {found.problem}"
    elif not found.watcher:
        yield (
            "panel: nothing on the session bus shows icons (no StatusNotifierWatcher). On GNOME "
            "install the AppIndicator extension, or use the menu entry Report a problem"
        )
    else:
        host = "a panel shows icons" if found.host else "no panel shows icons yet"
        yield f"panel: {host}; {len(found.items)} icons are registered"


def _form() -> Iterator[str]:
    program = browsers.app_browser()
    if program:
        yield f"form: an application window of {program}"
    else:
        yield "form: in the default browser (no Chrome, Chromium or Edge was found)"
    small = "yes" if importlib.util.find_spec("tkinter") else "no: this Python has no tkinter"
    yield f"form: small window when no browser starts: {small}"
    yield f"drafts: {Drafts().folder}; session: {places.session_folder()}; {sys.executable}"
