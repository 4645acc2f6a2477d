"""What devices send and ask for."""

from collections.abc import Callable
from typing import Any

from agent.protocol.credentials import CredentialPrefix, new_credential
from agent.protocol.ids import uuid7
from agent.protocol.words import ReplyKind
from tests.server_stub.intake.messages import an_enrolment, an_event, events_body, some_facts
from tests.server_stub.intake.reports import a_piece, a_reply, a_report
from tests.server_stub.isolation.probe import API, Names, Probe, at
from tests.server_stub.isolation.worlds import NOTHING, a_heartbeat


def _device(path: str, body: Callable[[Names], bytes], **more: Any) -> Probe:
    return Probe(
        API + path, "device", "POST", at(API + path), body, named=False, changes=True, **more
    )


def _enrol(device_id: Callable[[Names], str], note: str) -> Probe:
    def body(names: Names) -> bytes:
        token = new_credential(CredentialPrefix.DEVICE)
        return an_enrolment(token, device_id=device_id(names)).to_text().encode()

    return Probe(
        API + "enroll",
        "enrolment",
        "POST",
        at(API + "enroll"),
        body,
        named=False,
        changes=True,
        note=note,
    )


_REPLY = uuid7()
"""Told back in a refusal; a refused one is not kept, so it serves again."""
DEVICE_PROBES = (
    _device("events", lambda _: events_body(an_event())),
    _device("facts", lambda _: some_facts(user="probe").to_text().encode()),
    _device("heartbeat", lambda _: a_heartbeat().encode()),
    _device("tickets", lambda _: a_report().to_text().encode()),
    _device(
        "tickets", lambda names: a_report(same_as=names["word"]).to_text().encode(), note="me too"
    ),
    Probe(
        API + "replies",
        "device",
        "POST",
        at(API + "replies"),
        lambda names: a_reply(id=_REPLY, ticket=int(names["ticket"])).to_text().encode(),
        changes=True,
    ),
    Probe(
        API + "replies",
        "device",
        "POST",
        at(API + "replies"),
        lambda names: a_reply(ReplyKind.SOLVED, note=names["note"]).to_text().encode(),
        named=False,
        changes=True,
        note="a note helped",
    ),
    Probe(
        API + "attachments",
        "device",
        "POST",
        at(API + "attachments"),
        lambda names: a_piece(report=names["report"], id=_REPLY).to_text().encode(),
        changes=True,
    ),
    Probe(
        API + "device/tickets",
        "device",
        "GET",
        at(API + "device/tickets"),
        named=False,
        shows=True,
        differs=True,
    ),
    *(
        Probe(
            f"{API}device/{name}",
            "device",
            "GET",
            at(f"{API}device/{name}"),
            named=False,
            shows=name == "notes",
            differs=True,
        )
        for name in ("profile", "notes")
    ),
    _enrol(lambda _: uuid7(), "a new device"),
    # That another client's device has an id is told: it is a random number that only a copy of
    # that disk can know, and its owner must learn of it. Nothing else is.
    _enrol(lambda names: uuid7() if names is NOTHING else names["device"], "a copy"),
)
