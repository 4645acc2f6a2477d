"""Clients and their sites."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from server_stub.api.access import scope_of
from server_stub.api.paging import Limit, Number, Page, next_address
from server_stub.clients import queries

router = Router(tags=["clients"])


class SiteBrief(Schema):
    """A place of a client."""

    id: int
    name: str
    time_zone: str


class ClientRow(Schema):
    """A company we support."""

    id: int
    name: str
    policy: str
    sites: list[SiteBrief]


@router.get("", response=Page[ClientRow], summary="Clients with their sites")
def list_clients(request: HttpRequest, after: Number = 0, limit: Limit = 50) -> dict[str, Any]:
    """Return clients in the order they were added."""
    rows = queries.clients(scope_of(request)).order_by("id").filter(id__gt=after)
    found = list(rows.prefetch_related("sites")[: limit + 1])
    shown = found[:limit]
    return {
        "items": [
            {"id": c.id, "name": c.name, "policy": c.policy, "sites": list(c.sites.all())}
            for c in shown
        ],
        "next": next_address(request, shown[-1].id) if len(found) > limit else None,
    }
