"""What an HTTP answer means for the agent: pure, from status, headers and body to an ``Answer``.

Only our own media types count. Captive portals, proxies, web filters and hosting pages answer with
any status there is, so a success without our media type delivers nothing, and a refusal
without our problem document refuses nothing: the envelope stays and the sentence says who spoke.
"""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, NamedTuple

from agent.delivery.messages import Answer, Job, Outcome, cursors
from agent.protocol import MEDIA_TYPE, strict
from agent.protocol.receipts import Receipt, ReceiptResult, parse_receipt
from agent.protocol.strict import ProtocolError

_LONGEST_QUOTE = 200


class Reply(NamedTuple):
    """An HTTP answer as it came: header names in lower case, the body undecoded."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type without its parameters, in lower case; empty when none is named."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


def judge(job: Job, reply: Reply, server: str, now: datetime) -> Answer:
    """Return what ``reply`` means for ``job``; ``now`` is for a Retry-After that names a date."""
    if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        return _success(job, reply, server)
    from agent.delivery.refusal import refused  # noqa: PLC0415 - see there

    return refused(reply, server, now)


def printable(text: str, longest: int = _LONGEST_QUOTE) -> str:
    """Return ``text`` fit for one line of a terminal or log, whoever wrote it."""
    cleaned = "".join(c if c.isprintable() else " " for c in text[: longest * 4])
    words = " ".join(cleaned.split())
    return words if len(words) <= longest else words[: longest - 1] + "…"


def _success(job: Job, reply: Reply, server: str) -> Answer:
    if reply.media_type != MEDIA_TYPE:
        from agent.delivery.refusal import intercepted  # noqa: PLC0415 - see there

        return intercepted(reply, server)
    try:
        tree = json_object(reply.body)
        receipts = _receipts(tree, job.ids)
    except ProtocolError as error:
        return Answer(
            Outcome.RETRY,
            f"the answer of {server} is damaged: {printable(str(error))}",
            reply.status,
        )
    return Answer(
        Outcome.DELIVERED,
        status=reply.status,
        receipts=receipts,
        changes=_changes(tree),
        heartbeat_every_s=_number(tree, "heartbeat_every_s"),
        reconnect_spread_s=_number(tree, "reconnect_spread_s"),
        document=None if job.do == "post" else tree,
        server_date=printable(reply.headers.get("date", ""), 40),
    )


def json_object(body: bytes) -> dict[str, Any]:
    """Return the body's JSON object; raises ProtocolError."""
    tree = strict.parse(body)
    if not isinstance(tree, dict):
        raise ProtocolError("", "the body is not a JSON object")
    return tree


def _receipts(tree: Mapping[str, Any], ids: tuple[str, ...]) -> tuple[Receipt, ...]:
    if not ids:
        return ()
    items = tree.get("receipts")
    if not isinstance(items, list):
        raise ProtocolError("receipts", "not a list")
    if len(items) != len(ids):
        raise ProtocolError("receipts", f"{len(items)} for {len(ids)} messages")
    receipts = tuple(
        _receipt(item, identifier) for item, identifier in zip(items, ids, strict=True)
    )
    if tuple(receipt.id for receipt in receipts) != ids:
        raise ProtocolError("receipts", "they are of other messages")
    return receipts


def _receipt(item: object, identifier: str) -> Receipt:
    """Return the receipt; one without an id refuses a message whose id cannot be read."""
    receipt = parse_receipt(item)
    if receipt.result is ReceiptResult.REFUSED and not receipt.id:
        return receipt._replace(id=identifier)
    return receipt


def _changes(tree: Mapping[str, Any]) -> dict[str, str | int]:
    try:
        return cursors(tree)
    except ProtocolError:  # the receipts are good and must not be lost over a courtesy
        return {}


def _number(tree: Mapping[str, Any], name: str) -> float | None:
    value = tree.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 <= value <= strict.MAX_INTEGER else None
