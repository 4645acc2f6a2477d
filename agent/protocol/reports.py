"""What a person at the computer files: reports, the files that come with them, and replies.

Routes: ``POST tickets`` (a report), ``POST attachments`` (a piece of a file, after its report),
``POST replies``; bearer ``wdd_…``. Each is one envelope with an id of its own and earns a receipt
as events do, a report's with the number of its ticket. On the local link the tray sends a report
without the members that the agent adds (``account`` and what follows it).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from agent.protocol.ids import is_uuid7
from agent.protocol.strict import ProtocolError, check_text, check_value, need, text_of
from agent.protocol.words import Prefer, ReplyKind, ReportKind, Urgency

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
MAX_STARS = 5

_PIECE_CHARACTERS = (PIECE_BYTES + 2) // 3 * 4
_HASH = re.compile(r"[0-9a-f]{64}")
_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_Word = TypeVar("_Word", bound=StrEnum)


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
        tree["contact"] = _tree(self.contact)
        tree["attachments"] = [_tree(one) for one in self.attachments]
        return text_of(tree)


def parse_report(tree: object) -> Report:
    """Return the report in a request; raises ProtocolError naming the field."""
    members = _object(tree, "text")
    removed = members.get("without", [])
    same_as = members.get("same_as")
    report = Report(
        id=_id(members, "id"),
        at=_named(members, "at", 40),
        title=_line(members, "title", MAX_TITLE),
        urgency=_word(members, "urgency", Urgency),
        text=_text(members, "text", MAX_TEXT),
        kind=_word(members, "kind", ReportKind) if "kind" in members else ReportKind.OTHER,
        answers=_answers(members.get("answers", {})),
        error_text=_text(members, "error_text", MAX_ERROR_TEXT),
        before=_text(members, "before", MAX_NOTE),
        tried=_text(members, "tried", MAX_NOTE),
        contact=_contact(members.get("contact") or {}),
        without=_keys(removed),
        same_as=None if same_as is None else _named(members, "same_as", MAX_NAME),
        attachments=_attachments(members.get("attachments", [])),
        account=_text(members, "account", MAX_NAME),
        account_name=_text(members, "account_name", MAX_NAME),
        shared=need(members, "shared", bool) if "shared" in members else False,
        facts_hash=_text(members, "facts_hash", 64),
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
        return text_of(_tree(self))


def parse_piece(tree: object) -> Piece:
    """Return the piece of a file in a request's body; raises ProtocolError naming the field."""
    members = _object(tree, "chunk")
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
        id=_id(members, "id"),
        report=_id(members, "report"),
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


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person says to a ticket later.

    ``text`` may come with each ``kind``; ``fixed`` belongs to ``confirm``, ``stars`` (1…5) to
    ``rate``, ``note`` (its id) to ``solved``, which has no ``ticket``. With ``escalate`` a
    ``reply`` asks for an escalation, too.
    """

    id: str
    at: str
    kind: ReplyKind
    ticket: int | None = None
    text: str = ""
    fixed: bool | None = None
    stars: int | None = None
    note: str | None = None
    account: str = ""
    account_name: str = ""
    escalate: bool | None = None

    def to_text(self) -> str:
        """Return the reply as the JSON text that is stored and sent.

        As it always was where nothing is asked for: marks of earlier ones are compared with it.
        """
        tree = _tree(self)
        if self.escalate is None:
            del tree["escalate"]
        return text_of(tree)


def parse_reply(tree: object) -> Reply:
    """Return the reply in a request; raises ProtocolError naming the field."""
    members = _object(tree, "text")
    kind = _word(members, "kind", ReplyKind)
    reply = Reply(
        id=_id(members, "id"),
        at=_named(members, "at", 40),
        kind=kind,
        text=_text(members, "text", MAX_TEXT),
        account=_text(members, "account", MAX_NAME),
        account_name=_text(members, "account_name", MAX_NAME),
    )
    if kind is ReplyKind.SOLVED:
        return replace(reply, note=_named(members, "note", MAX_NAME))
    reply = replace(reply, ticket=_count(members, "ticket"))
    if kind is ReplyKind.CONFIRM:
        return replace(reply, fixed=need(members, "fixed", bool))
    if kind is ReplyKind.RATE:
        stars = _count(members, "stars")
        if stars > MAX_STARS:
            raise ProtocolError("stars", f"more than {MAX_STARS}")
        return replace(reply, stars=stars)
    if not reply.text.strip():
        raise ProtocolError("text", "empty")
    asks = members.get("escalate") is not None and need(members, "escalate", bool)
    return replace(reply, escalate=asks or None)


def _tree(one: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass with slots
    return {name: getattr(one, name) for name in one.__slots__}


def _object(tree: object, long: str) -> dict[str, Any]:
    """Return the members, checked; ``long`` is the one that may be longer than others."""
    if not isinstance(tree, dict):
        raise ProtocolError("", "the body is not a JSON object")
    check_value({**tree, long: ""})
    return tree


def _id(members: Mapping[str, Any], name: str) -> str:
    value: str = need(members, name, str)
    if not is_uuid7(value):
        raise ProtocolError(name, "not a UUIDv7 in lower case")
    return value


def _text(members: Mapping[str, Any], name: str, longest: int) -> str:
    value: str = need(members, name, str, longest) if members.get(name) is not None else ""
    check_text(value, name, longest)
    return value


def _named(members: Mapping[str, Any], name: str, longest: int) -> str:
    value: str = need(members, name, str, longest)
    if not value.strip():
        raise ProtocolError(name, "empty")
    return value


def _line(members: Mapping[str, Any], name: str, longest: int) -> str:
    value = _named(members, name, longest)
    if _UNPRINTABLE.search(value):
        raise ProtocolError(name, "holds a line break or another control character")
    return value


def _word(members: Mapping[str, Any], name: str, words: type[_Word]) -> _Word:
    value: str = need(members, name, str)
    if value not in tuple(words):
        raise ProtocolError(name, f"not one of {', '.join(words)}")
    return words(value)


def _count(members: Mapping[str, Any], name: str) -> int:
    value: int = need(members, name, int)
    if value < 1:
        raise ProtocolError(name, "less than 1")
    return value


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
            prefer=_word(given, "prefer", Prefer) if given.get("prefer") else Prefer.HERE,
        )
    except ProtocolError as error:
        raise ProtocolError(f"contact.{error.field}", error.reason) from error


def _plain(given: Mapping[str, Any], name: str) -> str:
    return _line(given, name, MAX_NAME) if str(given.get(name) or "").strip() else ""


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
        id=_id(given, "id"),
        name=_line(given, "name", MAX_NAME),
        type=need(given, "type", str, 200),
        bytes=_count(given, "bytes"),
        sha256=need(given, "sha256", str, 64),
    )
    if file.bytes > MAX_FILE_BYTES:
        raise ProtocolError("bytes", f"more than {MAX_FILE_BYTES}")
    if not _TYPE.fullmatch(file.type):
        raise ProtocolError("type", "not a media type such as image/png")
    if not _HASH.fullmatch(file.sha256):
        raise ProtocolError("sha256", "not a SHA-256 in lower-case hex")
    return file
