"""Why something is done, as requests say it: a key of the policy's list, one's own words, both."""

from typing import Annotated

from ninja import Schema
from pydantic import Field

from server_stub.api.paging import Key
from server_stub.tickets.acts import MAX_REASON, Reason


class Reasoned(Schema):
    """What is done for a reason."""

    reason_key: Key = Field("", description="one of the policy's reasons, see choices")
    reason: Annotated[str, Field(max_length=MAX_REASON)] = ""

    @property
    def why_told(self) -> Reason:
        """Return the reason as steps take it."""
        return Reason(self.reason_key, self.reason)
