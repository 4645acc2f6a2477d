"""What an HTTP answer means that is no success of ours: who spoke, and what to do about it. Pure.

Apart from ``verdict`` because nearly every sender ends without it: it starts often.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from agent.delivery.messages import Answer, Outcome
from agent.delivery.verdict import Reply, json_object, printable
from agent.protocol import PROBLEM_MEDIA_TYPE
from agent.protocol.problems import PROBLEM_URN, ProblemType
from agent.protocol.strict import ProtocolError

SHORTEST_RETRY_AFTER_S = 1.0
LONGEST_RETRY_AFTER_S = 3600.0

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


def refused(reply: Reply, server: str, now: datetime) -> Answer:
    """Return what an answer means that is no success.

    ``now`` only turns a Retry-After date into seconds when the answer carries no date itself.
    """
    problem = _problem(reply)
    wait = retry_after_s(reply.headers, now)
    return _ours(problem, reply, server, wait) if problem else _foreign(reply, server, wait)


def intercepted(reply: Reply, server: str) -> Answer:
    """Return what a success means that is not of our media type."""
    return Answer(
        Outcome.INTERCEPTED,
        f"{_something(reply)} answered in place of {server}: a sign-in page of this network, "
        "a proxy, or a wrong address",
        reply.status,
    )


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


def _problem(reply: Reply) -> dict[str, Any] | None:
    if reply.media_type != PROBLEM_MEDIA_TYPE:
        return None
    try:
        tree = json_object(reply.body)
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
