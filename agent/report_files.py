"""The files that come with reports, taken in pieces over the local link.

What has come is stored at once: whole pieces as envelopes, after their report's, the rest as it
is. So a file may come slowly, twice, or after a restart; each byte is taken once.
"""

import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from typing import Any

from agent.clock import Now
from agent.errors import AgentError
from agent.protocol.link import MAX_PIECE_BYTES
from agent.protocol.reports import PIECE_BYTES, Piece, piece_id
from agent.protocol.strict import ProtocolError, need
from agent.store import Envelope, Importance, Store

Tree = Mapping[str, Any]


class ReportFiles:
    """Takes the files of reports; a report is known by its record, which lists them."""

    def __init__(
        self, store: Store, read_clock: Callable[[], Now], sent: Callable[[], None]
    ) -> None:
        """Take where things are kept, the clocks, and whom to tell of new envelopes."""
        self._store = store
        self._clock = read_clock
        self._sent = sent

    def take(self, record: Tree, tree: Tree) -> dict[str, Any]:
        """Take the next bytes of a file; return how many there are and whether all are.

        Bytes that are there already, or that leave a gap, change nothing. Raises ProtocolError,
        and AgentError for a file that was not announced so.
        """
        file = _announced(record, need(tree, "attachment", str, 64))
        chunk = _bytes(need(tree, "chunk", str, MAX_PIECE_BYTES * 2))
        have, begun = self._progress(file["id"])
        total: int = file["bytes"]
        if need(tree, "offset", int) == have < total:
            if have + len(chunk) > total:
                raise AgentError(f"the file has more than the {total} bytes that were announced")
            have += len(chunk)
            self._keep(record, file, have, begun + chunk)
        return {"have": have, "done": have == total}

    def missing(self, record: Tree) -> list[dict[str, Any]]:
        """Return the files of a report that are not complete, and how much of each is here."""
        found = ((file, self._progress(file["id"])[0]) for file in record["files"])
        return [{"attachment": f["id"], "have": have} for f, have in found if have < f["bytes"]]

    def _keep(self, record: Tree, file: Tree, have: int, begun: bytes) -> None:
        envelopes = []
        place = have - len(begun)
        while len(begun) >= PIECE_BYTES or (begun and have == file["bytes"]):
            envelopes.append(self._piece(record, file, place, begun[:PIECE_BYTES]))
            begun = begun[PIECE_BYTES:]
            place += PIECE_BYTES
        progress = json.dumps({"have": have, "begun": _base64(begun)})
        self._store.record({}, envelopes, {progress_name(file["id"]): progress})
        if envelopes:
            self._sent()

    def _piece(self, record: Tree, file: Tree, offset: int, content: bytes) -> Envelope:
        piece = Piece(
            id=piece_id(file["id"], offset // PIECE_BYTES),
            report=record["id"],
            attachment=file["id"],
            name=file["name"],
            type=file["type"],
            offset=offset,
            total=file["bytes"],
            sha256=file["sha256"],
            chunk=_base64(content),
        )
        at = self._clock().label()
        return Envelope(piece.id, "attachment", Importance.LOW, piece.to_text(), at)

    def _progress(self, attachment: str) -> tuple[int, bytes]:
        """Return how many bytes of a file are here, and those that are no whole piece yet."""
        text = self._store.text(progress_name(attachment))
        if text is None:
            return 0, b""
        tree = json.loads(text)
        return tree["have"], a2b_base64(tree["begun"])


def progress_name(attachment: str) -> str:
    """Return the name under which the store knows how far a file has come (see ``Reports``)."""
    return f"file:{attachment}"


def _announced(record: Tree, attachment: str) -> dict[str, Any]:
    for file in record["files"]:
        if file["id"] == attachment:
            found: dict[str, Any] = file
            return found
    raise AgentError("the report has no such file")


def _bytes(chunk: str) -> bytes:
    try:
        content = a2b_base64(chunk, strict_mode=True)
    except ValueError as error:
        raise ProtocolError("chunk", "not base64") from error
    if not 0 < len(content) <= MAX_PIECE_BYTES:
        raise ProtocolError("chunk", f"not between 1 and {MAX_PIECE_BYTES} bytes")
    return content


def _base64(content: bytes) -> str:
    return b2a_base64(content, newline=False).decode()
