"""What people at devices file, stored: each envelope in a transaction of its own.

They are few (somebody typed them) and each touches several tables, so they do not go through the
writer's groups. Once for each envelope all the same: its id is written in the transaction of what
it caused, and who comes second finds it there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

from django.db import IntegrityError
from django.db.transaction import atomic

from agent.protocol.receipts import Receipt, ReceiptResult
from agent.protocol.replies import Reply, parse_reply
from agent.protocol.reports import Piece, Report, parse_piece, parse_sent_report
from agent.protocol.strict import ProtocolError, parse, text_of
from server_stub.clients.models import Device
from server_stub.contacts import answering, attachments, filing
from server_stub.errors import ServerError
from server_stub.intake.credentials import KnownDevice
from server_stub.intake.decode import identifier_of, refused
from server_stub.intake.group import CHANGED_BODY
from server_stub.intake.models import SeenEnvelope
from server_stub.intake.writer import UnavailableError
from server_stub.walls import seen_by

_Message = TypeVar("_Message", Report, Piece, Reply)


@dataclass(frozen=True, slots=True)
class _Once:
    """One envelope and whose it is; ``do`` stores it and returns its ticket's number."""

    device: KnownDevice
    id: str
    body_sha256: bytes
    do: Callable[[Device], int | None]


def store_report(known: KnownDevice, body: bytes, now: datetime) -> Receipt:
    """Store a report's ticket; return the receipt with its number.

    Raises ProtocolError when the body is not JSON, UnavailableError when the device just went.
    """
    return _stored(
        known,
        body,
        parse_sent_report,
        lambda report, device: filing.file(device, report, now).id,
    )


def store_reply(known: KnownDevice, body: bytes, now: datetime) -> Receipt:
    """Store what a contact says to a ticket; as ``store_report``."""

    def answer(reply: Reply, device: Device) -> int | None:
        ticket = answering.answer(device, reply, now)
        return ticket.id if ticket else None

    return _stored(known, body, parse_reply, answer)


def store_piece(known: KnownDevice, body: bytes, now: datetime) -> Receipt:
    """Store a piece of a file; with the last one the file is looked at and kept, or refused."""

    def take(piece: Piece, device: Device) -> int | None:
        return attachments.take(device, piece)

    del now
    receipt = _stored(known, body, parse_piece, take)
    if receipt.result is not ReceiptResult.REFUSED:
        piece = parse_piece(parse(body))
        with seen_by(frozenset({known.client_id})):
            attachments.finish(known.id, piece.report, piece.attachment)
    return receipt


def _stored(
    known: KnownDevice,
    body: bytes,
    read: Callable[[object], _Message],
    do: Callable[[_Message, Device], int | None],
) -> Receipt:
    tree = parse(body)
    if not isinstance(tree, dict):
        raise ProtocolError("", "the body is not a JSON object")
    try:
        message = read(tree)
    except ProtocolError as error:
        return refused(identifier_of(tree), str(error))
    once = _Once(
        known,
        message.id,
        sha256(text_of(tree).encode()).digest(),
        lambda device: do(message, device),
    )
    with seen_by(frozenset({known.client_id})):
        try:
            return _settled(once, now_or_never=False)
        except IntegrityError:  # the same envelope, or the same contact, by another request
            return _settled(once, now_or_never=True)


def _settled(once: _Once, *, now_or_never: bool) -> Receipt:
    try:
        with atomic():
            seen = SeenEnvelope.objects.filter(envelope_id=once.id, device=once.device.id).first()
            if seen is not None:
                return _again(once, seen)
            device = _device(once.device.id)
            number = once.do(device)
            SeenEnvelope.objects.create(
                device=device,
                envelope_id=once.id,
                body_sha256=once.body_sha256,
                ticket_number=number,
            )
    except ServerError as error:
        return refused(once.id, str(error))
    except IntegrityError as error:
        if now_or_never:
            raise UnavailableError from error
        raise
    return Receipt(once.id, ReceiptResult.ACCEPTED, number)


def _again(once: _Once, seen: SeenEnvelope) -> Receipt:
    if bytes(seen.body_sha256) != once.body_sha256:
        return refused(once.id, CHANGED_BODY)
    return Receipt(once.id, ReceiptResult.DUPLICATE, seen.ticket_number)


def _device(device_id: str) -> Device:
    rows = Device.objects.select_related("client", "site").defer("facts", "heartbeat")
    device = rows.filter(id=device_id).first()
    if device is None:  # removed a moment ago: next time it learns that from its token
        raise UnavailableError
    return device
