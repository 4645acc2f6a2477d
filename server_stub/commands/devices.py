"""``device retire`` and ``device restore``."""

from argparse import Namespace
from datetime import UTC, datetime

from server_stub.clients.models import Device
from server_stub.clients.queries import client_named, device_named
from server_stub.clients.scope import ALL
from server_stub.commands.audit import operator
from server_stub.fleet.retiring import restore, retire


def retired(arguments: Namespace) -> None:
    """Take a device out of use."""
    row = retire(
        *(ALL, operator(), _device(arguments).id, arguments.reason, datetime.now(UTC)),
        via="command",
    )
    print(f"{row.name} of {row.client.name} is retired; its tickets and its history stay")


def restored(arguments: Namespace) -> None:
    """Take a retired device back."""
    row = restore(
        *(ALL, operator(), _device(arguments).id, arguments.reason, datetime.now(UTC)),
        via="command",
    )
    print(f"{row.name} of {row.client.name} is back; its token holds again")


def _device(arguments: Namespace) -> Device:
    client = None if arguments.client is None else client_named(ALL, arguments.client)
    return device_named(ALL, arguments.device, client)
