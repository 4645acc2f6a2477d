"""Reading what the intake keeps of its own, always within a scope."""

from typing import Any

from server_stub.clients.scope import Scope
from server_stub.database import json_object
from server_stub.intake.models import FactsRecord


def facts_of_hash(scope: Scope, device_id: str, facts_hash: str) -> dict[str, Any] | None:
    """Return a device's facts as they were under this hash; None when they never arrived."""
    rows = FactsRecord.objects.filter(device=device_id, hash=facts_hash)
    text = scope.filter(rows, "device__client").values_list("text", flat=True).first()
    return None if text is None else json_object(text)
