"""How an icon gets onto the desktop: pystray's own ways, and one of ours for Linux.

In a plain virtual environment pystray falls back to a way without a menu (``xorg``), so on Linux
ours comes first: StatusNotifierItem and dbusmenu over D-Bus, which every panel of today hosts.
"""

import importlib.util
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tray.errors import NoIconError
from tray.language import _

SNI, GTK, APPINDICATOR, SYSTEM = "sni", "gtk", "appindicator", "system"
NAMES = (SNI, GTK, APPINDICATOR, SYSTEM)


@dataclass(frozen=True, slots=True)
class Choice:
    """The way chosen, and why."""

    name: str
    why: str


def choose(
    wanted: str | None = None,
    environment: Mapping[str, str] = os.environ,
    platform: str = sys.platform,
    *,
    has_gi: bool | None = None,
) -> Choice:
    """Return how to show the icon in this session.

    Raises NoIconError when there is no way, naming what is missing.
    """
    if wanted is not None:
        return Choice(wanted, "asked for")
    if platform in ("win32", "darwin"):
        return Choice(SYSTEM, "the operating system's own")
    if not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        raise NoIconError(_("This session has no desktop (neither DISPLAY nor WAYLAND_DISPLAY)."))
    if has_bus(environment):
        return Choice(SNI, "a session bus is there")
    gi = importlib.util.find_spec("gi") is not None if has_gi is None else has_gi
    if gi:
        return Choice(GTK, "no session bus, but GTK")
    raise NoIconError(
        _("This session has no D-Bus session bus, and GTK is not installed for this Python.")
    )


def has_bus(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether a session bus is announced, or lies where one lies by custom."""
    if environment.get("DBUS_SESSION_BUS_ADDRESS"):
        return True
    run = environment.get("XDG_RUNTIME_DIR")
    return bool(run) and Path(run or "", "bus").exists()
