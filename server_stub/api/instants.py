"""Instants in requests: with an offset, told onwards in UTC."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("too far from now") from error


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
