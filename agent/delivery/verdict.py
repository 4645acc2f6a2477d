"""What an HTTP answer means for the agent: pure, from status, headers and body to an ``Answer``.

Only our own media types count. Captive portals, proxies, web filters and hosting pages answer with
any status there is, so a success without our media type delivers nothing, and a refusal
without our problem document refuses nothing: the envelope stays and the sentence says who spoke.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from agent.delivery.messages import Answer, Job, Outcome, cursors
from agent.protocol import MEDIA_TYPE, PROBLEM_MEDIA_TYPE, strict
from agent.protocol.problems import PROBLEM_URN, ProblemType
from agent.protocol.receipts import Receipt, parse_receipt
from agent.protocol.strict import ProtocolError
from agent.protocol.words import ReceiptResult

SHORTEST_RETRY_AFTER_S = 1.0
LONGEST_RETRY_AFTER_S = 3600.0
_LONGEST_QUOTE = 200

_OLDER = "does not know this request: it may be older than this agent"
_OURS = {
    ProblemType.UNKNOWN_DEVICE: (
        Outcome.UNKNOWN_DEVICE,
        "does not know this device; enrol it again (watchdesk-agent enroll), it keeps its id",
    ),
    ProblemType.UNAUTHENTICATED: (Outcome.CREDENTIAL, "does not accept the token"),
    ProblemType.WRONG_CREDENTIAL: (Outcome.CREDENTIAL, "says the token is of another kind"),
    ProblemType.TOKEN_SPENT: (Outcome.CREDENTIAL, "says the token is used up or expired"),
    ProblemType.INVALID_REQUEST: (Outcome.REFUSED, "refuses this message as invalid"),
    ProblemType.CHANGED_BODY: (Outcome.REFUSED, "has another message under the same id"),
    ProblemType.TOO_LARGE: (Outcome.REFUSED, "refuses this message as too large"),
    ProblemType.NOT_FOUND: (Outcome.RETRY, _OLDER),
    ProblemType.METHOD_NOT_ALLOWED: (Outcome.RETRY, _OLDER),
    ProblemType.UNSUPPORTED_MEDIA_TYPE: (Outcome.RETRY, _OLDER),
    ProblemType.FORBIDDEN: (Outcome.CREDENTIAL, "does not allow this to this device"),
    ProblemType.NOT_ACCEPTABLE: (Outcome.RETRY, _OLDER),
    ProblemType.PRECONDITION_REQUIRED: (Outcome.RETRY, _OLDER),
    ProblemType.STALE: (Outcome.RETRY, "reports a conflict"),
    ProblemType.CONFLICT: (Outcome.RETRY, "reports a conflict"),
    ProblemType.RATE_LIMITED: (Outcome.RETRY, "asks this device to send less often"),
    ProblemType.UNAVAILABLE: (Outcome.RETRY, "is busy"),
    ProblemType.INTERNAL: (Outcome.RETRY, "has an error of its own"),
}
"""What each of our server's refusals asks of the agent, and how the sentence goes on."""


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
    """Return what ``reply`` means for ``job``.

    ``now`` only turns a Retry-After date into seconds when the answer carries no date itself.
    """
    if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        return _success(job, reply, server)
    problem = _problem(reply)
    wait = retry_after_s(reply.headers, now)
    return _ours(problem, reply, server, wait) if problem else _foreign(reply, server, wait)


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return a Retry-After in seconds, clamped to 1 s…1 h; None when absent or unreadable.

    A date is reckoned from the answer's own Date header, so this computer's clock does not count.
    """
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[+-]?\d{1,30}(\.\d{1,30})?", text, re.ASCII):
        seconds = float(text)
    else:
        then = http_date(text)
        if then is None:
            return None
        seconds = (then - (http_date(headers.get("date", "")) or now)).total_seconds()
    return min(LONGEST_RETRY_AFTER_S, max(SHORTEST_RETRY_AFTER_S, seconds))


def http_date(text: str) -> datetime | None:
    """Return the aware moment that a header names (RFC 9110, 5.6.7), None when it names none."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - rarely needed

    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def printable(text: str, longest: int = _LONGEST_QUOTE) -> str:
    """Return ``text`` fit for one line of a terminal or log, whoever wrote it."""
    cleaned = "".join(c if c.isprintable() else " " for c in text[: longest * 4])
    words = " ".join(cleaned.split())
    return words if len(words) <= longest else words[: longest - 1] + "…"


def _success(job: Job, reply: Reply, server: str) -> Answer:
    if reply.media_type != MEDIA_TYPE:
        return Answer(
            Outcome.INTERCEPTED,
            f"{_something(reply)} answered in place of {server}: a sign-in page of this network, "
            "a proxy, or a wrong address",
            reply.status,
        )
    try:
        tree = _object(reply.body)
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


def _object(body: bytes) -> dict[str, Any]:
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


def _problem(reply: Reply) -> dict[str, Any] | None:
    if reply.media_type != PROBLEM_MEDIA_TYPE:
        return None
    try:
        tree = _object(reply.body)
    except ProtocolError:
        return None
    return tree if str(tree.get("type")).startswith(PROBLEM_URN) else None


def _ours(problem: Mapping[str, Any], reply: Reply, server: str, wait: float | None) -> Answer:
    kind = str(problem["type"]).removeprefix(PROBLEM_URN)
    if kind in tuple(ProblemType):
        outcome, phrase = _OURS[ProblemType(kind)]
    else:  # a newer server's word: its status tells enough
        outcome = Outcome.REFUSED if reply.status in _REFUSING else Outcome.RETRY
        phrase = f"answered {printable(kind, 40)}"
    detail = printable(str(problem.get("detail") or problem.get("title") or ""))
    says = f"{server} {phrase}" + (f" ({detail})" if detail else "")
    return Answer(outcome, says, reply.status, problem=printable(kind, 40), retry_after_s=wait)


_REFUSING = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)


def _foreign(reply: Reply, server: str, wait: float | None) -> Answer:
    status = reply.status
    something = _something(reply)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        target = _host(reply.headers.get("location", ""))
        outcome = Outcome.INTERCEPTED
        says = (
            f"{something} redirects to {target}: a sign-in page of this network, or a wrong address"
        )
    elif status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        outcome = Outcome.PROXY
        says = f"{something}: the proxy asks for a sign-in; put user and password into its setting"
    elif status == HTTPStatus.NOT_FOUND:
        outcome = Outcome.INTERCEPTED
        says = f"{something}: there is no watchdesk server at {server}; is the address right?"
    elif status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS):
        outcome = Outcome.RETRY
        says = f"{something} asks to come back later"
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        outcome = Outcome.RETRY
        says = f"{something} answered for {server}: the server behind it is down or failing"
    else:
        outcome = Outcome.INTERCEPTED
        says = (
            f"{something} refused in place of {server}: a proxy, a web filter, or a wrong address"
        )
    return Answer(outcome, says, status, retry_after_s=wait)


def _something(reply: Reply) -> str:
    named = [f"HTTP {reply.status}", printable(reply.media_type, 60) or "no media type"]
    title = re.search(rb"<title[^>]{0,200}>([^<]{1,400})", reply.body[:65_536], re.IGNORECASE)
    if title and (words := printable(title[1].decode(errors="replace"), 80)):
        named.append(f"“{words}”")
    return f"something that is not watchdesk ({', '.join(named)})"


def _host(location: str) -> str:
    try:
        return printable(urlsplit(location).hostname or "another page", 100)
    except ValueError:
        return "another page"
