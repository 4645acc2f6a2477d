"""A pystray icon that is a StatusNotifierItem: D-Bus alone, no toolkit and no X server.

The specification is freedesktop.org's StatusNotifierItem as KDE, Xfce, LXQt, sway and the
extensions of GNOME host it. Panels come and go; the item registers again with each.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Annotated, Any

from dbus_fast import BusType, DBusError, Message, MessageType, PropertyAccess
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusInt32, DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal
from PIL import Image
from pystray._base import Icon as PystrayIcon

from tray.backends import dbusmenu
from tray.backends.panels import PATIENCE_S, PROPERTIES, WATCHER, WATCHER_PATH
from tray.errors import NoIconError

PATH = "/StatusNotifierItem"
_BUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
_NOTICES = ("org.freedesktop.Notifications", "/org/freedesktop/Notifications")
_SIZES = (16, 22, 24, 32, 48, 64)
_READ = PropertyAccess.READ

Pixmaps = Annotated[list[Any], DBusSignature("a(iiay)")]
ToolTip = Annotated[list[Any], DBusSignature("(sa(iiay)ss)")]


class _Item(ServiceInterface):
    """What a panel asks of an item."""

    def __init__(self, icon: "Icon") -> None:
        super().__init__("org.kde.StatusNotifierItem")
        self._icon = icon

    @dbus_property(access=_READ)
    def Category(self) -> DBusStr:
        return "ApplicationStatus"

    @dbus_property(access=_READ)
    def Id(self) -> DBusStr:
        return str(self._icon.name)

    @dbus_property(access=_READ)
    def Title(self) -> DBusStr:
        return self._icon.title or str(self._icon.name)

    @dbus_property(access=_READ)
    def Status(self) -> DBusStr:
        return self._icon.status

    @dbus_property(access=_READ)
    def WindowId(self) -> DBusInt32:
        return 0

    @dbus_property(access=_READ)
    def IconName(self) -> DBusStr:
        return ""

    @dbus_property(access=_READ)
    def IconPixmap(self) -> Pixmaps:
        return self._icon.pixmaps

    @dbus_property(access=_READ)
    def OverlayIconName(self) -> DBusStr:
        return ""

    @dbus_property(access=_READ)
    def AttentionIconName(self) -> DBusStr:
        return ""

    @dbus_property(access=_READ)
    def ToolTip(self) -> ToolTip:
        return ["", [], self._icon.title, ""]

    @dbus_property(access=_READ)
    def ItemIsMenu(self) -> DBusBool:
        return False

    @dbus_property(access=_READ)
    def Menu(self) -> DBusObjectPath:
        return dbusmenu.PATH

    @dbus_method()
    def Activate(self, _x: DBusInt32, _y: DBusInt32) -> None:
        self._icon.choose(self._icon)

    @dbus_method()
    def SecondaryActivate(self, _x: DBusInt32, _y: DBusInt32) -> None:
        self._icon.choose(self._icon)

    @dbus_method()
    def ContextMenu(self, _x: DBusInt32, _y: DBusInt32) -> None:
        """Do nothing: the panel shows the menu itself."""

    @dbus_method()
    def Scroll(self, _delta: DBusInt32, _orientation: DBusStr) -> None:
        """Do nothing."""

    @dbus_signal()
    def NewIcon(self) -> None:
        """Tell that the picture changed."""

    @dbus_signal()
    def NewTitle(self) -> None:
        """Tell that the title changed."""

    @dbus_signal()
    def NewToolTip(self) -> None:
        """Tell that the tooltip changed."""

    @dbus_signal()
    def NewStatus(self) -> DBusStr:
        return self._icon.status


class Icon(PystrayIcon):  # type: ignore[misc] # pystray is untyped
    """The icon; its methods may be called from any thread.

    ``opened`` is called when somebody opens the menu, ``hosted_changed`` with whether a panel
    shows the icon now. ``failed`` once there is no bus to live on.
    """

    def __init__(self, *given: object, **more: object) -> None:
        """Take what pystray's icons take."""
        self.pixmaps: list[Any] = []
        self.opened: Callable[[], None] = lambda: None
        self.hosted_changed: Callable[[bool], None] = lambda _hosted: None
        self.failed = False
        self._active = False
        self._loop: asyncio.AbstractEventLoop | None = None
        super().__init__(*given, **more)
        self._item = _Item(self)
        self._dbus_menu = dbusmenu.DBusMenu(
            lambda item: self.choose(item, self), lambda: self._aside(self.opened)
        )

    @property
    def status(self) -> str:
        """Whether the panel should show it, in the specification's words."""
        return "Active" if self._active else "Passive"

    def choose(self, act: Callable[..., None], *given: object) -> None:
        """Do what an item does, aside: a slow one must not freeze the menu."""
        self._aside(act, *given)

    def _aside(self, act: Callable[..., None], *given: object) -> None:
        threading.Thread(target=act, args=given, daemon=True).start()

    def _soon(self, act: Callable[[], Any]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(act)

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except NoIconError:
            self.failed = True
            self._mark_ready()  # else pystray's set-up would wait, and the process with it
            raise

    def _run_detached(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()

    async def _live(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        try:
            self._bus = await MessageBus(bus_type=BusType.SESSION).connect()
        except (OSError, DBusError, ValueError) as error:
            raise NoIconError(f"the session bus cannot be reached: {error}") from error
        self._bus.export(PATH, self._item)
        self._bus.export(dbusmenu.PATH, self._dbus_menu)
        self._bus.add_message_handler(self._heard)
        for match in (
            f"type='signal',member='NameOwnerChanged',arg0='{WATCHER}'",
            f"type='signal',interface='{WATCHER}'",
        ):
            await self._call(_BUS, "AddMatch", "s", match)
        self._mark_ready()
        await self._register()
        lost = asyncio.ensure_future(self._bus.wait_for_disconnect())  # type: ignore[no-untyped-call] # untyped there
        ended = asyncio.ensure_future(self._ended.wait())
        await asyncio.wait({lost, ended}, return_when=asyncio.FIRST_COMPLETED)
        if not self._ended.is_set():
            ended.cancel()
            raise NoIconError("the session bus went away")
        self._bus.disconnect()
        await asyncio.wait({lost})
        lost.exception()

    async def _call(
        self, where: tuple[str, ...], member: str, signature: str = "", *body: object
    ) -> Any:  # noqa: ANN401 - whatever the other end gives
        """Call another program; None when it does not answer or says no."""
        destination, path, interface = (*where, where[0])[:3]
        message = Message(destination=destination, path=path, interface=interface,
                          member=member, signature=signature, body=list(body))  # fmt: skip
        try:
            answer = await asyncio.wait_for(self._bus.call(message), PATIENCE_S)
        except (TimeoutError, OSError, EOFError):
            return None
        if answer.message_type is not MessageType.METHOD_RETURN:
            return None
        return answer.body[0] if answer.body else True

    async def _register(self) -> None:
        watcher = (WATCHER, WATCHER_PATH)
        taken = await self._call(watcher, "RegisterStatusNotifierItem", "s", self._bus.unique_name)
        hosted = taken and await self._call(
            (WATCHER, WATCHER_PATH, PROPERTIES), "Get", "ss", WATCHER,
            "IsStatusNotifierHostRegistered",
        )  # fmt: skip
        self.hosted_changed(bool(hosted and hosted.value))

    def _heard(self, message: Message) -> None:
        """Register with a panel that starts, and notice when it shows items or is gone."""
        if message.message_type is not MessageType.SIGNAL:
            return
        if message.member == "NameOwnerChanged" and message.body[0] == WATCHER:
            if message.body[2]:
                asyncio.ensure_future(self._register())  # noqa: RUF006 - the loop lives on
            else:
                self.hosted_changed(False)  # noqa: FBT003 - one word says it
        elif message.member == "StatusNotifierHostRegistered":
            self.hosted_changed(True)  # noqa: FBT003 - the same

    def _show(self) -> None:
        # pystray's own ``visible`` changes only after this returns: a panel that asks at once
        # would be told the old state, and never again.
        self._active = True
        self._soon(self._item.NewStatus)

    def _hide(self) -> None:
        self._active = False
        self._soon(self._item.NewStatus)

    def _update_icon(self) -> None:
        self.pixmaps = pixmaps(self.icon)
        self._icon_valid = True
        self._soon(self._item.NewIcon)

    def _update_title(self) -> None:
        self._soon(self._item.NewTitle)
        self._soon(self._item.NewToolTip)

    def _update_menu(self) -> None:
        def update() -> None:
            self._dbus_menu.show(self.menu)
            self._dbus_menu.LayoutUpdated()

        self._soon(update)

    def _stop(self) -> None:
        self._soon(self._ended.set)

    def _notify(self, message: str, title: str | None = None) -> None:
        """Show a notification; a daemon that is missing or broken must not hurt the icon."""
        body: tuple[object, ...] = (str(self.name), 0, "", title or self.title, message, [], {}, -1)

        def tell() -> None:
            asyncio.ensure_future(self._call(_NOTICES, "Notify", "susssasa{sv}i", *body))  # noqa: RUF006

        self._soon(tell)

    def _remove_notification(self) -> None:
        """Leave them: the daemon takes them away."""


def pixmaps(image: Image.Image) -> list[Any]:
    """Return a picture in the sizes panels want, as ARGB in network byte order."""
    found = []
    for size in _SIZES:
        red, green, blue, alpha = image.convert("RGBA").resize((size, size)).split()
        found.append([size, size, Image.merge("RGBA", (alpha, red, green, blue)).tobytes()])
    return found
