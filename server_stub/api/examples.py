"""One small story that the interface's document tells in all its examples."""

from typing import Any

from pydantic import ConfigDict


def as_written(example: dict[str, Any]) -> dict[str, Any]:
    """Return one of the examples below with its members in order; pydantic sorts them."""
    return next(one for one in _shown if one == example)


def answered(example: dict[str, Any]) -> ConfigDict:
    """Return the configuration of a shape we answer with."""
    _shown.append(example)
    return ConfigDict(json_schema_extra={"examples": [example]})


def asked(example: dict[str, Any]) -> ConfigDict:
    """Return the configuration of a shape we are sent: a member it does not know is refused."""
    _shown.append(example)
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})


_shown: list[dict[str, Any]] = []

_DEVICE_ID = "0193a1f0-5c1e-7b6a-9a53-2f6f0d9f4c11"
_POLICY = "8c5f0f2d6b3e4a6f9d1c7e0b5a4f3e2d1c0b9a8f7e6d5c4b3a2f1e0d9c8b7a6f"

TICKET_ROW: dict[str, Any] = {
    "number": 17,
    "revision": "2-5f0c3a91",
    "title": "Low disk space on C:: 3.2 GiB free",
    "status": "open",
    "stage": "open",
    "priority": "high",
    "type": "incident",
    "level": 1,
    "team": "",
    "scope": "direct",
    "chargeable": False,
    "close_reason": "",
    "resolution": "",
    "approval": "",
    "accepted_until": None,
    "source": "monitor",
    "client": "Harbour Dental",
    "site": "Quay Street",
    "device": {"id": _DEVICE_ID, "name": "FRONTDESK-03", "kind": "workstation"},
    "assignee": "ana.sousa@desk.example",
    "fingerprint": "disk-space-workstation:C:",
    "evaluation": "critical",
    "occurrences": 1,
    "created_at": "2026-11-19T10:12:00Z",
    "updated_at": "2026-11-19T10:31:00Z",
    "resolved_at": None,
    "clocks": [
        {"name": "response", "state": "stopped", "due_at": "2026-11-19T12:12:00Z"},
        {"name": "resolution", "state": "running", "due_at": "2026-11-23T10:12:00Z"},
    ],
}
TICKET = TICKET_ROW | {
    "workaround": "",
    "policy": "managed-provider 1f6c0a9e",
    "facts": {"os": {"name": "Windows 11 Pro", "version": "23H2"}},
    "attachments": [
        {
            "id": 5,
            "name": "screen.png",
            "state": "kept",
            "media_type": "image/png",
            "size_bytes": 48211,
            "problem": "",
        }
    ],
}
NEW_TICKET = {
    "client": "Harbour Dental",
    "site": "Quay Street",
    "title": "The printer at reception prints blank pages",
    "body": "Since this morning, also after a restart.",
    "priority": "normal",
    "source": "phone",
}
CHANGE = {
    "priority": "high",
    "reason": "The practice cannot print prescriptions.",
    "assignee": "ana.sousa@desk.example",
}
REPLY = {"body": "Does it also happen from another computer?", "status": "waiting"}
NOTE = {"body": "Under warranty until May."}
RESOLUTION = {"body": "Replaced the toner cartridge."}
REOPENING = {"body": "Blank pages again."}
CALL = {"body": "She will restart the printer and call again."}
REVIEW = {"body": "The driver is at fault. We install the new one tonight."}
WORKAROUND = {"body": "Print to the one on the first floor until then."}
CLOSING = {"why": "resolved", "fixed": True}
CONFIRMATION = {"fixed": True, "body": "She says it prints."}
ESCALATION = {
    "level": "2",
    "message": "A colleague of the second line takes over.",
    "expectation": "You hear from us by noon.",
    "reason": "It needs a visit.",
}
CONSULTATION = {"level": "3", "body": "The vendor knows of it: a new driver comes on Friday."}
APPEAL = {"body": "They ask the customer excellence manager to look at it."}
APPROVAL_GIVEN = {"granted": True}
GRADING = {"urgency": "high", "impact": "many", "complexity": "", "reason_key": "", "reason": ""}
DATE = {"clock": "resolution", "due_at": "2026-12-04T16:00:00Z"}
DUPLICATE = {"of": 12}
LINK = {"other": 12, "kind": "child"}
LINK_SHOWN = {
    "kind": "child",
    "number": 12,
    "title": "Site Quay Street is offline",
    "status": "open",
    "points": "to",
}
PARTICIPANT = {"name": "Dr Rui Costa", "email": "rui@harbour-dental.example"}
PARTICIPANT_SHOWN = PARTICIPANT | {"id": 8, "watches": False}
LEAVING = {"participant": 8}
WATCHING = {"on": True}
ATTEMPT = {"way": "phone", "note": "No answer, left a message."}
OUTCOME = {"outcome": "canceled", "note": "Without their serial number we cannot go on."}
WORK = {"started_at": "2026-11-19T10:15:00Z", "minutes": 25, "note": "New driver."}
WORK_SHOWN = WORK | {"id": 431, "who": "ana.sousa@desk.example", "chargeable": False}
DELAY = {"reason": "The road to the site is flooded."}
ACCEPTING = {"until": "2027-03-01T00:00:00Z", "reason": "The drive is replaced with the computer."}
ENDING = {"reason": "The drive was replaced."}
NOTICE = {
    "id": 3,
    "kind": "warning",
    "to": "ana.sousa@desk.example",
    "text": "Ticket 17, 75 %: Resolution: due today 16:00 (in 1 working hour); 3 h of 4 h used.",
    "at": "2026-11-19T15:00:00Z",
    "send_at": "2026-11-19T15:00:00Z",
    "sent_at": None,
}
CHOICE = {"name": "waiting", "title": "waiting"}
SUPPOSED = {
    "name": "resolution",
    "sentence": "Resolution: would be due Monday 11:45 instead of Tuesday 15:45.",
    "due_at": "2026-11-24T15:45:00Z",
    "would_be_due_at": "2026-11-23T11:45:00Z",
}
ENTRY = {
    "id": 412,
    "at": "2026-11-19T10:31:00Z",
    "device_at": None,
    "kind": "priority",
    "actor": "ana.sousa@desk.example",
    "channel": "api",
    "body": "",
    "payload": {
        "from": "normal",
        "to": "high",
        "reason": "The practice cannot print prescriptions.",
    },
}
CLOCK = {
    "name": "resolution",
    "state": "running",
    "sentence": "Resolution: due Monday 10:12 (in 15 h 41 min working time); 19 min of 16 h used.",
    "due_at": "2026-11-23T10:12:00Z",
    "aim_at": None,
    "started_at": "2026-11-19T10:12:00Z",
    "stopped_at": None,
    "breached_at": None,
    "target_s": 57600.0,
    "elapsed_s": 1140.0,
    "remaining_s": 56460.0,
    "promise": "row 2 (source monitor, priority high)",
    "policy": _POLICY,
    "intervals": [
        {
            "start_at": "2026-11-19T10:12:00Z",
            "end_at": "2026-11-19T10:31:00Z",
            "counted": True,
            "why": "calendar office",
            "status": "open",
            "promise": "row 2 (source monitor, priority high)",
            "policy": _POLICY,
            "round": 1,
        }
    ],
}
DEVICE_ROW: dict[str, Any] = {
    "id": _DEVICE_ID,
    "name": "FRONTDESK-03",
    "kind": "workstation",
    "os": "windows",
    "importance": "normal",
    "client": "Harbour Dental",
    "site": "Quay Street",
    "agent_version": "0.1.0",
    "enrolled_at": "2026-10-20T08:00:00Z",
    "last_seen_at": "2026-11-19T10:29:20Z",
    "retired_at": None,
    "retired_by": "",
    "retired_because": "",
}
DEVICE = DEVICE_ROW | {
    "facts": {"os": {"name": "Windows 11 Pro", "version": "23H2"}},
    "heartbeat": {"at": "2026-11-19T10:29:20.000Z", "agent_version": "0.1.0", "checks": []},
    "last_word": {
        "word": "shutdown",
        "at": "2026-11-18T18:02:11Z",
        "taken_back_at": "2026-11-19T08:31:05Z",
    },
}
CLIENT = {
    "id": 3,
    "name": "Harbour Dental",
    "policy": "default",
    "importance": "key",
    "sites": [{"id": 5, "name": "Quay Street", "time_zone": "Europe/London"}],
}
FILE = "(the bytes of screen.png)"
PROBLEM = {
    "type": "urn:watchdesk:problem:not_found",
    "title": "Not found",
    "status": 404,
    "detail": "There is no such ticket.",
}
