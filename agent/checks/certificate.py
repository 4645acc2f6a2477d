"""Certificates that run out: of servers, and in files."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath, PureWindowsPath

from agent import clock
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
from agent.host.connect import place_of

_DEADLINE_S = 12.0
_MOST_HOSTS = 3
_REASONS = {
    "refused": "the connection was refused",
    "timeout": "the server did not answer",
    "unreachable": "the server cannot be reached",
    "broken": "the server does not speak TLS there",
}


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield how long each certificate is valid; all are asked for at once, in a child."""
    questions = {}
    for target in filter(targets.named, targets.include):
        question = question_of(target)
        if question:
            questions[target] = question
        else:
            yield Unreadable(target, "this is neither HOST:PORT nor a file's whole path")
    now = clock.now().wall
    answers = dict(abandonable.ask("certificate", sorted(set(questions.values())), _DEADLINE_S))
    for target, question in questions.items():
        answer = answers[question]
        if isinstance(answer, CheckError):
            yield Unreadable(target, answer.reason)
        elif answer in _REASONS:
            yield Unreadable(target, _REASONS[answer])
        else:
            host, _, port = question.partition("\n")
            yield _told(target, answer, host if port else "", now)


def question_of(target: str) -> str:
    """Return what ``web_child.certificate`` is asked; nothing for what is no target."""
    if PurePosixPath(target).is_absolute() or PureWindowsPath(target).is_absolute():
        return target
    place = place_of(target)
    return f"{place.host}\n{place.port}" if place else ""


def _told(target: str, answer: str, host: str, now: datetime) -> Measured | Unreadable:
    from binascii import a2b_base64  # noqa: PLC0415 - once in hours

    try:
        der = a2b_base64(answer)
        return Measured(target, values(der, host, now), about=in_words(der))
    except (ValueError, IndexError):
        return Unreadable(target, "what is there is no certificate")


def values(der: bytes, host: str, now: datetime) -> dict[str, float | int | str]:
    """Return a certificate's metrics; raises ValueError or IndexError when it is none."""
    from agent.host import x509  # noqa: PLC0415 - once in hours

    certificate = x509.parse(der)
    left_s = (certificate.not_after - now).total_seconds()
    validity = "expired" if left_s <= 0 else "valid"
    if now < certificate.not_before:
        validity = "not_yet"
    found: dict[str, float | int | str] = {"expires_in": max(0.0, left_s), "validity": validity}
    return (
        found | {"host_name": "right" if certificate.is_for(host) else "wrong"} if host else found
    )


def in_words(der: bytes) -> str:
    """Return whom a certificate is for and who issued it; raises ValueError or IndexError."""
    from agent.host import x509  # noqa: PLC0415 - once in hours

    certificate = x509.parse(der)
    subject = ", ".join(certificate.hosts[:_MOST_HOSTS]) or certificate.subject
    return f"{subject}, issued by {certificate.issuer}"


CHECK = Check(
    name="certificate",
    meaning="how long certificates of servers and in files are valid",
    metrics=(
        Metric("expires_in", Unit.SECONDS, "time until it is no longer valid; 0 when it is not"),
        Metric(
            "validity",
            Unit.WORD,
            "whether it is valid by its dates",
            words=("valid", "expired", "not_yet"),
        ),
        Metric(
            "host_name", Unit.WORD, "whether it is for the server's name", words=("right", "wrong")
        ),
    ),
    probe=probe,
    aside=True,
    needs_targets=True,
    deadline_s=30.0,
)
