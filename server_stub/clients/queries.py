"""Reading clients, sites and devices: the only way to them, always within a scope."""

from collections.abc import Iterable
from difflib import get_close_matches

from django.db.models import QuerySet

from server_stub.clients.models import Agreement, Client, Device, Site
from server_stub.clients.scope import Scope
from server_stub.errors import InvalidError, NotFoundError


def clients(scope: Scope) -> QuerySet[Client]:
    """Return the clients that may be seen, by name."""
    return scope.filter(Client.objects.order_by("name"), "id")


def client(scope: Scope, client_id: int) -> Client:
    """Return one client; raises NotFoundError."""
    row = clients(scope).filter(id=client_id).first()
    if row is None:
        raise NotFoundError("client", client_id)
    return row


def client_named(scope: Scope, name: str) -> Client:
    """Return the client of this name in any case of letters; raises NotFoundError."""
    row = clients(scope).filter(name__iexact=name).first()
    if row is None:
        raise NotFoundError("client", name, most_like(name, clients(scope)))
    return row


def site(scope: Scope, client: Client, site_id: int) -> Site:
    """Return the client's site of this number; raises NotFoundError."""
    row = sites(scope).filter(client=client, id=site_id).first()
    if row is None:
        raise NotFoundError(f"site of {client.name}", site_id)
    return row


def site_named(scope: Scope, client: Client, name: str) -> Site:
    """Return the client's site of this name in any case of letters; raises NotFoundError."""
    rows = sites(scope).filter(client=client)
    row = rows.filter(name__iexact=name).first()
    if row is None:
        raise NotFoundError(f"site of {client.name}", name, most_like(name, rows))
    return row


def most_like(name: str, rows: Iterable[object]) -> str:
    """Return the one of the rows' names that ``name`` was likely meant to be, empty if none."""
    names = {str(row).casefold(): str(row) for row in rows}
    close = get_close_matches(name.casefold(), names, 1)
    return names[close[0]] if close else ""


def sites(scope: Scope) -> QuerySet[Site]:
    """Return the sites that may be seen, by client and name."""
    rows = Site.objects.select_related("client").order_by("client__name", "name")
    return scope.filter(rows)


def devices(scope: Scope) -> QuerySet[Device]:
    """Return the devices that may be seen, by client and name, without their long texts."""
    rows = Device.objects.select_related("client", "site").defer("facts", "heartbeat")
    return scope.filter(rows.order_by("client__name", "name", "id"))


def device(scope: Scope, device_id: str) -> Device:
    """Return one device with facts and heartbeat; raises NotFoundError."""
    rows = Device.objects.select_related("client", "site").filter(id=device_id)
    row = scope.filter(rows).first()
    if row is None:
        raise NotFoundError("device", device_id)
    return row


def device_named(scope: Scope, name: str, client: Client | None = None) -> Device:
    """Return the device (of the client) of that name, in any case of letters, or of that id.

    Raises NotFoundError, and InvalidError for a name that several have.
    """
    rows = devices(scope)
    rows = rows.filter(client=client) if client else rows
    found = list(rows.filter(name__iexact=name)[:2]) or list(rows.filter(id=name))
    if not found:
        kind = f"device of {client.name}" if client else "device"
        raise NotFoundError(kind, name, most_like(name, rows))
    if len(found) > 1:
        raise InvalidError("device", f"several are called {name!r}: give the id")
    return found[0]


def agreements(scope: Scope, client: Client) -> QuerySet[Agreement]:
    """Return a client's agreements with what they cover, those that began last first."""
    rows = Agreement.objects.filter(client=client).order_by("-starts", "-id")
    return scope.filter(rows.prefetch_related("covered__site", "covered__device"))


def agreement(scope: Scope, client: Client, number: int) -> Agreement:
    """Return the client's agreement of this number; raises NotFoundError."""
    row = agreements(scope, client).filter(id=number).first()
    if row is None:
        raise NotFoundError(f"agreement of {client.name}", number)
    return row
