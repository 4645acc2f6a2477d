"""A notification daemon that shows nothing and writes down everything, one JSON text a line.

python -m tests.support.notices FILE
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any

from dbus_fast import BusType
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusInt32, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method

NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
Actions = Annotated[list[str], DBusSignature("as")]
Hints = Annotated[dict[str, Any], DBusSignature("a{sv}")]


class Notices(ServiceInterface):
    """What programs ask of such a daemon; those of ours ask nothing but this."""

    def __init__(self, file: Path) -> None:
        """Write to ``file``."""
        super().__init__(NAME)
        self._file = file
        self._count = 0

    def begin(self) -> None:
        """Make the file: from here on nothing is missed."""
        self._file.touch()

    @dbus_method()
    def Notify(  # noqa: N802 - the specification's
        self, app: DBusStr, _replaces: DBusUInt32, _icon: DBusStr, title: DBusStr, text: DBusStr,
        _actions: Actions, _hints: Hints, _longest_ms: DBusInt32,
    ) -> DBusUInt32:  # fmt: skip
        """Take a notification and give it a number."""
        self._count += 1
        told = {"app": app, "title": title, "text": text}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(told, ensure_ascii=False) + "\n")
        return self._count


async def main(file: Path) -> None:
    """Serve on the session bus until it goes away."""
    bus = await MessageBus(bus_type=BusType.SESSION).connect()
    notices = Notices(file)
    bus.export(PATH, notices)
    await bus.request_name(NAME)
    notices.begin()
    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # untyped there


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
