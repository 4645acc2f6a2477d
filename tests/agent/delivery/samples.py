"""Jobs as the courier makes them."""

import json

from agent.delivery.messages import Job
from agent.protocol.ids import uuid7


def event_text(identifier: str) -> str:
    """Return an event's text, with what an event needs to be told apart."""
    return json.dumps({"id": identifier, "title": "Wenig Platz auf „C:“"}, ensure_ascii=False)


def events(count: int = 1) -> Job:
    """Return a job with so many events."""
    ids = tuple(uuid7() for _ in range(count))
    return Job("post", "events", items=tuple(map(event_text, ids)), ids=ids)


def heartbeat() -> Job:
    """Return a heartbeat."""
    return Job("post", "heartbeat", items=('{"at":"now"}',))
