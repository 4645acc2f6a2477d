"""A report while it is written: what may be said, how much of it, and what becomes of it.

Pure and free of any toolkit: every form and the command line are views of this. The limits are
the local link's; the agent checks them again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import PurePath
from typing import Any, Self, TypeVar

from agent.protocol.ids import is_uuid7, uuid7
from agent.protocol.reports import (
    MAX_ERROR_TEXT,
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_FILES_BYTES,
    MAX_NAME,
    MAX_NOTE,
    MAX_TEXT,
    MAX_TITLE,
    Attachment,
    Contact,
    parse_report,
)
from agent.protocol.strict import ProtocolError
from agent.protocol.words import Prefer, ReportKind, Urgency
from tray.errors import DraftError
from tray.known import Desk, Question
from tray.language import _

LIMITS = {
    "title": MAX_TITLE,
    "text": MAX_TEXT,
    "error_text": MAX_ERROR_TEXT,
    "before": MAX_NOTE,
    "tried": MAX_NOTE,
    "contact.name": MAX_NAME,
    "contact.phone": MAX_NAME,
    "contact.email": MAX_NAME,
}
"""Most characters of each text."""
_Word = TypeVar("_Word", bound=StrEnum)
_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".pdf": "application/pdf",
    ".txt": "text/plain",
    ".log": "text/plain",
    ".csv": "text/csv",
}


@dataclass(frozen=True, slots=True)
class ReportDraft:
    """What a person has written so far. Its id is the report's id for life."""

    id: str = field(default_factory=uuid7)
    title: str = ""
    text: str = ""
    urgency: Urgency = Urgency.SLOWS_ME
    kind: ReportKind = ReportKind.OTHER
    answers: Mapping[str, str] = field(default_factory=dict)
    error_text: str = ""
    before: str = ""
    tried: str = ""
    contact: Contact = field(default_factory=Contact)
    without: tuple[str, ...] = ()
    same_as: str | None = None
    attachments: tuple[Attachment, ...] = ()

    @classmethod
    def read(cls, tree: Mapping[str, Any]) -> Self:
        """Read a draft that was stored, or that a form sends.

        Raises DraftError naming the first field that is not what it should be.
        """
        texts = {
            name: _text(tree, name) for name in ("title", "text", "error_text", "before", "tried")
        }
        contact, answers = _members(tree, "contact"), _members(tree, "answers")
        draft = cls(
            id=_text(tree, "id") or uuid7(),
            urgency=_one_of(tree, "urgency", Urgency, Urgency.SLOWS_ME),
            kind=_one_of(tree, "kind", ReportKind, ReportKind.OTHER),
            answers={key: _text(answers, key) for key in answers},
            contact=Contact(
                name=_text(contact, "name"),
                phone=_text(contact, "phone"),
                email=_text(contact, "email"),
                prefer=_one_of(contact, "prefer", Prefer, Prefer.HERE),
            ),
            without=tuple(_texts(tree, "without")),
            same_as=_text(tree, "same_as") or None,
            attachments=tuple(_attachment(one) for one in tree.get("attachments") or ()),
            **texts,
        )
        if not is_uuid7(draft.id):
            raise DraftError("id", _("this draft has no valid id"))
        return draft

    def tree(self) -> dict[str, Any]:
        """Return it as JSON members, as ``read`` takes them."""
        return asdict(self) | {"without": list(self.without), "attachments": [
            asdict(one) for one in self.attachments
        ]}  # fmt: skip

    @property
    def empty(self) -> bool:
        """Tell whether nothing worth keeping has been written."""
        written = (self.title, self.text, self.error_text, self.before, self.tried)
        return not any(part.strip() for part in written) and not self.attachments


def problems(draft: ReportDraft, *, shared_account: bool = False) -> dict[str, str]:
    """Return what keeps a draft from being sent: field → what to do; empty when nothing does.

    On an account that several people use, a name and a telephone number are asked each time.
    """
    found: dict[str, str] = {}
    if not draft.title.strip():
        found["title"] = _("Say in a few words what is wrong.")
    for name, longest in LIMITS.items():
        over = len(_value(draft, name)) - longest
        if over > 0:
            found[name] = _("This is {over} characters too long; at most {longest} fit.").format(
                over=over, longest=longest
            )
    if shared_account:
        for name in ("name", "phone"):
            if not _value(draft, f"contact.{name}").strip():
                found[f"contact.{name}"] = _(
                    "Several people use this account: say who you are and how to reach you."
                )
    if not found:
        try:
            parse_report(json.loads(line(report(draft, "now"))))
        except ProtocolError as error:
            found[error.field] = _("This cannot be sent: {reason}.").format(reason=error.reason)
    return found


