"""The facts of a ticket as far as those who reported it wanted them told."""

from collections.abc import Iterable, Mapping
from typing import Any

from agent.protocol.facts import without
from server_stub.contacts.models import Report


def facts_told(facts: Mapping[str, Any], filed: Iterable[Report]) -> dict[str, Any]:
    """Return the facts without what these reports left out."""
    return without(facts, {key for report in filed for key in report.tree.get("without", ())})
