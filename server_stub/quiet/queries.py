"""Reading maintenance windows and what was held back, always within a scope."""

from django.db.models import QuerySet

from server_stub.clients.scope import Scope
from server_stub.errors import NotFoundError
from server_stub.quiet.models import HeldBack, MaintenanceWindow


def windows(scope: Scope) -> QuerySet[MaintenanceWindow]:
    """Return the maintenance windows that may be seen, the newest first."""
    rows = MaintenanceWindow.objects.select_related("client", "site").order_by("-id")
    return scope.filter(rows.select_related("device").defer("device__facts", "device__heartbeat"))


def window(scope: Scope, number: int, *, lock: bool = False) -> MaintenanceWindow:
    """Return one maintenance window; with ``lock`` nobody else changes it. Raises NotFoundError."""
    rows = windows(scope).filter(id=number)
    row = (rows.select_for_update(of=("self",)) if lock else rows).first()
    if row is None:
        raise NotFoundError("maintenance window", number)
    return row


def held_back(scope: Scope) -> QuerySet[HeldBack]:
    """Return what was held back of clients that may be seen, the newest first."""
    rows = HeldBack.objects.select_related("client", "window").order_by("-id")
    return scope.filter(rows.select_related("device").defer("device__facts", "device__heartbeat"))
