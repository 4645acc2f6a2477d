"""A small agent at the local link: keeps what it is given, answers as the contract says.

For tests of the tray alone; the real agent is used where both are looked at together.
"""

import base64
import json
import os
import socket
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.protocol.reports import parse_report
from agent.protocol.strict import ProtocolError

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
DESK: dict[str, Any] = {
    "provider": "Northwind IT",
    "phone": "+44 20 7946 0000",
    "email": "help@desk.example",
    "hours": [
        {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"},
    ],
    "time_zone": "Europe/London",
    "urgent": "+44 20 7946 0999",
    "tray": "always",
    "quit": True,
    "shared_account": False,
    "questions": {},
}
DISK: dict[str, Any] = {
    "fingerprint": "disk-c",
    "title": "Disk C: is nearly full",
    "evaluation": "warning",
    "since": "2026-11-21T08:00:00+00:00",
    "ticket": 1042,
    "ticket_status": "open",
}
FACTS: dict[str, Any] = {
    "hash": "0" * 64,
    "facts": {
        "computer": {"model": "ThinkCentre M75q"},
        "serial": "PF-3KX2A",
        "os": {"name": "Debian 12"},
    },
}
NOTES: list[dict[str, Any]] = [
    {
        "id": "note-printer",
        "title": "The printer prints blank pages",
        "words": "printer blank pages empty toner",
        "text": "Take the toner out, shake it gently, put it back.",
    },
    {"id": "note-vpn", "title": "The VPN does not connect", "words": "vpn", "text": "Restart it."},
]
VERDICT: dict[str, Any] = {
    "where": "computer",
    "known": ["Disk C: is nearly full"],
    "tried": [
        {"what": "gateway", "ok": True, "detail": "192.0.2.1"},
        {"what": "internet", "ok": True, "detail": ""},
    ],
}


class FakeAgent:
    """Listens on ``folder/agent.sock``; ``requests`` holds all that it was asked."""

    def __init__(self, folder: Path) -> None:
        """Start it, with one open alert, facts, notes and a desk that is known."""
        self.path = folder / "agent.sock"
        self.requests: list[dict[str, Any]] = []
        self.reports: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytearray] = {}
        self.said: list[dict[str, Any]] = []
        self.alerts: list[dict[str, Any]] = [DISK]
        self.tickets: list[dict[str, Any]] = []
        self.desk: dict[str, Any] | None = dict(DESK)
        self.connected = True
        self.number: int | None = None
        self.refuses: dict[str, str] = {}
        """Verb → why it is refused."""
        self.breaks_off_at: int | None = None
        """After so many more requests it answers nothing, as one that is killed."""
        self._listening: socket.socket | None = None
        self.start()

    def start(self) -> None:
        """Listen (again)."""
        draft = self.path.with_name(".agent.sock.new")
        draft.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(os.fspath(draft))
        listening.listen(16)
        draft.replace(self.path)
        self._listening = listening
        threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening, as an agent that is stopped."""
        if self._listening is not None:
            self.path.unlink(missing_ok=True)
            self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._listening = None

    def asked(self, verb: str) -> list[dict[str, Any]]:
        """Return the requests with this verb."""
        return [one for one in self.requests if one["verb"] == verb]

    def ticket(self, number: int, title: str, **more: Any) -> dict[str, Any]:
        """Add a ticket of this person, newest first; return it, to be changed."""
        ticket: dict[str, Any] = {
            "report": None, "number": number, "title": title, "status": "open",
            "priority": "normal", "created_at": NOW.isoformat(), "due_at": None,
            "state": "sent", "problem": None, "entries": [], "asks": None,
        } | more  # fmt: skip
        self.tickets.insert(0, ticket)
        return ticket

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        # Who asks may be gone by now: a tray that is quit.
        with suppress(OSError), connection, connection.makefile("rb") as lines:
            for line in lines:
                if self.breaks_off_at is not None:
                    self.breaks_off_at -= 1
                    if self.breaks_off_at < 0:
                        return
                answer = json.dumps(self._answer(json.loads(line)))
                connection.sendall(answer.encode() + b"\n")

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(request)
        verb = request.pop("verb")
        request = dict(request)
        self.requests[-1] = {"verb": verb, **request}
        if verb in self.refuses:
            return {"ok": False, "problem": self.refuses[verb]}
        try:
            return {"ok": True, **getattr(self, f"_{verb}")(request)}
        except ProtocolError as error:
            return {"ok": False, "problem": error.reason, "field": error.field}

    def _known(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {
            "agent": {"version": "0.1.0", "connected": self.connected,
                      "last_success_at": NOW.isoformat(), "problem": None},
            "device": {"name": "FRONT-DESK", "kind": "workstation"},
            "alerts": self.alerts, "desk": self.desk, "tickets": self.tickets,
        }  # fmt: skip

    def _facts(self, _request: dict[str, Any]) -> dict[str, Any]:
        return FACTS

    def _notes(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {"notes": NOTES}

    def _verdict(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {"verdict": VERDICT}

    def _check(self, _request: dict[str, Any]) -> dict[str, Any]:
        check = {"rule": "disk", "target": "C:", "evaluation": "warning", "summary": "3 GiB free"}
        return {"checks": [check], "verdict": VERDICT}

    def _tickets(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {"tickets": self.tickets}

    def _submit(self, request: dict[str, Any]) -> dict[str, Any]:
        parse_report(request)
        kept = self.reports.setdefault(request["id"], request)
        if kept != request:
            raise ProtocolError("id", "another report has this id")
        if self.number is not None and not any(
            one["report"] == request["id"] for one in self.tickets
        ):
            self.ticket(self.number, request["title"], report=request["id"], status="new")
        missing = [
            {"attachment": one["id"], "have": len(self.files.get(one["id"], b""))}
            for one in request["attachments"]
            if len(self.files.get(one["id"], b"")) < one["bytes"]
        ]
        return {"state": "saved", "number": self.number, "missing": missing}

    def _attach(self, request: dict[str, Any]) -> dict[str, Any]:
        (told,) = (
            one
            for one in self.reports[request["report"]]["attachments"]
            if one["id"] == request["attachment"]
        )
        have = self.files.setdefault(told["id"], bytearray())
        if request["offset"] == len(have):
            have += base64.b64decode(request["chunk"])
        return {"have": len(have), "done": len(have) == told["bytes"]}

    def _say(self, request: dict[str, Any]) -> dict[str, Any]:
        self.said.append(request)
        return {}

    _reply = _confirm = _rate = _solved = _say