def report(draft: ReportDraft, at: datetime | str) -> dict[str, Any]:
    """Return the report as the local link takes it, said at the instant ``at``."""
    said = at if isinstance(at, str) else at.isoformat(timespec="milliseconds")
    tree = draft.tree()
    tree["answers"] = {key: text for key, text in draft.answers.items() if text.strip()}
    return tree | {"title": " ".join(draft.title.split()), "at": said}


def line(tree: Mapping[str, Any]) -> bytes:
    """Return a report's one JSON text, the same each time it is sent."""
    return json.dumps(tree, sort_keys=True).encode()


def with_attachment(draft: ReportDraft, attachment: Attachment) -> ReportDraft:
    """Return the draft with one more attachment.

    Raises DraftError when that would be too many or too much.
    """
    if attachment.bytes > MAX_FILE_BYTES:
        raise DraftError(
            "attachments",
            _("{name} has {size} MB; a file may have at most {most} MB.").format(
                name=attachment.name, size=_mb(attachment.bytes), most=_mb(MAX_FILE_BYTES)
            ),
        )
    if attachment.bytes == 0:
        raise DraftError("attachments", _("{name} is empty.").format(name=attachment.name))
    if len(draft.attachments) >= MAX_FILES:
        raise DraftError(
            "attachments", _("A report takes at most {most} files.").format(most=MAX_FILES)
        )
    together = attachment.bytes + sum(one.bytes for one in draft.attachments)
    if together > MAX_FILES_BYTES:
        raise DraftError(
            "attachments",
            _("All files together may have at most {most} MB.").format(most=_mb(MAX_FILES_BYTES)),
        )
    return replace(draft, attachments=(*draft.attachments, attachment))


def media_type(name: str) -> str:
    """Return the type that a file's name promises; the server looks for itself."""
    return _TYPES.get(PurePath(name).suffix.lower(), "application/octet-stream")


def file_name(name: str) -> str:
    """Return the last part of a path as it may be stored and shown: no control characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(one for one in last if one.isprintable()).strip()
    return shown[-MAX_NAME:] or "file"


def questions(kind: str, desk: Desk | None) -> Sequence[Question]:
    """Return the guided questions for a kind of problem: the desk's, else our own."""
    if desk is not None and desk.questions:
        return desk.questions.get(kind, ())
    yes_no = (_("yes"), _("no"))
    own = {
        "printer": (
            Question("printer", _("Which printer?")),
            Question("others", _("Does it print for other people?"), (*yes_no, _("not known"))),
        ),
        "email": (
            Question("direction", _("What does not work?"), (_("sending"), _("receiving"),
                     _("both"), _("something else"))),
            Question("webmail", _("Does it work in the browser (webmail)?"),
                     (*yes_no, _("not known"))),
        ),
        "internet": (
            Question("which", _("Which page or service?")),
            Question("others", _("Do other people here have the same?"), (*yes_no, _("not known"))),
        ),
        "slow": (
            Question("since", _("Since when is it slow?")),
            Question("when", _("Always, or with one program?")),
        ),
        "program": (
            Question("program", _("Which program?")),
            Question("again", _("Does it happen every time?"), (*yes_no, _("not known"))),
        ),
        "other": (Question("since", _("Since when?")),),
    }  # fmt: skip
    return own.get(kind, ())


def _value(draft: ReportDraft, name: str) -> str:
    owner, _dot, member = name.rpartition(".")
    value: str = getattr(draft.contact if owner else draft, member)
    return value


def _mb(size: int) -> str:
    return f"{size / 2**20:.1f}".removesuffix(".0")


def _text(tree: Mapping[str, Any], name: str) -> str:
    value = tree.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise DraftError(name, _("this is no text"))
    return value


def _texts(tree: Mapping[str, Any], name: str) -> list[str]:
    value = tree.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise DraftError(name, _("this is no list of texts"))
    return value


def _members(tree: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = tree.get(name) or {}
    if not isinstance(value, Mapping):
        raise DraftError(name, _("this is no group of fields"))
    return value


def _one_of(tree: Mapping[str, Any], name: str, words: type[_Word], default: _Word) -> _Word:
    value = _text(tree, name) or default
    if value not in tuple(words):
        raise DraftError(name, _("choose one of {known}").format(known=", ".join(words)))
    return words(value)


def _attachment(tree: object) -> Attachment:
    try:
        return Attachment(**tree)  # type: ignore[arg-type] # what is wrong is told below
    except TypeError as error:
        raise DraftError(
            "attachments", _("an attachment is not described as it should be")
        ) from error
