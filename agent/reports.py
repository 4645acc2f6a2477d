"""What people at this computer file, kept until the server has it and for as long as it matters.

A report is stored in one transaction: its record, by which it is known again, and its envelope
in the outbox; what the server says of it is stored with the envelope's end. So whatever is
killed whenever, there is one report, and what was answered once is answered again. Secrets are
taken out before anything is stored. Nothing here reads a path that somebody named.
"""

import json
import threading
from binascii import crc32
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from agent.clock import Now
from agent.errors import AgentError, NotNowError
from agent.protocol.receipts import Receipt, ReceiptResult
from agent.protocol.strict import need
from agent.protocol.words import ReplyKind
from agent.store import Envelope, Importance, Store

if TYPE_CHECKING:  # loaded when somebody reports something: 0.5 MB until then
    from agent.protocol.reports import Report
    from agent.report_files import ReportFiles

MOST_WAITING = 20
"""Reports of one account that the server does not have yet; more would be a flood."""
MOST_A_DAY = 50
MOST_REPLIES = 200
KEPT = timedelta(days=30)
"""How long a record is kept once the server has its report: by then the server has forgotten."""

Texts = dict[str, str | None]


class Account(NamedTuple):
    """A local account, by the kernel's word: a stable id and the name that goes with it."""

    id: str
    name: str


