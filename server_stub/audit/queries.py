"""Reading the audit log, always within a scope."""

from typing import Protocol

from django.db.models import QuerySet

from server_stub.audit.models import AuditEntry


class Scope(Protocol):
    """Whose rows a reader may see, as ``clients.scope`` has it: that package is above this one."""

    @property
    def client_ids(self) -> frozenset[int] | None:
        """Return the clients' numbers, None for all there are."""


def entries(scope: Scope) -> QuerySet[AuditEntry]:
    """Return the entries of these clients' affairs, for who sees all clients all; newest first."""
    rows = AuditEntry.objects.order_by("-id")
    seen = scope.client_ids
    return rows if seen is None else rows.filter(client__in=sorted(seen))
