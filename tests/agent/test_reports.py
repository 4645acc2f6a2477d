"""Reports, their files and replies: stored once, whatever is repeated, without secrets."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from agent.errors import AgentError, NotNowError
from agent.protocol.ids import uuid7
from agent.protocol.receipts import Receipt, ReceiptResult
from agent.protocol.replies import parse_reply
from agent.protocol.reports import parse_piece, parse_sent_report
from agent.protocol.strict import ProtocolError, parse
from agent.protocol.words import ReplyKind
from agent.reports import MOST_WAITING, Reports
from agent.store import Envelope, Store
from tests.agent.report_samples import ANN, BOB, a_file, a_report, pieces
from tests.agent.store.samples import HandClock

ALL = 1_000_000_000


class Desk:
    """A store with reports over it; ``again`` is what a restart leaves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = HandClock()
        self.open()

    def open(self) -> None:
        self.store = Store(self.folder, read_clock=self.clock)
        self.woken = 0
        self.reports = Reports(self.store, self.clock, self._wake, facts_hash=lambda: "f" * 64)

    def again(self) -> None:
        self.store.close()
        self.open()

    def waiting(self, kind: str = "ticket") -> list[Envelope]:
        return [one for one in self.store.pending(ALL, ALL) if one.kind == kind]

    def _wake(self) -> None:
        self.woken += 1


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    made = Desk(tmp_path / "state")
    yield made
    made.store.close()


def receipt(identifier: str, ticket: int | None = 17, problem: str | None = None) -> Receipt:
    result = ReceiptResult.REFUSED if problem else ReceiptResult.ACCEPTED
    return Receipt(identifier, result, None if problem else ticket, problem)


def test_a_report_waits_to_be_sent_with_the_account_and_the_facts(desk: Desk) -> None:
    report = a_report(without=["network"], account="0:root", shared=True)
    answer = desk.reports.submit(ANN, report)

    assert answer == {"state": "saved", "number": None, "problem": None, "missing": []}
    [envelope] = desk.waiting()
    sent = parse_sent_report(parse(envelope.body.encode()))
    assert (envelope.id, sent.id) == (report["id"], report["id"])
    assert (sent.account, sent.account_name, sent.shared) == ("1000:ann", "ann", False)
    assert (sent.facts_hash, sent.without) == ("f" * 64, ("network",))
    assert desk.woken == 1


def test_the_same_report_again_is_the_same_one_after_a_restart_too(desk: Desk) -> None:
    report = a_report()
    desk.reports.submit(ANN, report)
    desk.again()
    desk.reports.submit(ANN, report)

    assert len(desk.waiting()) == 1


def test_a_report_whose_envelope_was_given_up_for_lack_of_room_is_sent_all_the_same(
    desk: Desk,
) -> None:
    report = a_report()
    desk.reports.submit(ANN, report)
    desk.store.settle([receipt(report["id"])])  # behind the record's back
    assert desk.waiting() == []
    desk.reports.submit(ANN, report)
    assert len(desk.waiting()) == 1


def test_the_number_comes_with_the_receipt_and_is_remembered(desk: Desk) -> None:
    report = a_report()
    desk.reports.submit(ANN, report)
    desk.reports.settle([receipt(report["id"], 1042)])
    desk.again()

    assert desk.reports.submit(ANN, report)["number"] == 1042
    assert desk.waiting() == []
    [record] = desk.reports.of_account(ANN.id)
    assert (record["state"], record["number"]) == ("sent", 1042)


@pytest.mark.parametrize("parked", [False, True])
def test_a_refusal_is_told_with_its_reason(desk: Desk, *, parked: bool) -> None:
    report = a_report(attachments=[a_file(b"abc")])
    desk.reports.submit(ANN, report)
    if parked:
        desk.reports.park(report["id"], "title: odd")
    else:
        desk.reports.settle([receipt(report["id"], problem="title: odd")])

    answer = desk.reports.submit(ANN, report)
    assert (answer["state"], answer["problem"]) == ("refused", "title: odd")
    assert answer["missing"] == []
    assert [one.problem for one in desk.store.parked()] == ["title: odd"]


def test_a_refused_report_that_is_sent_again_waits_again(desk: Desk) -> None:
    report = a_report()
    desk.reports.submit(ANN, report)
    desk.reports.park(report["id"], "odd")
    desk.store.requeue(report["id"])
    desk.reports.requeued(report["id"])
    desk.reports.settle([receipt(report["id"], 3)])

    assert desk.reports.submit(ANN, report)["number"] == 3


def test_another_text_under_the_same_id_changes_nothing(desk: Desk) -> None:
    report = a_report()
    desk.reports.submit(ANN, report)
    for who, tree in ((ANN, report | {"title": "Else"}), (BOB, report)):
        with pytest.raises(AgentError, match="another report has this id"):
            desk.reports.submit(who, tree)
    assert len(desk.waiting()) == 1


def test_a_report_that_makes_no_sense_names_the_field(desk: Desk) -> None:
    with pytest.raises(ProtocolError) as told:
        desk.reports.submit(ANN, a_report(urgency="now"))
    assert told.value.field == "urgency"


def test_everybody_sees_their_own_alone(desk: Desk) -> None:
    desk.reports.submit(ANN, a_report(title="Ann's"))
    desk.reports.submit(BOB, a_report(title="Bob's"))
    assert [one["title"] for one in desk.reports.of_account(BOB.id)] == ["Bob's"]


def test_a_flood_is_told_to_wait_and_others_are_not(desk: Desk) -> None:
    for _ in range(MOST_WAITING):
        desk.reports.submit(ANN, a_report())
    with pytest.raises(NotNowError, match="wait to be sent"):
        desk.reports.submit(ANN, a_report())
    desk.reports.submit(BOB, a_report())