class Reports:
    """Takes reports, files and replies of people; the courier's outbox, which tells their ends."""

    def __init__(
        self,
        store: Store,
        read_clock: Callable[[], Now],
        sent: Callable[[], None],
        *,
        facts_hash: Callable[[], str] = str,
        is_shared: Callable[[Account], bool] = lambda _: False,
        delivered: Callable[[Sequence[Receipt]], None] = lambda _: None,
    ) -> None:
        """Take where things are kept and whom to tell.

        Args:
            store: the one owner of agent.db.
            read_clock: the clocks.
            sent: called when there is something new in the outbox.
            facts_hash: the hash of the facts that hold.
            is_shared: whether several people use an account.
            delivered: given all receipts, once they are stored.
        """
        self._store = store
        self._clock = read_clock
        self._sent = sent
        self._facts_hash = facts_hash
        self._is_shared = is_shared
        self._delivered = delivered
        self._taker: ReportFiles | None = None
        self._turn = threading.RLock()
        self._unsent = {r["id"] for r in self._records() if r["state"] == "saved"}

    # What the courier asks of an outbox.

    def pending(self, limit: int, max_bytes: int) -> Sequence[Envelope]:
        """Return the next envelopes in order; one at least, if there is any."""
        return self._store.pending(limit, max_bytes)

    def settle(self, receipts: Sequence[Receipt]) -> None:
        """Delete what was accepted or seen before, park what was refused; reports are told."""
        with self._turn:
            texts: Texts = {}
            for receipt in receipts:
                texts |= self._ended(receipt.id, receipt)
            self._store.settle(receipts, texts)
        self._delivered(receipts)

    def park(self, identifier: str, problem: str) -> None:
        """Set one envelope aside, with the reason."""
        refusal = Receipt(identifier, ReceiptResult.REFUSED, None, problem)
        with self._turn:
            self._store.park(identifier, problem, self._ended(identifier, refusal))

    def requeued(self, identifier: str) -> None:
        """Note that a refused report waits again."""
        record = self._record(identifier)
        if record:
            self._unsent.add(identifier)
            text = json.dumps(record | {"state": "saved", "problem": None})
            self._store.record({}, (), {_report(identifier): text})

    # What people ask.

    def submit(self, account: Account, tree: Mapping[str, Any]) -> dict[str, Any]:
        """Store a report; return how it stands and what of its files is missing.

        The same one again is told how it stands. Raises ProtocolError naming the field,
        AgentError for an id that is another report's, NotNowError when it cannot be stored now.
        """
        from agent.protocol.reports import parse_report  # noqa: PLC0415 - see above
        from agent.redact import redact_report  # noqa: PLC0415 - its patterns stay once loaded

        report = redact_report(parse_report(tree))
        bare = replace(report, account="", account_name="", shared=False, facts_hash="")
        mark = _mark(bare.to_text())
        with self._turn:
            record = self._record(report.id)
            if record is None:
                self._demand_room(account)
                record = self._new_record(account, report, mark)
            elif (record["account"], record["mark"]) != (account.id, mark):
                raise AgentError("another report has this id already; nothing was changed")
            if record["state"] == "saved":
                self._save(account, report, record)
            return {
                "state": record["state"],
                "number": record["number"],
                "problem": record["problem"],
                "missing": self._files.missing(record) if record["state"] != "refused" else [],
            }

    def attach(self, account: Account, tree: Mapping[str, Any]) -> dict[str, Any]:
        """Take the next bytes of a report's file; return how many there are and whether all are.

        Bytes that are there already, or that leave a gap, change nothing. Raises ProtocolError,
        AgentError, NotNowError.
        """
        with self._turn:
            record = self._record(need(tree, "report", str, 64))
            if record is None or record["account"] != account.id:
                raise AgentError("you have filed no report with this id")
            self._demand_writable()
            return self._files.take(record, tree)

    def say(self, account: Account, tree: Mapping[str, Any], kind: ReplyKind) -> None:
        """Store what somebody says to a ticket; the same once more is the same.

        Raises ProtocolError, AgentError for an id that was used before, NotNowError.
        """
        from agent.protocol.replies import parse_reply  # noqa: PLC0415 - see above
        from agent.redact import redact  # noqa: PLC0415 - the same

        now = self._clock()
        reply = parse_reply({**tree, "kind": kind.value, "at": now.label()})
        reply = replace(
            reply, account=account.id, account_name=account.name, text=redact(reply.text)
        )
        name = f"reply:{reply.id}"
        mark = _mark(replace(reply, at="").to_text())
        with self._turn:
            known = self._store.text(name)
            if known not in (None, mark):
                raise AgentError("something else was said under this id already")
            if known is None:
                self._demand_writable()
                older = list(self._store.texts("reply:"))[: -MOST_REPLIES or None]
                envelope = Envelope(
                    reply.id, "reply", Importance.CRITICAL, reply.to_text(), now.label()
                )
                self._store.record({}, [envelope], {**dict.fromkeys(older), name: mark})
                self._sent()

    def of_account(self, account: str) -> list[dict[str, Any]]:
        """Return the records of an account's reports, newest first."""
        return [r for r in reversed(list(self._records())) if r["account"] == account]

    # How it is kept.

    @property
    def _files(self) -> "ReportFiles":
        from agent.report_files import ReportFiles  # noqa: PLC0415 - see above

        self._taker = self._taker or ReportFiles(self._store, self._clock, self._sent)
        return self._taker

    def _records(self) -> Iterator[dict[str, Any]]:
        """Yield all records, in the order of their ids, which is that of their making."""
        for text in self._store.texts("report:").values():
            yield json.loads(text)

    def _record(self, identifier: str) -> dict[str, Any] | None:
        text = self._store.text(_report(identifier))
        record: dict[str, Any] | None = json.loads(text) if text else None
        return record

    def _new_record(self, account: Account, report: "Report", mark: str) -> dict[str, Any]:
        return {
            "id": report.id,
            "account": account.id,
            "mark": mark,
            "title": report.title,
            "urgency": report.urgency.value,
            "created_at": self._clock().label(),
            "state": "saved",
            "number": None,
            "problem": None,
            "files": [
                {"id": f.id, "name": f.name, "type": f.type, "bytes": f.bytes, "sha256": f.sha256}
                for f in report.attachments
            ],
        }

    def _save(self, account: Account, report: "Report", record: Mapping[str, Any]) -> None:
        """Store record and envelope together; an envelope that is there stays as it is."""
        whole = replace(
            report,
            account=account.id,
            account_name=account.name,
            shared=self._is_shared(account),
            facts_hash=self._facts_hash(),
        )
        body, at = whole.to_text(), str(record["created_at"])
        envelope = Envelope(report.id, "ticket", Importance.CRITICAL, body, at)
        self._unsent.add(report.id)
        texts = self._outdated() | {_report(report.id): json.dumps(record)}
        if not self._store.record({}, [envelope], texts):
            raise _unwritable()
        self._sent()

    def _outdated(self) -> Texts:
        """Return what need not be known any longer, each to be forgotten."""
        gone: Texts = {}
        for record in self._records():
            if record["state"] != "saved" and self._age(record["created_at"]) > KEPT:
                gone[_report(record["id"])] = None
                gone |= {f"file:{file['id']}": None for file in record["files"]}
        return gone

    def _ended(self, identifier: str, receipt: Receipt) -> Texts:
        """Return what is to be remembered of a report that the server has answered."""
        if identifier not in self._unsent:
            return {}
        self._unsent.discard(identifier)
        record = self._record(identifier)
        if record is None:
            return {}
        refused = receipt.result is ReceiptResult.REFUSED
        record |= {
            "state": "refused" if refused else "sent",
            "number": receipt.ticket,
            "problem": receipt.problem if refused else None,
        }
        return {_report(identifier): json.dumps(record)}

    def _demand_room(self, account: Account) -> None:
        own = self.of_account(account.id)
        waiting = sum(record["state"] == "saved" for record in own)
        today = sum(self._age(record["created_at"]) < timedelta(days=1) for record in own)
        if waiting >= MOST_WAITING or today >= MOST_A_DAY:
            raise NotNowError(
                f"you have filed {today} reports within a day, {waiting} of them wait to be sent; "
                "they are kept, and this one can be sent later"
            )

    def _demand_writable(self) -> None:
        if self._store.trouble is not None and not self._store.retry():
            raise _unwritable()

    def _age(self, label: str) -> timedelta:
        return self._clock().wall - datetime.fromisoformat(label)


def _report(identifier: str) -> str:
    return f"report:{identifier}"


def _unwritable() -> NotNowError:
    return NotNowError(
        "this computer cannot store anything just now (is its disk full?); your report is kept as "
        "a draft and can be sent later"
    )


def _mark(text: str) -> str:
    """Return what tells one text from another; not for those who would forge it."""
    return f"{len(text)}-{crc32(text.encode()):08x}"
