"""Lists: a page of items and the address of the next one, by keyset and never by offset."""

from typing import Annotated, Generic, TypeVar

from django.http import HttpRequest
from ninja import Path, Query, Schema
from pydantic import Field

from server_stub.clients.queries import clients
from server_stub.clients.scope import Scope

_Item = TypeVar("_Item")

MAX_NUMBER = 2**63 - 1
"""As far as a database can count."""

Limit = Annotated[int, Query(ge=1, le=200, description="Items on one page.")]
Number = Annotated[int, Field(ge=0, le=MAX_NUMBER)]
"""A row's number."""
Identifier = Annotated[str, Field(max_length=36, pattern=r"^[0-9a-f-]*$")]
"""A device's id or the beginning of one."""
Key = Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9_]*$")]
"""A word of the policy's."""
Words = Annotated[str, Field(max_length=200)]
TicketNumber = Annotated[int, Path(description="A ticket's number.")]


class Page(Schema, Generic[_Item]):
    """One page of a list."""

    items: list[_Item]
    next: str | None = Field(None, description="Where the next page is; null at the end.")


def next_address(request: HttpRequest, after: object) -> str:
    """Return this request's address with ``after`` set to the last item's key."""
    members = request.GET.copy()
    members["after"] = str(after)
    return f"{request.path}?{members.urlencode()}"


def client_number(scope: Scope, text: str) -> int:
    """Return the number of the client that a filter names by number or name.

    0, which is nobody's, when there is none in the scope: such a filter finds nothing.
    """
    if text.isascii() and text.isdecimal() and len(text) < len(str(MAX_NUMBER)):
        return int(text)
    return clients(scope).filter(name__iexact=text).values_list("id", flat=True).first() or 0
