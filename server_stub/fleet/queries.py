"""Reading outages, always within a scope."""

from django.db.models import QuerySet

from server_stub.clients.scope import Scope
from server_stub.fleet.models import Member


def members(scope: Scope, ticket: int) -> QuerySet[Member]:
    """Return the devices of the outages that a ticket tells of, in the order they joined."""
    rows = Member.objects.filter(outage__ticket=ticket).select_related("device", "outage")
    rows = rows.defer("device__facts", "device__heartbeat").order_by("id")
    return scope.filter(rows, "outage__client")
