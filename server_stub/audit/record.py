"""Writing down what a person does, within the transaction of it."""

import json
from datetime import UTC, datetime

from server_stub.audit.models import AuditEntry
from server_stub.walls import seen_by

_LONGEST = {"who": 254, "act": 80, "subject": 300}


def record(
    who: str,
    via: str,
    act: str,
    subject: str = "",
    *,
    client_id: int | None = None,
    now: datetime | None = None,
    **detail: object,
) -> None:
    """Keep that ``who`` did ``act`` to ``subject``; see ``AuditEntry``.

    What is too long is cut: nobody's act fails because of its record. ``detail`` must hold no
    secret, and only what JSON can.
    """
    tree = {name: value for name, value in detail.items() if value not in (None, "")}
    with seen_by(None):  # an entry of no client's is behind the wall of everybody's
        AuditEntry.objects.create(
            at=now or datetime.now(UTC),
            who=_usable("who", who),
            via=via,
            act=_usable("act", act),
            subject=_usable("subject", subject),
            client=client_id,
            detail=json.dumps(tree, ensure_ascii=True) if tree else "",
        )


def _usable(name: str, text: str) -> str:
    return text.replace("\0", "").encode(errors="replace").decode()[: _LONGEST[name]]
