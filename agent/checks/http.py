"""Web pages that must be there: their status, how long they take, what stands in them."""

import re
from collections.abc import Iterator

from agent.check_api import (
    Check,
    CheckError,
    Measured,
    Metric,
    TargetFilter,
    Unit,
    Unreadable,
)
from agent.host import abandonable

STATES = ("answered", "refused", "timeout", "unreachable", "untrusted", "broken")

_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|(?P<host>[^\s:/?#@\[\]]+))"
    r"(?::(?P<port>\d{1,5}))?(?P<path>/[^\s#?]*)?(?P<query>\?[^\s#]*)?",
    re.ASCII | re.IGNORECASE,
)
_HIGHEST_PORT = 65_535
_DEADLINE_S = 12.0


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield how each page's server answered; all are asked at once, in a child."""
    texts = targets.options.get("text", ())
    unverified = "unverified" in targets.options.get("tls", ())
    questions = {}
    for target in filter(targets.named, targets.include):
        question = question_of(target, texts, unverified=unverified)
        if question:
            questions[target] = question
        else:
            yield Unreadable(target, "this is not http://HOST/PATH or https://HOST/PATH")
    answers = dict(abandonable.ask("http", sorted(set(questions.values())), _DEADLINE_S))
    for target, question in questions.items():
        answer = answers[question]
        if isinstance(answer, CheckError):
            yield Unreadable(target, answer.reason)
        else:
            yield Measured(target, values(answer), about=in_words(answer))


def question_of(target: str, texts: tuple[str, ...] = (), *, unverified: bool = False) -> str:
    """Return what ``web_child.http`` is asked for this URL; nothing when it is none.

    A user and password in a URL are refused: any user of the computer could read them.
    """
    found = _URL.fullmatch(target)
    if not found:
        return ""
    secure = found["scheme"].lower() == "https"
    port = int(found["port"] or (443 if secure else 80))
    if not 0 < port <= _HIGHEST_PORT:
        return ""
    tls = ("unverified" if unverified else "tls") if secure else ""
    path = (found["path"] or "/") + (found["query"] or "")
    lines = (found["six"] or found["host"], str(port), tls, path, *texts)
    return "\n".join(" ".join(line.split("\n")) for line in lines)


def values(answer: str) -> dict[str, float | int | str]:
    """Return the metrics in an answer of ``web_child.http``."""
    state, *rest = answer.split()
    if not rest:
        return {"state": state}
    status, taken_s, text = rest[:3]
    found: dict[str, float | int | str] = {
        "state": state,
        "status": int(status),
        "answer_s": float(taken_s),
    }
    return found if text == "-" else found | {"text": text}


def in_words(answer: str) -> str:
    """Return the status in the server's own words; nothing when it gave none."""
    words = answer.split()
    return f"HTTP {words[1]} {' '.join(words[4:])}".rstrip() if len(words) > 1 else ""


CHECK = Check(
    name="http",
    meaning="web pages that must be there",
    metrics=(
        Metric("state", Unit.WORD, "how the attempt to get the page ended", words=STATES),
        Metric("status", Unit.COUNT, "the status that the server answered with"),
        Metric("answer_s", Unit.SECONDS, "time until the whole answer was there"),
        Metric("text", Unit.WORD, "whether all wanted texts are in the page", words=("yes", "no")),
    ),
    probe=probe,
    aside=True,
    needs_targets=True,
    options={"text": (), "tls": ("unverified",)},
    deadline_s=30.0,
)
