"""Files that come with reports: whole, looked at, drawn anew, kept by hash; nobody else's."""

import base64
import io
import stat
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from agent.protocol.ids import uuid7
from agent.protocol.receipts import ReceiptResult
from agent.protocol.reports import PIECE_BYTES, Attachment, Piece, piece_id
from server_stub.contacts.attachments import path_of
from server_stub.contacts.models import Attachment as Row
from server_stub.contacts.models import Piece as PieceRow
from server_stub.tickets.models import Ticket
from tests.server_stub.intake.caller import Caller, Response
from tests.server_stub.intake.reports import a_report


def a_picture(kind: str = "PNG", size: tuple[int, int] = (64, 48)) -> bytes:
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", "taken at home")
    out = io.BytesIO()
    options: dict[str, Any] = {"pnginfo": told} if kind == "PNG" else {}
    Image.new("RGB", size, (200, 30, 30)).save(out, kind, **options)
    return out.getvalue()


def filed(device: Caller, content: bytes, name: str = "screen.png", **changes: Any) -> list[Piece]:
    """File a report with one file; return the pieces that are to follow."""
    file = Attachment(uuid7(), name, "image/png", len(content), sha256(content).hexdigest())
    report = a_report(attachments=(file,))
    assert device.post("tickets", report.to_text()).status == 200
    members: dict[str, Any] = {
        "report": report.id,
        "attachment": file.id,
        "name": name,
        "type": file.type,
    }
    members |= {"total": file.bytes, "sha256": file.sha256} | changes
    return [
        Piece(
            id=piece_id(file.id, number),
            offset=number * PIECE_BYTES,
            chunk=base64.b64encode(content[number * PIECE_BYTES :][:PIECE_BYTES]).decode(),
            **members,
        )
        for number in range((len(content) + PIECE_BYTES - 1) // PIECE_BYTES)
    ]


def bring(device: Caller, pieces: list[Piece]) -> list[Response]:
    return [device.post("attachments", one.to_text()) for one in pieces]


def test_a_file_of_many_pieces_is_kept_as_it_was(device: Caller) -> None:
    content = b"line\r\n" * 40_000
    answers = bring(device, filed(device, content, "log.txt"))

    assert {answer.status for answer in answers} == {200}
    row = Row.objects.get()
    assert (row.state, row.media_type, row.size) == ("kept", "text/plain", len(content))
    path = path_of(row.stored)
    assert path.read_bytes() == content
    assert row.stored == sha256(content).hexdigest()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert PieceRow.objects.count() == 0
    assert answers[-1].receipts[0].ticket == Ticket.objects.get().id


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_a_picture_is_drawn_anew_and_tells_nothing_but_its_pixels(
    device: Caller, kind: str
) -> None:
    sent = a_picture(kind)
    bring(device, filed(device, sent + b"<script>alert(1)</script>"))

    row = Row.objects.get()
    kept = path_of(row.stored).read_bytes()
    with Image.open(io.BytesIO(kept)) as picture:
        assert (picture.format, picture.size, picture.info) == ("PNG", (64, 48), {})
    assert b"taken at home" not in kept
    assert b"script" not in kept
    assert row.stored == sha256(kept).hexdigest()


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n" + b"nonsense" * 100,
        a_picture()[:-30],
        b"GIF89a" + b"\xff" * 1000,
    ],
    ids=["no PNG", "cut short", "no GIF"],
)
def test_what_only_looks_like_a_picture_is_refused_and_the_ticket_stays(
    device: Caller, content: bytes
) -> None:
    answers = bring(device, filed(device, content))

    assert {answer.status for answer in answers} == {200}
    row = Row.objects.get()
    assert (row.state, row.stored) == ("refused", "")
    assert "picture" in row.problem
    assert PieceRow.objects.count() == 0


def test_a_picture_of_too_many_pixels_is_refused(device: Caller) -> None:
    """A few kilobytes that would be gigabytes."""
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    bring(device, filed(device, out.getvalue()))
    assert Row.objects.get().state == "refused"


def test_a_web_page_called_a_picture_is_text(device: Caller) -> None:
    bring(device, filed(device, b"<html><script>alert(1)</script>", "cat.png"))
    assert Row.objects.get().media_type == "text/plain"


def test_pieces_come_in_any_order_and_twice(device: Caller) -> None:
    content = b"abc" * 60_000
    pieces = filed(device, content, "log.txt")
    receipts = [answer.receipts[0].result for answer in bring(device, [*pieces[::-1], pieces[0]])]

    assert receipts[-1] is ReceiptResult.DUPLICATE
    assert path_of(Row.objects.get().stored).read_bytes() == content


def test_a_file_that_is_not_as_announced_is_refused(device: Caller) -> None:
    [piece] = filed(device, b"abc", "a.txt")
    changed = base64.b64encode(b"abd").decode()
    bring(device, [Piece(**{n: getattr(piece, n) for n in piece.__slots__} | {"chunk": changed})])

    assert (Row.objects.get().state, Row.objects.get().problem) == (
        "refused", "it is not what was announced"
    )  # fmt: skip


def test_a_file_that_nobody_announced_is_refused(
    device: Caller, new_device: Callable[..., Caller]
) -> None:
    """Another device's, another size, none at all."""
    [piece] = filed(device, b"abc", "a.txt")
    tree = {n: getattr(piece, n) for n in piece.__slots__}
    for caller, changes in (
        (new_device(), {}),
        (device, {"report": uuid7()}),
        (device, {"attachment": uuid7()}),
        (device, {"sha256": "0" * 64}),
    ):
        [answer] = bring(caller, [Piece(**tree | {"id": uuid7()} | changes)])
        assert answer.status == 422
    assert Row.objects.get().state == "arriving"


def test_a_file_of_which_the_last_piece_was_lost_is_finished_by_it(device: Caller) -> None:
    pieces = filed(device, b"x" * 100_000, "log.txt")
    bring(device, pieces[:1])
    assert Row.objects.get().state == "arriving"
    bring(device, pieces)
    assert Row.objects.get().state == "kept"