def test_a_store_that_cannot_be_written_keeps_the_draft_with_the_tray(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = a_report()
    with monkeypatch.context() as failing:
        failing.setattr(desk.store._file, "change", _full)
        with pytest.raises(NotNowError, match="kept as a draft"):
            desk.reports.submit(ANN, report)
    assert desk.reports.submit(ANN, report)["state"] == "saved"
    assert len(desk.waiting()) == 1


def _full(*_: Any) -> Any:
    from agent.store.file import FailedError  # noqa: PLC0415

    raise FailedError


def test_what_the_server_has_is_forgotten_after_a_month(desk: Desk) -> None:
    old, waiting = a_report(attachments=[a_file(b"abc")]), a_report()
    desk.reports.submit(ANN, old)
    file = old["attachments"][0]["id"]
    desk.reports.attach(ANN, pieces(old["id"], file, b"abc")[0])
    desk.reports.submit(ANN, waiting)
    desk.reports.settle([receipt(old["id"])])
    desk.clock.pass_s(31 * 86_400)
    desk.reports.submit(BOB, a_report())

    assert [one["id"] for one in desk.reports.of_account(ANN.id)] == [waiting["id"]]
    assert desk.store.texts("file:") == {}


SECRETS = (
    "password=Hunter2Hunter2",
    "Authorization: Bearer abcdefgh12345678abcdefgh",
    "https://ann:s3cr3tpw@printer.example/",
    "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "wdd_" + "x1" * 22,
)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("place", ["title", "text", "error_text", "before", "tried", "answers"])
def test_secrets_are_taken_out_before_anything_is_stored(
    desk: Desk, secret: str, place: str
) -> None:
    hidden = secret.rpartition("=")[2].rpartition(" ")[2].removeprefix("https://ann:")[4:20]
    value: Any = {"which": f"it said {secret}"} if place == "answers" else f"it said {secret}"
    desk.reports.submit(ANN, a_report(**{place: value}))
    desk.reports.say(
        ANN, {"id": uuid7(), "ticket": 1, "text": f"it said {secret}"}, ReplyKind.REPLY
    )
    desk.store.close()

    stored = b"".join(path.read_bytes() for path in desk.folder.iterdir() if path.is_file())
    assert b"it said" in stored
    assert hidden.encode() not in stored
    desk.open()


def test_a_file_goes_in_pieces_that_can_be_put_together(desk: Desk) -> None:
    content = os.urandom(200_000)
    file = a_file(content)
    report = a_report(attachments=[file])
    desk.reports.submit(ANN, report)
    answers = [desk.reports.attach(ANN, one) for one in pieces(report["id"], file["id"], content)]

    assert [one["done"] for one in answers] == [False] * 6 + [True]
    found = [parse_piece(json.loads(one.body)) for one in desk.waiting("attachment")]
    assert [one.offset for one in found] == [0, 65_536, 131_072, 196_608]
    assert b"".join(base64.b64decode(one.chunk) for one in found) == content
    assert len({one.id for one in found}) == 4
    assert {(one.total, one.sha256) for one in found} == {(200_000, file["sha256"])}


def test_a_file_goes_on_where_it_stopped_after_a_restart(desk: Desk) -> None:
    content = os.urandom(100_000)
    file = a_file(content)
    report = a_report(attachments=[file])
    desk.reports.submit(ANN, report)
    first, *rest = pieces(report["id"], file["id"], content)
    desk.reports.attach(ANN, first)
    desk.again()

    assert desk.reports.submit(ANN, report)["missing"] == [
        {"attachment": file["id"], "have": 32_768}
    ]
    assert desk.reports.attach(ANN, first) == {"have": 32_768, "done": False}  # once more
    assert desk.reports.attach(ANN, rest[-1]) == {"have": 32_768, "done": False}  # a gap
    for one in rest:
        last = desk.reports.attach(ANN, one)
    assert last == {"have": 100_000, "done": True}
    found = [parse_piece(json.loads(one.body)) for one in desk.waiting("attachment")]
    assert b"".join(base64.b64decode(one.chunk) for one in found) == content
    assert desk.reports.submit(ANN, report)["missing"] == []


def test_a_file_is_taken_from_who_announced_it_and_as_announced(desk: Desk) -> None:
    file = a_file(b"abc")
    report = a_report(attachments=[file])
    desk.reports.submit(ANN, report)
    [request] = pieces(report["id"], file["id"], b"abc")
    for who, changes, words in (
        (BOB, {}, "no report with this id"),
        (ANN, {"report": uuid7()}, "no report with this id"),
        (ANN, {"attachment": uuid7()}, "no such file"),
        (ANN, {"chunk": base64.b64encode(b"abcd").decode()}, "more than the 3 bytes"),
        (ANN, {"chunk": "a"}, "not base64"),
        (ANN, {"chunk": ""}, "between 1 and"),
    ):
        with pytest.raises((AgentError, ProtocolError), match=words):
            desk.reports.attach(who, request | changes)
    assert desk.waiting("attachment") == []


def test_a_reply_waits_to_be_sent_once(desk: Desk) -> None:
    request = {"id": uuid7(), "ticket": 17, "text": "It is the one upstairs."}
    desk.reports.say(ANN, request, ReplyKind.REPLY)
    desk.clock.pass_s(5)
    desk.again()
    desk.reports.say(ANN, request, ReplyKind.REPLY)

    [envelope] = desk.waiting("reply")
    reply = parse_reply(json.loads(envelope.body))
    assert (reply.ticket, reply.account, reply.text) == (17, "1000:ann", request["text"])
    with pytest.raises(AgentError, match="under this id already"):
        desk.reports.say(ANN, request | {"text": "Else"}, ReplyKind.REPLY)
