"""Files that come with reports: taken piece by piece, looked at when whole, kept by their hash."""

import base64
import hashlib
from datetime import datetime

from django.db.transaction import atomic

from agent.protocol.reports import Piece as Arrived
from server_stub.clients.models import Device
from server_stub.contacts.models import Attachment, AttachmentState, Piece
from server_stub.errors import InvalidError, NotFoundError


def take(device: Device, arrived: Arrived) -> int:
    """Keep a piece within the caller's transaction; return the number of its ticket.

    Raises NotFoundError for a file that no report of this device announced, InvalidError for one
    that is not as it was announced.
    """
    attachment = _announced(device.id, arrived.report, arrived.attachment)
    if attachment is None:
        raise NotFoundError("attachment", arrived.attachment)
    if (attachment.total, attachment.sha256) != (arrived.total, arrived.sha256):
        raise InvalidError("total", "not what the report announced")
    if attachment.state == AttachmentState.ARRIVING:
        content = base64.b64decode(arrived.chunk)
        Piece.objects.update_or_create(
            attachment=attachment, offset=arrived.offset, defaults={"content": content}
        )
    return attachment.ticket_id


def finish(device_id: str, report: str, attachment: str, now: datetime) -> None:
    """Look at a file whose last piece has come, and keep it; else do nothing. Twice is once."""
    del now
    row = _announced(device_id, report, attachment)
    if row is None or row.state != AttachmentState.ARRIVING:
        return
    pieces = Piece.objects.filter(attachment=row).order_by("offset")
    content = b"".join(bytes(one) for one in pieces.values_list("content", flat=True))
    if len(content) < row.total:
        return
    if hashlib.sha256(content).hexdigest() != row.sha256:
        _settle(row, AttachmentState.REFUSED, problem="it is not what was announced")
        return


def _settle(row: Attachment, state: AttachmentState, **columns: object) -> None:
    with atomic():
        Attachment.objects.filter(id=row.id).update(state=state.value, **columns)
        Piece.objects.filter(attachment=row).delete()


def _announced(device_id: str, report: str, attachment: str) -> Attachment | None:
    return Attachment.objects.filter(
        envelope_id=attachment, report__envelope_id=report, report__contact__device=device_id
    ).first()
