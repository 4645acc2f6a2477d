"""What the form does, whatever shows it: every request of the page is one method here."""

import base64
import binascii
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from agent.protocol.ids import uuid7
from agent.protocol.words import ReportKind
from tray import places, screenshot
from tray.agent_link import PATIENCE_S, Link
from tray.details import details
from tray.drafts import Drafts
from tray.errors import DraftError, PictureError, TrayError
from tray.forms import own_window
from tray.known import Known, Ticket
from tray.language import _
from tray.menu import alert_line
from tray.opening import opening
from tray.report_draft import LIMITS, ReportDraft, problems, questions
from tray.sending import Sending, send_waiting
from tray.suggestions import suggestions
from tray.trouble import says
from tray.wording import day_and_time, status_words

Answer = dict[str, Any]
_CHECK_S = 60.0
_CONTACT = "contact.json"


class Form:
    """One open form of one person. Its methods may be called from several threads."""

    def __init__(
        self,
        link: Link,
        drafts: Drafts,
        now: Callable[[], datetime],
        window: own_window.Window,
        capture: Callable[[], screenshot.Picture] = screenshot.capture,
    ) -> None:
        """Take up the draft that was not sent, or begin one."""
        self._link, self._drafts, self._now = link, drafts, now
        self._window, self._capture = window, capture
        self._lock = threading.RLock()
        self._notes: Sequence[Mapping[str, Any]] = ()
        self._shared = False
        self._pictures: dict[str, screenshot.Picture] = {}
        drafts.tidy()
        self.draft = drafts.unsent() or self._new()

    def begin(self) -> Answer:
        """Return what the page needs to be usable, without asking the agent."""
        desk = None
        return {
            "draft": self.draft.tree(),
            "limits": LIMITS,
            "questions": {kind: _questions(kind, desk) for kind in ReportKind},
        }

    def known(self) -> Answer:
        """Return what is known now, in words; ``problem`` says why when the agent is silent."""
        waiting = [
            {"id": one.report["id"], "title": one.report["title"], "problem": one.problem}
            for one in self._drafts.waiting()
        ]
        try:
            known = Known.read(self._link.ask("known"))
        except TrayError as error:
            return {"problem": str(error), "waiting": waiting, "alerts": [], "tickets": []}
        now, desk = self._now(), known.desk
        self._shared = desk is not None and desk.shared_account
        return {
            "problem": None if known.connected else _not_connected(known, now),
            "device": known.device_name,
            "alerts": [
                {"fingerprint": one.fingerprint, "title": one.title, "line": alert_line(one)}
                for one in known.alerts
            ],
            "desk": None
            if desk is None
            else {
                "provider": desk.provider,
                "phone": desk.phone,
                "email": desk.email,
                "urgent": desk.urgent,
                "opening": opening(desk, now),
                "shared": desk.shared_account,
            },
            "questions": {kind: _questions(kind, desk) for kind in ReportKind},
            "tickets": [_ticket(one, now) for one in known.tickets],
            "waiting": waiting,
        }

    def facts(self) -> Answer:
        """Return the system details as they will be sent."""
        return {"groups": details(self._link.ask("facts").get("facts") or {})}

    def check(self) -> Answer:
        """Have the agent look at everything now."""
        return _in_words(self._link.ask("check", _CHECK_S))

    def verdict(self) -> Answer:
        """Return in a sentence where the trouble lies."""
        return _in_words(self._link.ask("verdict", _CHECK_S))

    def suggest(self, text: str) -> Answer:
        """Return the notes that may help with what was written."""
        if not self._notes:
            try:
                self._notes = self._link.ask("notes").get("notes") or ()
            except TrayError:
                return {"notes": []}
        return {"notes": suggestions(text, self._notes)}

    def solved(self, note: str) -> Answer:
        """Tell the desk that a note helped, and forget the draft: no report is needed."""
        self._link.ask("solved", id=uuid7(), note=note)
        self.discard()
        return {}

    def save(self, tree: Mapping[str, Any]) -> Answer:
        """Keep what was written so far; return what is still wrong with it, by field."""
        with self._lock:
            written = ReportDraft.read(tree)
            if written.id != self.draft.id:
                return {"problems": {}}  # of a page that shows a report sent meanwhile
            self.draft = replace(written, attachments=self.draft.attachments)
            if not self.draft.empty:
                self._drafts.save(self.draft)
            return {"problems": problems(self.draft, shared_account=self._shared)}

    def send(self, tree: Mapping[str, Any]) -> Answer:
        """Make the draft a report: from here on it is safe. Returns what is wrong instead."""
        with self._lock:
            wrong = self.save(tree)["problems"]
            if wrong:
                return {"problems": wrong}
            sent = self.draft
            self._drafts.queue(sent, self._now(), shared_account=self._shared)
            if not self._shared:
                own = places.private(places.own_folder())
                places.write(own / _CONTACT, json.dumps(asdict(sent.contact)).encode())
            self._pictures.clear()
            self.draft = self._new()
        return {"problems": {}, "sent": sent.id, "draft": self.draft.tree()}

    def hand_over(self, taken: Callable[[], None] = lambda: None) -> Sending:
        """Give the agent what waits; called beside the page's requests."""
        return send_waiting(self._link, self._drafts, taken=taken)

    def discard(self) -> Answer:
        """Delete the draft with its pictures and begin a new one."""
        with self._lock:
            self._drafts.remove(self.draft.id)
            self._pictures.clear()
            self.draft = self._new()
            return {"draft": self.draft.tree()}

    def reopen(self, report_id: str) -> Answer:
        """Take a refused report up again, to be changed."""
        with self._lock:
            self._drafts.reopen(report_id)
            self.draft = self._drafts.load(report_id) or self.draft
            return {"draft": self.draft.tree()}

    def attach(self, name: str, content: str) -> Answer:
        """Store a file, given in base64, with the draft."""
        try:
            plain = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError) as error:
            raise DraftError("attachments", _("the file arrived damaged; try again")) from error
        with self._lock:
            self.draft = self._drafts.attach(self.draft, name, plain)
            return {"attachments": self.draft.tree()["attachments"]}

    def detach(self, attachment: str) -> Answer:
        """Take an attachment off and delete its bytes."""
        with self._lock:
            self.draft = self._drafts.detach(self.draft, attachment)
            return {"attachments": self.draft.tree()["attachments"]}

    def capture(self) -> Answer:
        """Take a picture of the screen without this window. It stays in memory until it is kept."""
        with self._window.hidden():
            picture = self._capture()
        name = uuid7()
        self._pictures = {name: picture}
        return {"picture": name, "width": picture.width, "height": picture.height}

    def preview(self, name: str) -> bytes:
        """Return the picture just taken as PNG. Raises PictureError when it is gone."""
        return self._picture(name).png()

    def keep(self, name: str, boxes: Sequence[Sequence[int]]) -> Answer:
        """Black out ``boxes`` (left, top, right, bottom), store what remains, forget the rest."""
        content = self._picture(name).blacked_out(boxes).png()
        with self._lock:
            number = 1 + sum(one.type == "image/png" for one in self.draft.attachments)
            self.draft = self._drafts.attach(
                self.draft, _("screen {number}").format(number=number) + ".png", content
            )
            self._pictures.pop(name, None)
            return {"attachments": self.draft.tree()["attachments"]}

    def forget(self, name: str) -> Answer:
        """Drop the picture just taken."""
        self._pictures.pop(name, None)
        return {}

    def say(self, verb: str, request_id: str, ticket: int, more: Mapping[str, object]) -> Answer:
        """Reply to a ticket, confirm that it is fixed or not, or rate it."""
        told = {name: more[name] for name in ("text", "fixed", "stars", "escalate") if name in more}
        self._link.ask(verb, PATIENCE_S, id=request_id, ticket=ticket, **told)
        return {}

    def _picture(self, name: str) -> screenshot.Picture:
        try:
            return self._pictures[name]
        except KeyError:
            raise PictureError(_("This picture is gone; take another one.")) from None

    def _new(self) -> ReportDraft:
        try:
            stored = json.loads((places.own_folder() / _CONTACT).read_bytes())
            return ReportDraft.read({"contact": stored})
        except (OSError, ValueError, DraftError):
            return ReportDraft()


