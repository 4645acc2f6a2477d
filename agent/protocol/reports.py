"""What a person at the computer files: reports, and the files that come with them.

Routes: ``POST tickets`` (a report), ``POST attachments`` (a piece of a file, after its report);
bearer ``wdd_…``. Each is one envelope with an id of its own and earns a receipt as events do, a
report's with the number of its ticket. On the local link the tray sends a report
without the members that the agent adds (``account`` and what follows it).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.protocol.members import (
    members_of,
    need_count,
    need_id,
    need_line,
    need_text,
    need_word,
    optional_text,
    tree_of,
)
from agent.protocol.strict import ProtocolError, need, text_of
from agent.protocol.words import Prefer, ReportKind, Urgency

MAX_TITLE = 200
MAX_TEXT = 20_000
MAX_ERROR_TEXT = 5_000
MAX_NOTE = 2_000
MAX_ANSWERS = 20
MAX_REMOVED = 200
MAX_NAME = 200
MAX_FILES = 5
MAX_FILE_BYTES = 5 * 1024 * 1024
MAX_FILES_BYTES = 15 * 1024 * 1024
"""Most bytes of all files of one report."""
PIECE_BYTES = 64 * 1024
"""A file's bytes in one envelope; only its last one has fewer."""

_PIECE_CHARACTERS = (PIECE_BYTES + 2) // 3 * 4
_HASH = re.compile(r"[0-9a-f]{64}")
_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach who reports, as typed: shown to staff, trusted by nobody."""

    name: str = ""
    phone: str = ""
    email: str = ""
    prefer: Prefer = Prefer.HERE


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that will follow a report: its size, and the SHA-256 of what it holds."""

    id: str
    name: str
    type: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a person reports. ``id`` (UUIDv7) was made by the form and is its Idempotency-Key.

    ``answers`` are to the questions of its ``kind``, by their keys; ``before`` what the person
    did before it happened, ``tried`` what they tried. ``same_as`` is the fingerprint of an alert
    it is about. ``without`` are the facts taken out, by their keys (``computer.model``), or
    groups of them. ``at`` is the computer's clock, a label.

    The agent adds: ``account`` (a stable id of who files it on this computer), ``account_name``,
    ``shared`` (several people use that account), and the hash of the facts that held.
    """

    id: str
    at: str
    title: str
    urgency: Urgency
    text: str = ""
    kind: ReportKind = ReportKind.OTHER
    answers: Mapping[str, str] | None = None
    error_text: str = ""
    before: str = ""
    tried: str = ""
    contact: Contact = Contact()
    without: tuple[str, ...] = ()
    same_as: str | None = None
    attachments: tuple[Attachment, ...] = ()
    account: str = ""
    account_name: str = ""
    shared: bool = False
    facts_hash: str = ""

    def to_text(self) -> str:
        """Return the report as the JSON text that is stored and sent."""
        tree: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        tree["answers"] = dict(self.answers or {})
        tree["contact"] = tree_of(self.contact)
        tree["attachments"] = [tree_of(one) for one in self.attachments]
        return text_of(tree)


def parse_report(tree: object) -> Report:
    """Return the report in a request; raises ProtocolError naming the field."""
    members = members_of(tree, "text")
    removed = members.get("without", [])
    same_as = members.get("same_as")
    report = Report(
        id=need_id(members, "id"),
        at=need_text(members, "at", 40),
        title=need_line(members, "title", MAX_TITLE),
        urgency=need_word(members, "urgency", Urgency),
        text=optional_text(members, "text", MAX_TEXT),
        kind=need_word(members, "kind", ReportKind) if "kind" in members else ReportKind.OTHER,
        answers=_answers(members.get("answers", {})),
        error_text=optional_text(members, "error_text", MAX_ERROR_TEXT),
        before=optional_text(members, "before", MAX_NOTE),
        tried=optional_text(members, "tried", MAX_NOTE),
        contact=_contact(members.get("contact") or {}),
        without=_keys(removed),
        same_as=None if same_as is None else need_text(members, "same_as", MAX_NAME),
        attachments=_attachments(members.get("attachments", [])),
        account=optional_text(members, "account", MAX_NAME),
        account_name=optional_text(members, "account_name", MAX_NAME),
        shared=need(members, "shared", bool) if "shared" in members else False,
        facts_hash=optional_text(members, "facts_hash", 64),
    )
    if report.facts_hash and not _HASH.fullmatch(report.facts_hash):
        raise ProtocolError("facts_hash", "not a SHA-256 in lower-case hex")
    return report


def parse_sent_report(tree: object) -> Report:
    """Return a report as the agent sends it: of an account; raises ProtocolError."""
    report = parse_report(tree)
    if not report.account.strip():
        raise ProtocolError("account", "empty")
    return report


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of a file of a report, from ``offset`` on, in base64.

    ``total`` and ``sha256`` are of the whole file. ``id`` is the envelope's own.
    """

    id: str
    report: str
    attachment: str
    name: str
    type: str
    offset: int
    total: int
    sha256: str
    chunk: str

    def to_text(self) -> str:
        """Return the piece as the JSON text that is stored and sent."""
        return text_of(tree_of(self))


