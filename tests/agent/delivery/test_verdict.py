"""What an HTTP answer means, beyond what the sender's own tests show."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.delivery.messages import Answer, Job, Outcome
from agent.delivery.refusal import retry_after_s
from agent.delivery.verdict import Reply, judge, printable
from agent.protocol import MEDIA_TYPE, PROBLEM_MEDIA_TYPE
from agent.protocol.problems import ProblemType

NOW = datetime(2031, 1, 1, tzinfo=UTC)
JOB = Job("post", "events", items=("{}", "{}"), ids=("a", "b"))


def _judged(status: int, tree: Any, media_type: str = MEDIA_TYPE, **headers: str) -> Answer:
    body = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    reply = Reply(status, {"content-type": media_type} | headers, body)
    return judge(JOB, reply, "https://desk.example", NOW)


def _receipts(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"receipts": [{"id": one, "result": result} for one, result in pairs]}


def test_a_receipt_without_an_id_refuses_the_message_in_its_place() -> None:
    """The server cannot echo an id that it cannot read; the damaged one must not block others."""
    answer = _judged(200, _receipts(("", "refused"), ("b", "accepted")))
    assert [(r.id, r.result) for r in answer.receipts] == [("a", "refused"), ("b", "accepted")]


@pytest.mark.parametrize(
    "pairs",
    [
        (("", "accepted"), ("b", "accepted")),
        (("b", "accepted"), ("a", "accepted")),
        (("a", "accepted"),),
        (("a", "accepted"), ("b", "accepted"), ("c", "accepted")),
    ],
    ids=["accepted without id", "another order", "too few", "too many"],
)
def test_receipts_that_do_not_echo_our_ids_in_order_deliver_nothing(
    pairs: tuple[tuple[str, str], ...],
) -> None:
    assert _judged(200, _receipts(*pairs)).outcome is Outcome.RETRY


@pytest.mark.parametrize("media_type", [MEDIA_TYPE.upper(), MEDIA_TYPE + "; charset=utf-8"])
def test_the_media_type_is_compared_as_media_types_are(media_type: str) -> None:
    tree = _receipts(("a", "accepted"), ("b", "duplicate"))
    assert _judged(201, tree, media_type).outcome is Outcome.DELIVERED


def test_nonsense_in_the_courtesies_does_not_cost_the_receipts() -> None:
    tree = _receipts(("a", "accepted"), ("b", "accepted"))
    tree |= {"changes": [1], "heartbeat_every_s": "x", "reconnect_spread_s": -1}
    answer = _judged(200, tree)
    assert answer.outcome is Outcome.DELIVERED
    assert (answer.changes, answer.heartbeat_every_s, answer.reconnect_spread_s) == ({}, None, None)


def test_only_unknown_device_asks_for_re_enrolment() -> None:
    outcomes = {
        kind: _judged(403, {"type": f"urn:watchdesk:problem:{kind}"}, PROBLEM_MEDIA_TYPE).outcome
        for kind in ProblemType
    }
    unknown = [kind for kind, outcome in outcomes.items() if outcome is Outcome.UNKNOWN_DEVICE]
    assert unknown == [ProblemType.UNKNOWN_DEVICE]


@pytest.mark.parametrize(
    ("status", "outcome"), [(422, Outcome.REFUSED), (400, Outcome.REFUSED), (418, Outcome.RETRY)]
)
def test_a_newer_servers_problem_is_judged_by_its_status(status: int, outcome: Outcome) -> None:
    tree = {"type": "urn:watchdesk:problem:{server}_of_tomorrow", "detail": "so {new}"}
    answer = _judged(status, tree, PROBLEM_MEDIA_TYPE)
    assert answer.outcome is outcome
    assert "{server}_of_tomorrow (so {new})" in answer.says


def test_a_problem_document_of_another_maker_refuses_nothing() -> None:
    tree = {"type": "about:blank", "title": "Bad Request", "status": 400}
    assert _judged(400, tree, PROBLEM_MEDIA_TYPE).outcome is Outcome.INTERCEPTED


def test_a_retry_after_date_is_reckoned_by_the_servers_clock() -> None:
    headers = {
        "retry-after": "Wed, 01 Jan 2031 00:02:00 GMT",
        "date": "Wed, 01 Jan 2031 00:01:00 GMT",
    }
    assert retry_after_s(headers, datetime(1970, 1, 1, tzinfo=UTC)) == 60
    del headers["date"]
    assert retry_after_s(headers, NOW) == 120


@given(st.text())
def test_any_retry_after_is_a_wait_within_bounds_or_none(text: str) -> None:
    wait = retry_after_s({"retry-after": text}, NOW)
    assert wait is None or 1 <= wait <= 3600


@given(
    st.integers(200, 599),
    st.sampled_from([MEDIA_TYPE, PROBLEM_MEDIA_TYPE, "text/html", ""]),
    st.binary() | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(
            st.text() | st.sampled_from(["receipts", "id", "result", "type", "detail"]), inner
        ),
    ).map(lambda tree: json.dumps(tree).encode()),
    st.dictionaries(st.sampled_from(["location", "retry-after", "date"]), st.text()),
)  # fmt: skip
def test_whatever_comes_back_is_judged_and_told_in_one_printable_line(
    status: int, media_type: str, body: bytes, headers: dict[str, str]
) -> None:
    answer = judge(
        JOB, Reply(status, {"content-type": media_type} | headers, body), "https://d", NOW
    )
    assert answer.outcome is not Outcome.DELIVERED
    assert answer.says.isprintable()
    assert 0 < len(answer.says) < 1000


def test_what_others_wrote_cannot_steer_a_terminal() -> None:
    assert printable("a\x1b[2J\u202eb\nc" + "d" * 500, 20) == "a [2J b cdddddddddd…"