def _in_words(answer: Answer) -> Answer:
    verdict = answer["verdict"]
    return {**answer, "verdict": {**verdict, "says": says(verdict)}}


def _questions(kind: str, desk: Any) -> list[Answer]:  # noqa: ANN401 - Desk | None
    return [asdict(one) for one in questions(kind, desk)]


def _not_connected(known: Known, now: datetime) -> str:
    since = known.last_success_at
    told = _("This computer has no connection to the support desk")
    if since is not None:
        told += _(" since {when}").format(when=day_and_time(since, now))
    reason = f" ({known.problem})" if known.problem else ""
    return f"{told}{reason}. " + _("What you send is kept and goes out by itself.")


def _ticket(ticket: Ticket, now: datetime) -> Answer:
    def when(at: datetime | None) -> str:
        return day_and_time(at, now) if at else ""

    status = {"saved": _("saved, will be sent"), "refused": _("refused")}
    return {
        "report": ticket.report,
        "number": ticket.number,
        "title": ticket.title,
        "status": status_words(ticket.status) if ticket.number else status.get(ticket.state, ""),
        "done": ticket.status in ("resolved", "closed"),
        "created": when(ticket.created_at),
        "due": when(ticket.due_at) if ticket.status not in ("resolved", "closed") else "",
        "problem": ticket.problem,
        "asks": ticket.asks,
        "entries": [
            {"id": one.id, "when": when(one.at), "by": one.by, "kind": one.kind, "text": one.text}
            for one in ticket.entries
        ],
    }
