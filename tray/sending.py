"""Hands what waits in the draft folder to the agent, as often as it takes, once."""

import base64
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from agent.protocol.link import MAX_PIECE_BYTES
from tray import lock
from tray.agent_link import Link
from tray.drafts import Drafts
from tray.errors import AgentUnreachableError, RefusedError

_PATIENCE_S = 15.0
_AT_ONCE, _PER_S = 20, 8.0
"""Chunks: the agent takes 40 requests of one user at once and 10 a second in the long run."""


class Sent(NamedTuple):
    """A report that the agent has: the ticket's number when the server answered already."""

    id: str
    title: str
    number: int | None


class Sending(NamedTuple):
    """What one attempt achieved; ``problem`` says why the rest still waits."""

    sent: tuple[Sent, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    problem: str | None = None


def send_waiting(
    link: Link,
    drafts: Drafts,
    pause: Callable[[float], None] = time.sleep,
    taken: Callable[[], None] = lambda: None,
) -> Sending:
    """Send every waiting report, oldest first. Only one process of a person does so at a time.

    ``taken`` is called when the agent has a report's words, before its attachments follow.
    """
    if not any(one.problem is None for one in drafts.waiting()):
        return Sending()
    with lock.hold(drafts.folder / ".sending") as ours:
        return _send_all(link, drafts, pause, taken) if ours else Sending()


def _send_all(
    link: Link, drafts: Drafts, pause: Callable[[float], None], taken: Callable[[], None]
) -> Sending:
    sent: list[Sent] = []
    refused: list[tuple[str, str]] = []
    problem = None
    for waiting in drafts.waiting():
        report = waiting.report
        if waiting.problem is not None:
            continue
        try:
            number = _send(link, drafts, report, pause, taken)
        except AgentUnreachableError as error:
            problem = str(error)
            break
        except RefusedError as error:
            drafts.refuse(report["id"], str(error))
            refused.append((report["id"], str(error)))
            continue
        drafts.remove(report["id"])
        sent.append(Sent(report["id"], report["title"], number))
    return Sending(tuple(sent), tuple(refused), problem)


def _send(
    link: Link,
    drafts: Drafts,
    report: dict[str, Any],
    pause: Callable[[float], None],
    taken: Callable[[], None],
) -> int | None:
    """Hand over the words first, then what the agent still lacks of each attachment."""
    answer = link.ask("submit", _PATIENCE_S, **report)
    taken()
    lacking = {one["id"]: 0 for one in report["attachments"]}
    if "missing" in answer:
        lacking = {one["attachment"]: one["have"] for one in answer["missing"]}
    chunks = 0
    for attachment, begun in lacking.items():
        have = begun
        content = drafts.content(report["id"], attachment)
        while have < len(content):
            chunk = base64.b64encode(content[have : have + MAX_PIECE_BYTES]).decode()
            took = link.ask(
                "attach",
                _PATIENCE_S,
                report=report["id"],
                attachment=attachment,
                offset=have,
                chunk=chunk,
            )
            if took.get("done"):
                break
            if took["have"] <= have:
                raise AgentUnreachableError("the agent does not take more of an attachment")
            have = took["have"]
            chunks += 1
            if chunks > _AT_ONCE:
                pause(1 / _PER_S)
    number = answer.get("number")
    return number if isinstance(number, int) else None
