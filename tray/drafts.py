"""The person's draft folder: what is being written, and what waits to be handed to the agent.

One folder for each report, named by its id: ``draft.json`` while it is written, ``report.json``
from Send on (its words are final then), the bytes of each attachment under its id. The agent has
it all: the folder goes away, in one step, so that a report is never sent as a second one.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.protocol.ids import is_uuid7, uuid7
from agent.protocol.reports import Attachment
from tray import places
from tray.errors import DraftError
from tray.language import _
from tray.report_draft import (
    ReportDraft,
    file_name,
    line,
    media_type,
    problems,
    report,
    with_attachment,
)

_DRAFT, _REPORT, _REFUSED = "draft.json", "report.json", "refused.json"
_GONE = ".gone-"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A report that the agent has not confirmed whole; ``problem`` is why it refused it."""

    report: dict[str, Any]
    problem: str | None = None


class Drafts:
    """One person's drafts. Several processes may look at them at once."""

    def __init__(self, folder: Path | None = None) -> None:
        """Use ``folder``, the person's own by default."""
        self.folder = folder or places.own_folder() / "drafts"

    def save(self, draft: ReportDraft) -> None:
        """Store a draft as it is, sendable or not. What was sent already stays as it is."""
        own = self._own(draft.id)
        if not (own / _REPORT).exists():
            places.write(own / _DRAFT, line(draft.tree()))

    def load(self, draft_id: str) -> ReportDraft | None:
        """Return a stored draft, None when it cannot be read or was sent."""
        own = self.folder / draft_id
        if (own / _REPORT).exists():
            return None
        try:
            return ReportDraft.read(json.loads((own / _DRAFT).read_bytes()))
        except (OSError, ValueError, DraftError):
            return None

    def unsent(self) -> ReportDraft | None:
        """Return the newest draft that was begun and not sent."""
        found = (self.load(one) for one in reversed(self._ids()))
        return next((draft for draft in found if draft is not None and not draft.empty), None)

    def attach(self, draft: ReportDraft, name: str, content: bytes) -> ReportDraft:
        """Store a file with a draft; return the draft with it.

        Raises DraftError when it is too large or too many.
        """
        shown = file_name(name)
        attachment = Attachment(
            uuid7(), shown, media_type(shown), len(content), hashlib.sha256(content).hexdigest()
        )
        more = with_attachment(draft, attachment)
        places.write(self._own(draft.id) / attachment.id, content)
        self.save(more)
        return more

    def content(self, draft_id: str, attachment_id: str) -> bytes:
        """Return the bytes of an attachment. Raises OSError when they are gone."""
        return (self.folder / draft_id / attachment_id).read_bytes()

    def detach(self, draft: ReportDraft, attachment_id: str) -> ReportDraft:
        """Take an attachment away, with its bytes; return the draft without it."""
        kept = tuple(one for one in draft.attachments if one.id != attachment_id)
        less = replace(draft, attachments=kept)
        self.save(less)
        if len(kept) < len(draft.attachments):
            (self.folder / draft.id / attachment_id).unlink(missing_ok=True)
        return less

    def queue(self, draft: ReportDraft, at: datetime, *, shared_account: bool = False) -> None:
        """Make a draft a report that will be sent: from here on it is safe.

        The words are final: the agent takes one report under one id. Raises DraftError when it
        cannot be sent as it is.
        """
        for field, problem in problems(draft, shared_account=shared_account).items():
            raise DraftError(field, problem)
        own = self._own(draft.id)
        if not (own / _REPORT).exists():
            places.write(own / _REPORT, line(report(draft, at)))

    def waiting(self) -> list[Waiting]:
        """Return the reports that wait, oldest first."""
        return list(self._reports())

    def refuse(self, report_id: str, problem: str) -> None:
        """Keep why the agent will not take a report; it is not tried again."""
        places.write(self.folder / report_id / _REFUSED, json.dumps(problem).encode())

    def reopen(self, report_id: str) -> None:
        """Make a refused report a draft again, to be changed."""
        own = self.folder / report_id
        if (own / _REFUSED).exists():
            (own / _REPORT).unlink(missing_ok=True)
            (own / _REFUSED).unlink()

    def remove(self, draft_id: str) -> None:
        """Delete a draft or report with everything, in one step however long deleting takes."""
        gone = self.folder / f"{_GONE}{draft_id}"
        try:
            (self.folder / draft_id).rename(gone)
        except FileNotFoundError:
            return
        shutil.rmtree(gone, ignore_errors=True)

    def tidy(self) -> None:
        """Delete what an interrupted ``remove`` left, and drafts in which nothing was written."""
        if not self.folder.is_dir():
            return
        for left in self.folder.glob(f"{_GONE}*"):
            shutil.rmtree(left, ignore_errors=True)
        for one in self._ids():
            draft = self.load(one)
            if draft is not None and draft.empty:
                self.remove(one)

    def _reports(self) -> Iterator[Waiting]:
        for one in self._ids():
            own = self.folder / one
            try:
                tree = json.loads((own / _REPORT).read_bytes())
                refused = own / _REFUSED
                yield Waiting(tree, json.loads(refused.read_bytes()) if refused.exists() else None)
            except (OSError, ValueError):  # no report yet, or taken away just now
                continue

    def _ids(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        return sorted(one.name for one in self.folder.iterdir() if is_uuid7(one.name))

    def _own(self, draft_id: str) -> Path:
        if not is_uuid7(draft_id):
            raise DraftError("id", _("this draft has no valid id"))
        places.private(self.folder)
        return places.private(self.folder / draft_id)
