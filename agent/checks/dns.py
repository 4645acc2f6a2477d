"""Names that must be found, asked of the system's name servers or of a certain one."""

import socket
from collections.abc import Iterator

from agent.check_api import Check, Measured, Metric, TargetFilter, Unit, Unreadable
from agent.host import dns
from agent.host.dns import Question

STATES = ("found", "empty", "failed")


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield how the look-up of each name ended; all are asked at once."""
    kinds = targets.options.get("type", ()) or ("A",)
    questions = {}
    for target in filter(targets.named, targets.include):
        question = question_of(target, kinds[0])
        if question:
            questions[target] = question
        else:
            yield Unreadable(target, "this is neither NAME nor NAME@ADDRESS of a name server")
    if not questions:
        return
    from agent.host import network  # noqa: PLC0415 - most devices have no such rule

    try:
        servers = network.servers()
    except OSError:
        servers = ()
    answers = dns.ask(set(questions.values()), servers)
    for target, question in questions.items():
        if not servers and not question.server:
            yield Unreadable(target, "this computer has no name server")
            continue
        state, taken_s = answers[question]
        failed = state == "failed"
        yield Measured(target, {"answer": state} if failed else _values(state, taken_s))


def question_of(target: str, kind: str) -> Question | None:
    """Return what ``NAME`` or ``NAME@ADDRESS`` asks; None when it is something else."""
    name, at, server = target.partition("@")
    if not dns.is_name(name) or (at and not _is_address(server)):
        return None
    return Question(name, kind, server)


def _values(state: str, taken_s: float) -> dict[str, float | int | str]:
    return {"answer": state, "answer_s": taken_s}


def _is_address(text: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    except OSError:
        return False
    return True


CHECK = Check(
    name="dns",
    meaning="names that must be found",
    metrics=(
        Metric("answer", Unit.WORD, "how the look-up ended", words=STATES),
        Metric("answer_s", Unit.SECONDS, "time until the answer was there"),
    ),
    probe=probe,
    aside=True,
    needs_targets=True,
    options={"type": tuple(dns.KINDS)},
    deadline_s=15.0,
)
