"""Lists: a page of items and the address of the next one, by keyset and never by offset."""

from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

from django.http import HttpRequest
from ninja import Query, Schema
from pydantic import Field

_Item = TypeVar("_Item")

Limit = Annotated[int, Query(ge=1, le=200, description="Items on one page.")]

Number = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A row's number, as far as a database can count."""
Identifier = Annotated[str, Field(max_length=36, pattern=r"^[0-9a-f-]*$")]
"""A device's id or the beginning of one."""


class Page(Schema, Generic[_Item]):
    """One page of a list."""

    items: list[_Item]
    next: str | None = Field(None, description="Where the next page is; null at the end.")


def next_address(request: HttpRequest, after: object) -> str:
    """Return this request's address with ``after`` set to the last item's key."""
    members = request.GET.dict() | {"after": str(after)}
    return f"{request.path}?{urlencode(members)}"
