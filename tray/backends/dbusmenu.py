"""A pystray menu as ``com.canonical.dbusmenu``, which panels read over D-Bus."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

from dbus_fast import PropertyAccess, Variant
from dbus_fast.annotations import DBusInt32, DBusSignature, DBusStr, DBusUInt32, DBusVariant
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal
from pystray import Menu

PATH = "/watchdesk/menu"
_ROOT = 0
_NO_LIMIT = 32
_READ = PropertyAccess.READ

Layout = Annotated[list[Any], DBusSignature("u(ia{sv}av)")]
Properties = Annotated[list[Any], DBusSignature("a(ia{sv})")]
Ids = Annotated[list[int], DBusSignature("ai")]
Names = Annotated[list[str], DBusSignature("as")]
Events = Annotated[list[Any], DBusSignature("a(isvu)")]
Updates = Annotated[list[Any], DBusSignature("aiai")]
Revision = Annotated[list[int], DBusSignature("ui")]


class DBusMenu(ServiceInterface):
    """The menu as it was last set. Numbers are never used twice.

    A panel may show a menu that has just been replaced: choosing from it does what was read.
    """

    def __init__(self, choose: Callable[[Any], None], opened: Callable[[], None]) -> None:
        """``choose`` is given the item chosen, ``opened`` is called when a menu is opened."""
        super().__init__("com.canonical.dbusmenu")
        self._choose, self._opened = choose, opened
        self._revision, self._last = 1, _ROOT
        self._items: dict[int, Any] = {}
        self._before: dict[int, Any] = {}
        self._children: dict[int, list[int]] = {_ROOT: []}

    def show(self, menu: Iterable[Any] | None) -> None:
        """Replace the menu; panels that show it read it anew."""
        self._before, self._items = self._items, {}
        self._children = {_ROOT: []}
        self._add(_ROOT, menu or ())
        self._revision += 1

    def _add(self, parent: int, items: Iterable[Any]) -> None:
        for item in items:
            self._last += 1
            number = self._last
            self._items[number] = item
            self._children[parent].append(number)
            self._children[number] = []
            if item is not Menu.SEPARATOR and item.submenu:
                self._add(number, item.submenu)

    def _told(self, number: int) -> dict[str, Variant]:
        if number == _ROOT:
            return {"children-display": Variant("s", "submenu")}
        item = self._items.get(number)
        if item is None or item is Menu.SEPARATOR:
            return {"type": Variant("s", "separator")}
        told = {
            # one underscore would mark the next letter as the item's key
            "label": Variant("s", item.text.replace("_", "__")),
            "enabled": Variant("b", bool(item.enabled)),
        }
        if self._children[number]:
            told["children-display"] = Variant("s", "submenu")
        return told

    def _node(self, number: int, depth: int) -> list[Any]:
        children = self._children.get(number, []) if depth else []
        return [
            number,
            self._told(number),
            [Variant("(ia{sv}av)", self._node(child, depth - 1)) for child in children],
        ]

    def _happened(self, number: int, event: str) -> None:
        if event == "clicked":
            item = self._items.get(number) or self._before.get(number)
            if item is not None and item is not Menu.SEPARATOR:
                self._choose(item)

    @dbus_property(access=_READ)
    def Version(self) -> DBusUInt32:
        """Return the version of the interface that is spoken."""
        return 3

    @dbus_property(access=_READ)
    def TextDirection(self) -> DBusStr:
        """Return how texts run."""
        return "ltr"

    @dbus_property(access=_READ)
    def Status(self) -> DBusStr:
        """Return that nothing here is pressing."""
        return "normal"

    @dbus_property(access=_READ)
    def IconThemePath(self) -> Names:
        """Return no folders of icons."""
        return []

    @dbus_method()
    def GetLayout(self, parent: DBusInt32, depth: DBusInt32, _names: Names) -> Layout:
        """Return the menu below ``parent``, all of it for a depth of -1."""
        return [self._revision, self._node(parent, _NO_LIMIT if depth < 0 else depth)]

    @dbus_method()
    def GetGroupProperties(self, numbers: Ids, _names: Names) -> Properties:
        """Return what is told of some items, of all when none are named."""
        return [
            [number, self._told(number)]
            for number in (numbers or [_ROOT, *self._items])
            if number == _ROOT or number in self._items
        ]

    @dbus_method()
    def GetProperty(self, number: DBusInt32, name: DBusStr) -> DBusVariant:
        """Return one property of one item."""
        return self._told(number).get(name, Variant("s", ""))

    @dbus_method()
    def Event(self, number: DBusInt32, event: DBusStr, _told: DBusVariant, _at: DBusUInt32) -> None:
        """Take what a person did to an item."""
        self._happened(number, event)

    @dbus_method()
    def EventGroup(self, events: Events) -> Ids:
        """Take several at once; return those of unknown items: none, they may be stale."""
        for number, event, _told, _at in events:
            self._happened(number, event)
        return []

    @dbus_method()
    def AboutToShow(self, number: DBusInt32) -> Annotated[bool, DBusSignature("b")]:
        """Hear that a menu opens. What is new by then comes as an update."""
        if number == _ROOT:
            self._opened()
        return False

    @dbus_method()
    def AboutToShowGroup(self, numbers: Ids) -> Updates:
        """Hear it of several."""
        if _ROOT in numbers:
            self._opened()
        return [[], []]

    @dbus_signal()
    def LayoutUpdated(self) -> Revision:
        """Tell panels to read the menu anew."""
        return [self._revision, _ROOT]
