"""A desktop of its own for a test: X server, session bus, panel, home; nothing leaves it."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from PIL import Image, ImageGrab
from Xlib import display

from tests.support.polling import until
from tests.support.server_process import PROJECT

TOOLS = ("Xvfb", "openbox", "dbus-daemon", "xdotool", "busctl")
PANELS = {"xfce4-panel": ["xfce4-panel", "--disable-wm-check"], "lxqt-panel": ["lxqt-panel"]}
"""The panels that show icons here, and how each is started."""
WALLPAPER = (0x35, 0x54, 0x6B)
WIDTH, HEIGHT, PANEL = 1024, 768, 40
_ABOVE_ICON = (WIDTH // 2, HEIGHT // 2, WIDTH, HEIGHT - PANEL)
_XFCE = """<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=10;x=512;y=752"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="length" type="uint" value="100"/>
      <property name="size" type="uint" value="32"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/><value type="int" value="2"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
    </property>
    <property name="plugin-2" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
"""
_LXQT = """[General]
panels=panel1

[panel1]
desktop=0
iconSize=24
lineCount=1
panelSize=32
plugins=spacer, statusnotifier
position=Bottom
width=100
width-percent=true

[spacer]
type=spacer
expandable=true

[statusnotifier]
type=statusnotifier
"""
_WATCHER = ("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher")
_MENU = "com.canonical.dbusmenu"
_CHROMIUM = """#!/bin/sh
exec {program} --no-sandbox --disable-gpu --disable-background-networking --disable-sync \
 --disable-component-update --password-store=basic --use-mock-keychain \
 --user-data-dir={profile} $WATCHDESK_TEST_BROWSER "$@"
