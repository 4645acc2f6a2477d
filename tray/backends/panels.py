"""What shows the icons of a session: the watcher that panels keep on the session bus."""

import asyncio
from typing import NamedTuple

from dbus_fast import BusType, DBusError, Message, MessageType
from dbus_fast.aio import MessageBus

WATCHER = "org.kde.StatusNotifierWatcher"
WATCHER_PATH = "/StatusNotifierWatcher"
PROPERTIES = "org.freedesktop.DBus.Properties"
PATIENCE_S = 5.0


class Panels(NamedTuple):
    """What shows icons on this session bus; ``problem`` when that cannot be told."""

    watcher: bool = False
    host: bool = False
    items: tuple[str, ...] = ()
    problem: str = ""


def look() -> Panels:
    """Return what shows icons on this session bus."""

    async def ask() -> Panels:
        bus = await MessageBus(bus_type=BusType.SESSION).connect()
        try:
            answer = await bus.call(
                Message(destination=WATCHER, path=WATCHER_PATH, interface=PROPERTIES,
                        member="GetAll", signature="s", body=[WATCHER])
            )  # fmt: skip
        finally:
            bus.disconnect()
        if answer.message_type is not MessageType.METHOD_RETURN:
            return Panels()
        told = {name: variant.value for name, variant in answer.body[0].items()}
        return Panels(
            watcher=True,
            host=bool(told.get("IsStatusNotifierHostRegistered")),
            items=tuple(told.get("RegisteredStatusNotifierItems") or ()),
        )

    try:
        return asyncio.run(asyncio.wait_for(ask(), PATIENCE_S))
    except (OSError, DBusError, ValueError, EOFError, TimeoutError) as error:
        return Panels(problem=f"the session bus cannot be asked: {error}")
