"""Clients and their sites."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Router, Schema
from pydantic import Field

from server_stub.api import examples
from server_stub.api.access import needs, scope_of
from server_stub.api.paging import Limit, Number, Page, next_address
from server_stub.clients import queries
from server_stub.clients.models import Client
from server_stub.desk.rights import Right

router = Router(tags=["clients"])


class SiteBrief(Schema):
    """A place of a client."""

    id: int
    name: str
    time_zone: str = Field(description="IANA; its working hours are counted in it")


class ClientRow(Schema):
    """A company we support."""

    model_config = examples.answered(examples.CLIENT)

    id: int
    name: str
    policy: str = Field(description="the SLA policy its tickets follow")
    importance: str = Field(description="normal, key or vip")
    sites: list[SiteBrief]


@router.get("", response=Page[ClientRow], summary="Clients with their sites")
@needs(Right.READ)
def list_clients(request: HttpRequest, after: Number = 0, limit: Limit = 50) -> dict[str, Any]:
    """Return clients in the order they were added."""
    rows = queries.clients(scope_of(request)).order_by("id").filter(id__gt=after)
    found = list(rows.prefetch_related("sites")[: limit + 1])
    shown = found[:limit]
    return {
        "items": [_row(client) for client in shown],
        "next": next_address(request, shown[-1].id) if len(found) > limit else None,
    }


@router.get("/{int:client_id}", response=ClientRow, summary="One client")
@needs(Right.READ)
def get_client(
    request: HttpRequest, client_id: Annotated[int, Path(description="A client's number.")]
) -> dict[str, Any]:
    """Return one client."""
    return _row(queries.client(scope_of(request), client_id))


def _row(client: Client) -> dict[str, Any]:
    return {
        "id": client.id,
        "name": client.name,
        "policy": client.policy,
        "importance": client.importance,
        "sites": list(client.sites.all()),
    }
