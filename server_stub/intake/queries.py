"""Reading what the intake keeps of its own, always within a scope."""

from typing import Any

from server_stub.clients.models import Device
from server_stub.clients.scope import Scope
from server_stub.database import json_object
from server_stub.intake.models import FactsRecord, LastWord


def facts_of_hash(scope: Scope, device_id: str, facts_hash: str) -> dict[str, Any] | None:
    """Return a device's facts as they were under this hash; None when they never arrived."""
    rows = FactsRecord.objects.filter(device=device_id, hash=facts_hash)
    text = scope.filter(rows, "device__client").values_list("text", flat=True).first()
    return None if text is None else json_object(text)


def facts_reported(scope: Scope, device: Device, facts_hash: str) -> tuple[dict[str, Any], bool]:
    """Return the facts a report named by their hash and True; the latest and False without."""
    if facts_hash and facts_hash == device.facts_hash:
        return device.facts_tree, True
    held = facts_of_hash(scope, device.id, facts_hash) if facts_hash else None
    return (device.facts_tree, False) if held is None else (held, True)


def last_word(device: Device) -> LastWord | None:
    """Return what a device announced last, taken back or not; None when it never did.

    As its latest facts it is seen by whoever was shown the device itself.
    """
    return LastWord.objects.filter(device=device).first()
