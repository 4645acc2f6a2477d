"""What a screen reader is told of the windows on a desktop, over AT-SPI's own bus."""

import asyncio
from typing import Any, NamedTuple

from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

LAUNCHER = "/usr/libexec/at-spi-bus-launcher"
_NODE = "org.a11y.atspi.Accessible"
_ROOT = ("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
_PAGE = "document web"
_MOST_NODES = 3_000
_PATIENCE_S = 20.0


class Node(NamedTuple):
    """One thing on the screen: what it is, and what it is called."""

    role: str
    name: str


def nodes(session_bus: str) -> list[Node]:
    """Return all that browsers of a session tell of the pages they show."""
    return asyncio.run(asyncio.wait_for(_nodes(session_bus), _PATIENCE_S))


def press(session_bus: str, role: str) -> None:
    """Do with every node of a role what a screen reader does to press it."""
    asyncio.run(asyncio.wait_for(_nodes(session_bus, role), _PATIENCE_S))


async def _nodes(session_bus: str, pressed: str = "") -> list[Node]:
    session = await MessageBus(session_bus, BusType.SESSION).connect()
    address = await _call(session, ("org.a11y.Bus", "/org/a11y/bus"), "org.a11y.Bus", "GetAddress")
    session.disconnect()
    bus = await MessageBus(address).connect()
    found: list[Node] = []
    waiting = [(*_ROOT, False)]
    while waiting and len(found) < _MOST_NODES:
        *where, inside = waiting.pop()
        place = (str(where[0]), str(where[1]))
        role = await _call(bus, place, _NODE, "GetRoleName")
        name = await _call(bus, place, "org.freedesktop.DBus.Properties", "Get", _NODE, "Name")
        children = await _call(bus, place, _NODE, "GetChildren")
        inside = inside or role == _PAGE
        if inside and role is not None:
            found.append(Node(role, name.value if name is not None else ""))
            if role == pressed:
                await _call(bus, place, "org.a11y.atspi.Action", "DoAction", 0)
        waiting += [(owner, path, inside) for owner, path in reversed(children or [])]
    bus.disconnect()
    return found


async def _call(bus: MessageBus, place: tuple[str, str], interface: str, member: str,
                *body: str | int) -> Any:  # fmt: skip
    """Return what a program answers; None when it does not know the thing any longer."""
    signature = "".join("i" if isinstance(one, int) else "s" for one in body)
    message = Message(destination=place[0], path=place[1], interface=interface, member=member,
                      signature=signature, body=list(body))  # fmt: skip
    answer = await bus.call(message)
    if answer.message_type is not MessageType.METHOD_RETURN:
        return None
    return answer.body[0]
