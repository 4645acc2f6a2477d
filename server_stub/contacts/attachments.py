"""Files that come with reports: taken piece by piece, looked at when whole, kept by their hash."""

import base64
import hashlib
import logging
import os
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.db.transaction import atomic

from agent.protocol.reports import Piece as Arrived
from server_stub.attachment_files import place_of
from server_stub.clients.models import Device
from server_stub.contacts.models import Attachment, AttachmentState, Piece
from server_stub.contacts.pictures import PICTURES, NoPictureError, redrawn, sniffed
from server_stub.database import sync
from server_stub.errors import InvalidError, NotFoundError

_log = logging.getLogger(__name__)


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


def finish(device_id: str, report: str, attachment: str) -> None:
    """Look at a file whose last piece has come, and keep it; else do nothing. Twice is once.

    A picture is drawn anew; one that cannot be is refused. The file is on the disk before the
    database says that it is kept.
    """
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
    media_type = sniffed(content)
    try:
        if media_type in PICTURES:
            content, media_type = redrawn(content), "image/png"
    except NoPictureError as error:
        _log.warning("attachment %d is no picture that can be shown: %s", row.id, error)
        _settle(row, AttachmentState.REFUSED, problem="it cannot be read as a picture")
        return
    stored = kept(content)
    _settle(row, AttachmentState.KEPT, stored=stored, size=len(content), media_type=media_type)


def path_of(stored: str) -> Path:
    """Return where the file of this hash is."""
    return place_of(settings.DATA, stored)


def kept(content: bytes) -> str:
    """Write a file under the hash of its bytes, durable and whole or not at all; return it.

    One that is there already is young again: retention leaves it alone until its row is written.
    """
    stored = hashlib.sha256(content).hexdigest()
    path = path_of(stored)
    try:
        os.utime(path)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
        sync(path.parent)
    return stored


def forget(stored: str, before: datetime) -> None:
    """Remove the file of this hash, that no row names, unless it was filed again since ``before``.

    It is taken aside first: whoever files the same meanwhile either made it young, or finds
    none and writes another.
    """
    path = path_of(stored)
    aside = path.with_name(f".old-{stored}")
    try:
        path.replace(aside)
    except FileNotFoundError:
        return
    if aside.stat().st_mtime >= before.timestamp():
        aside.replace(path)
    else:
        aside.unlink()


def _settle(row: Attachment, state: AttachmentState, **columns: object) -> None:
    with atomic():
        Attachment.objects.filter(id=row.id).update(state=state.value, **columns)
        Piece.objects.filter(attachment=row).delete()


def _announced(device_id: str, report: str, attachment: str) -> Attachment | None:
    return Attachment.objects.filter(
        envelope_id=attachment, report__envelope_id=report, report__contact__device=device_id
    ).first()