"""


class Desktop:
    """One session on an X server that nobody sees. Everything it starts ends with ``close``."""

    def __init__(self, home: Path, panel: str = "xfce4-panel") -> None:
        """Start X server and session bus; the panel comes with ``start_panel``."""
        self.home = home
        self._panel = PANELS[panel]
        self._processes: list[subprocess.Popen[bytes]] = []
        self._others: display.Display | None = None
        run, settings = home / "run", home / ".config/xfce4/xfconf/xfce-perchannel-xml"
        for folder in (run, settings, home / ".config/lxqt", home / "bin", home / "tmp"):
            folder.mkdir(parents=True)
        run.chmod(0o700)
        (settings / "xfce4-panel.xml").write_text(_XFCE)
        (home / ".config/lxqt/panel.conf").write_text(_LXQT)
        kept = {"PATH", "LD_LIBRARY_PATH", "PYTHONPATH"}
        self.environment = {name: os.environ[name] for name in kept if name in os.environ} | {
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(run),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_STATE_HOME": str(home / "state"),
            "TMPDIR": str(home / "tmp"),
            "LANG": "C.UTF-8",
            "NO_AT_BRIDGE": "1",
            "GTK_A11Y": "none",
        }
        self.environment["DISPLAY"] = self._x_server()
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = self._bus()
        self.paint()
        self.start("openbox")
        self._notices = home / "notices.txt"
        self.start(sys.executable, "-m", "tests.support.notices", str(self._notices))
        until(self._notices.exists, what="the notification daemon")

    def start(
        self, *command: str, output: Path | None = None, **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start a program of this session."""
        log = output or self.home / f"{Path(command[0]).name}-{len(self._processes)}.log"
        with log.open("ab") as written:
            process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=self.environment | environment,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def run(self, *command: str) -> str:
        """Run a program of this session to its end and return what it printed."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False, timeout=30
        )
        return done.stdout.strip()

    def tray(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start ``watchdesk-tray`` with these arguments."""
        return self.start(sys.executable, "-m", "tray", *arguments, output=None, **environment)

    def start_panel(self) -> subprocess.Popen[bytes]:
        """Start the panel and wait until it takes icons."""
        panel = self.start(*self._panel)
        until(lambda: self._property("ProtocolVersion") is not None, what="the panel's watcher")
        return panel

    def with_chromium(self, program: str) -> None:
        """Put a Chromium with a profile of this home first on the path (root needs flags)."""
        wrapper = self.home / "bin" / "google-chrome-stable"
        wrapper.write_text(_CHROMIUM.format(program=program, profile=self.home / "profile"))
        wrapper.chmod(0o755)
        self.environment["PATH"] = f"{wrapper.parent}:{self.environment['PATH']}"

    def picture(self, name: str = "") -> Image.Image:
        """Return what the screen shows; kept as a file in the home when it has a ``name``."""
        image = ImageGrab.grab(xdisplay=self.environment["DISPLAY"]).convert("RGB")
        if name:
            image.save(self.home / f"{name}.png")
        return image

    def icon_at(self, colour: tuple[int, int, int]) -> tuple[int, int] | None:
        """Return where the icon of this colour is in the panel: by its pixels, as people do."""
        found = [
            (x, y)
            for x, y, one in _pixels(self.picture(), HEIGHT - PANEL)
            if all(abs(a - b) < 12 for a, b in zip(one, colour, strict=True))
        ]
        if len(found) < 40:
            return None
        return sum(x for x, _y in found) // len(found), sum(y for _x, y in found) // len(found)

    def items(self) -> list[str]:
        """Return the icons that are registered with the panel."""
        told = self._property("RegisteredStatusNotifierItems")
        return list(told) if isinstance(told, list) else []

    def menu(self) -> dict[str, int]:
        """Return the labels of the icon's menu with their numbers, submenus included."""
        (item,) = self.items()
        name = item.partition("/")[0]
        layout = self._busctl(
            "call", name, "/watchdesk/menu", _MENU, "GetLayout", "iias", "--", "0", "-1", "0"
        )
        found: dict[str, int] = {}
        _labels(layout[1], found)
        return found

    def open_menu(self, place: tuple[int, int]) -> None:
        """Open the icon's menu with the mouse's right button; returns once it can be seen."""
        self.run("xdotool", "mousemove", *map(str, place))
        before = self.picture().crop(_ABOVE_ICON)
        self.run("xdotool", "click", "3")
        until(lambda: self.picture().crop(_ABOVE_ICON) != before, what="the opened menu")

    def choose(self, label: str) -> None:
        """Choose from the icon's menu as the panel does."""
        number = self.menu()[label]
        name = self.items()[0].partition("/")[0]
        self._busctl("call", name, "/watchdesk/menu", _MENU, "Event", "isvu", "--",
                     str(number), "clicked", "s", "", "0")  # fmt: skip

    def type(self, text: str) -> None:
        """Type a text of ASCII characters (xdotool loses others at times)."""
        assert text.isascii()
        self.run("xdotool", "type", "--clearmodifiers", "--delay", "15", text)

    def shows(self, box: tuple[int, int, int, int], **least: int) -> bool:
        """Tell whether a part of the screen has so many pixels of each colour (``x1b2430=500``)."""
        content = self.picture().crop(box).tobytes()
        seen = Counter(content[at : at + 3].hex() for at in range(0, len(content), 3))
        return all(seen[name.removeprefix("x")] >= count for name, count in least.items())

    def notices(self) -> str:
        """Return every notification so far, one a line."""
        return self._notices.read_text(encoding="utf-8")

    def windows(self, title: str) -> list[str]:
        """Return the visible windows with this in their title."""
        return self.run("xdotool", "search", "--onlyvisible", "--name", title).split()

    def active(self) -> str:
        """Return the title of the window that has the keyboard."""
        return self.run("xdotool", "getactivewindow", "getwindowname")

    def keys(self, *names: str) -> None:
        """Press keys, one after another."""
        for name in names:
            self.run("xdotool", "key", "--clearmodifiers", name)

    def close(self) -> None:
        """End everything, the newest first; what the screen showed last stays as a picture."""
        with suppress(OSError):
            self.picture("end")
        if self._others is not None:
            self._others.close()
        for process in reversed(self._processes):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _x_server(self) -> str:
        reading, writing = os.pipe()
        with (self.home / "xvfb.log").open("wb") as log:
            screen = f"{WIDTH}x{HEIGHT}x24"
            command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", screen]
            self._processes.append(
                subprocess.Popen(
                    [*command, "-nolisten", "tcp", "-noreset"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(writing,),
                    start_new_session=True,
                )
            )
        os.close(writing)
        with os.fdopen(reading) as told:
            return f":{told.readline().strip()}"

    def paint(self, *patches: tuple[Image.Image, tuple[int, int]]) -> None:
        """Paint the wallpaper, with pictures at places of it."""
        wallpaper = Image.new("RGB", (WIDTH, HEIGHT), WALLPAPER)
        for image, place in patches:
            wallpaper.paste(image, place)
        server = display.Display(self.environment["DISPLAY"])
        screen = server.screen()
        pixmap = screen.root.create_pixmap(WIDTH, HEIGHT, screen.root_depth)
        pixmap.put_pil_image(pixmap.create_gc(), 0, 0, wallpaper)
        screen.root.change_attributes(background_pixmap=pixmap)
        screen.root.clear_area()
        server.sync()
        server.close()

    def show_titles(self, titles: Sequence[str]) -> None:
        """Have windows with these titles, a pixel each, until the session ends."""
        self._others = display.Display(self.environment["DISPLAY"])
        screen = self._others.screen()
        for title in titles:
            window = screen.root.create_window(
                0, 0, 1, 1, 0, screen.root_depth, override_redirect=True
            )
            window.set_wm_name(title)
            window.change_text_property(
                self._others.get_atom("_NET_WM_NAME"), self._others.get_atom("UTF8_STRING"), title
            )
            window.map()
        self._others.sync()

    def _bus(self) -> str:
        process = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--print-address"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._processes.append(process)
        assert process.stdout is not None
        with process.stdout as told:
            return told.readline().decode().strip()

    def _property(self, name: str) -> Any:
        return self._busctl("get-property", *_WATCHER, _WATCHER[0], name)

    def _busctl(self, *arguments: str) -> Any:
        address = self.environment["DBUS_SESSION_BUS_ADDRESS"]
        told = self.run("busctl", f"--address={address}", "--json=short", *arguments)
        return json.loads(told)["data"] if told else None


def _labels(node: Sequence[Any], found: dict[str, int]) -> None:
    number, told, children = node
    if "label" in told:
        found[told["label"]["data"]] = number
    for child in children:
        _labels(child["data"], found)


def _pixels(image: Image.Image, top: int) -> list[tuple[int, int, tuple[int, int, int]]]:
    strip = image.crop((0, top, image.width, image.height))
    content = strip.tobytes()
    width = strip.width
    return [
        (at % width, top + at // width, (content[3 * at], content[3 * at + 1], content[3 * at + 2]))
        for at in range(len(content) // 3)
    ]