def parse_piece(tree: object) -> Piece:
    """Return the piece of a file in a request's body; raises ProtocolError naming the field."""
    members = members_of(tree, "chunk")
    file = _attachment({**members, "id": members.get("attachment"), "bytes": members.get("total")})
    chunk: str = need(members, "chunk", str, _PIECE_CHARACTERS)
    if len(chunk) % 4 or not _BASE64.fullmatch(chunk):
        raise ProtocolError("chunk", "not base64")
    offset: int = need(members, "offset", int)
    if not 0 <= offset < file.bytes or offset % PIECE_BYTES:
        raise ProtocolError("offset", f"not a multiple of {PIECE_BYTES} within the file")
    expected = min(PIECE_BYTES, file.bytes - offset)
    if len(chunk) // 4 * 3 - chunk.count("=") != expected:
        raise ProtocolError("chunk", f"not the {expected} bytes that belong there")
    return Piece(
        id=need_id(members, "id"),
        report=need_id(members, "report"),
        attachment=file.id,
        name=file.name,
        type=file.type,
        offset=offset,
        total=file.bytes,
        sha256=file.sha256,
        chunk=chunk,
    )


def piece_id(attachment: str, number: int) -> str:
    """Return the envelope id of a file's piece: its own id, its last four digits counted on."""
    last = (int(attachment[-4:], 16) + number + 1) % 0x10000
    return f"{attachment[:-4]}{last:04x}"


def _answers(given: object) -> dict[str, str]:
    if not isinstance(given, dict) or len(given) > MAX_ANSWERS:
        raise ProtocolError("answers", f"not an object of at most {MAX_ANSWERS} texts")
    for key in given:
        if not key.strip() or len(key) > MAX_NAME:
            raise ProtocolError("answers", "a key is empty or too long")
    return {key: need(given, key, str, MAX_NOTE) for key in given}


def _contact(given: object) -> Contact:
    if not isinstance(given, dict):
        raise ProtocolError("contact", "not an object")
    try:
        return Contact(
            **{name: _plain(given, name) for name in ("name", "phone", "email")},
            prefer=need_word(given, "prefer", Prefer) if given.get("prefer") else Prefer.HERE,
        )
    except ProtocolError as error:
        raise ProtocolError(f"contact.{error.field}", error.reason) from error


def _plain(given: Mapping[str, Any], name: str) -> str:
    return need_line(given, name, MAX_NAME) if str(given.get(name) or "").strip() else ""


def _keys(given: object) -> tuple[str, ...]:
    if not isinstance(given, list) or len(given) > MAX_REMOVED:
        raise ProtocolError("without", f"not a list of at most {MAX_REMOVED} keys of facts")
    if not all(isinstance(key, str) and key and len(key) <= MAX_NAME for key in given):
        raise ProtocolError("without", "not a list of keys of facts")
    return tuple(given)


def _attachments(given: object) -> tuple[Attachment, ...]:
    if not isinstance(given, list) or len(given) > MAX_FILES:
        raise ProtocolError("attachments", f"more than {MAX_FILES} files")
    files = []
    for number, one in enumerate(given):
        try:
            files.append(_attachment(one))
        except ProtocolError as error:
            raise ProtocolError(f"attachments[{number}].{error.field}", error.reason) from error
    if sum(file.bytes for file in files) > MAX_FILES_BYTES:
        raise ProtocolError("attachments", f"more than {MAX_FILES_BYTES} bytes together")
    if len({file.id for file in files}) < len(files):
        raise ProtocolError("attachments", "two have the same id")
    return tuple(files)


def _attachment(given: object) -> Attachment:
    if not isinstance(given, dict):
        raise ProtocolError("", "not an object")
    file = Attachment(
        id=need_id(given, "id"),
        name=need_line(given, "name", MAX_NAME),
        type=need(given, "type", str, 200),
        bytes=need_count(given, "bytes"),
        sha256=need(given, "sha256", str, 64),
    )
    if file.bytes > MAX_FILE_BYTES:
        raise ProtocolError("bytes", f"more than {MAX_FILE_BYTES}")
    if not _TYPE.fullmatch(file.type):
        raise ProtocolError("type", "not a media type such as image/png")
    if not _HASH.fullmatch(file.sha256):
        raise ProtocolError("sha256", "not a SHA-256 in lower-case hex")
    return file
