"""Takes secrets out of texts before anything is stored or sent.

What stands for a secret: credentials by their shape (private keys, tokens of well-known
makers, our own), passwords in addresses, and whatever is given to a name such as ``password``,
``token`` or ``api_key``, on command lines, in settings, headers and JSON. The name stays, so
that a technician sees what was there. Pure, linear in the text's length, and stable: what is
redacted once is not changed again.
"""

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent.protocol.reports import Report

HIDDEN = "[redacted]"

_MOST_TURNS = 8

_NAMED_SO = (
    r"(?:password|passwd|passphrase|passwort|kennwort|secret|credential|token"
    r"|(?<![a-z])(?:psk|pwd|pin)"
    r"|(?:access|account|api|auth|encryption|private|secret|session|shared|signing)[_-]?key"
    r"|session[_-]?id)(?:[_-]?(?:hash|text|value|\d{1,3}))?"
)
_GIVEN = re.compile(
    rf"(?P<name>{_NAMED_SO}(?:\\*[\"'`])?[ \t]*(?:=>|:=|=|:)|(?<![a-z])pass=)(?P<gap>[ \t]*)"
    r"(?P<value>\"(?:[^\"\\\n]|\\.)*+\"|'(?:[^'\\\n]|\\.)*+'"
    r"|\\+[\"'][^\"'\\\n]*|[\"'`]?[^\s;&\"'<>`]+)",
    re.IGNORECASE,
)
"""``name = value``: bare, quoted, or quoted within a quoted text."""

_NO_SECRET = re.compile(
    r"[\"']?(?:true|false|yes|no|none|null|unset|never|expired|required|changed|\*+)?[\"']?[,.)}\]]*",
    re.IGNORECASE,
)
_QUOTES = "\"'`"
_PATH = re.compile(r"/|[a-z]:\\", re.IGNORECASE)  # PWD is the working directory

_OURS = re.compile(r"(?<![a-z0-9])(wd[a-z]_)[a-z0-9_-]{8,}", re.IGNORECASE)
"""Our credentials keep their prefix, which tells what they were for; they are looked for first,
as chance may put another maker's prefix within one."""

_KEPT_THEN_HIDDEN = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # user and password in an address
        r"((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'<>?#]{0,200}:)[^\s/\"'<>?#]+(?=@)",
        # headers
        r"(\bauthorization[ \t]*:[ \t]*digest[ \t]+)[^\n]+",
        (
            r"(\bauthorization[\"']?[ \t]*[:=][ \t]*[\"']?(?:(?:basic|bearer|digest|token)[ \t]+)?)"
            r"(?!(?:basic|bearer|digest|token)[ \t])[^\s\"'][^\n\"']*"
        ),
        r"(\b(?:bearer|basic)[ \t]+)(?=\S*\d)[a-z0-9+/._~-]{16,}=*",
        r"(\b(?:set-)?cookie:[ \t]*)\S[^\n\"']*",
        # command lines
        (
            r"((?<!\S)--?(?:[a-z0-9]+[_-]){0,4}(?:password|passwd|passphrase|secret|token)[ \t]+)"
            r"(?!-)\S+"
        ),
        r"((?<!\S)--(?:[a-z0-9]+[_-]){0,4}key[ \t]+)(?![-/~.])\S+",
        r"(\bsshpass[ \t]+-p[ \t]*)\S+",
        r"(\bmysql(?:dump|admin)?\b[^\n]{0,400}?[ \t](?-i:-p))\S+",
        r"(\bcurl\b[^\n]{0,400}?[ \t](?:-u|--user)[ \t=]?[\"']?[^\s:\"']+:)[^\s\"']+",
        r"(\bsmbclient\b[^\n]{0,400}?[ \t]-U[ \t]*[^\s%]+%)\S+",
        r"(\bnet[ \t]+use\b[^\n]{0,200}?/user:\S+[ \t]+)(?!/)\S+",
        r"(\bnet[ \t]+use[ \t]+(?:(?:[a-z]:|\*)[ \t]+)?\\\\\S+[ \t]+)(?!/)\S+",
        # what people write: my password is Summer2024
        (
            r"(\b(?:password|passwort|kennwort|passphrase|pin)[ \t]+(?:is|was|ist|lautet)[ \t]+)"
            r"(?=\S*\d)\S{4,}"
        ),
        # something long and random behind a name that is not secret by itself
        (
            r"(\b(?:key|secret|token|signature|sig)(?:[ \t]+(?:is|was|value))?"
            r"[ \t]*[:= ][ \t]*[\"']?)(?![/.~])(?=\S*\d)(?:[0-9a-f]{32,}|[a-z0-9+/_-]{24,}={0,2})"
        ),
    )
)
_HIDDEN_WHOLE = tuple(
    re.compile(pattern)
    for pattern in (
        (
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"(?s:.*?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|.*)"
        ),
        (
            r"(?<![A-Za-z0-9])(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|hf_|npm_|pypi-|sk-|sk_live_"
            r"|rk_live_|AIza|SG\.)[A-Za-z0-9_.-]{15,}[A-Za-z0-9_-]"
        ),
        r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?",
        r"(?<![\d-])\d{6}(?:-\d{6}){7}(?![\d-])",  # a BitLocker recovery key
    )
)
_NAME_ALONE = re.compile(rf"(?:[^:=\s]*{_NAMED_SO}|pass)", re.IGNORECASE)


def redact(text: str) -> str:
    """Return the text with every secret in it replaced by ``[redacted]``."""
    for _ in range(_MOST_TURNS):  # what is hidden may bring a name to stand before a value
        before, text = text, _once(text)
        if text == before:
            break
    return text


def _once(text: str) -> str:
    text = _OURS.sub(rf"\1{HIDDEN}", text)
    for pattern in _HIDDEN_WHOLE:
        text = pattern.sub(HIDDEN, text)
    for pattern in _KEPT_THEN_HIDDEN:
        text = pattern.sub(rf"\1{HIDDEN}", text)
    return _GIVEN.sub(_hide, text)


def redact_tree(value: Any) -> Any:  # noqa: ANN401 - a JSON tree
    """Return a JSON tree without secrets: in its texts, and as members with a secret's name."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {
            redact(name): HIDDEN
            if isinstance(member, (str, int)) and _NAME_ALONE.fullmatch(name)
            else redact_tree(member)
            for name, member in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redact_tree(item) for item in value]
    return value


def _hide(given: re.Match[str]) -> str:
    name, gap, value = given["name"], given["gap"], given["value"]
    bare = value.lstrip("\\")
    opening = value[: len(value) - len(bare)] + (bare[:1] if bare[:1] in _QUOTES else "")
    if value.startswith(HIDDEN, len(opening)) or _NO_SECRET.fullmatch(value):
        return given[0]
    if name.lower().startswith("pwd") and _PATH.match(value):
        return given[0]
    if opening:
        rest = opening if value.endswith(opening) and len(value) > len(opening) else ""
    else:
        rest = value[len(value.rstrip(",)}]")) :]
    return f"{name}{gap}{opening}{HIDDEN}{rest}"


def redact_report(report: "Report") -> "Report":
    """Return the report without secrets; a text that grew by it is cut."""
    from agent.protocol import reports as wire  # noqa: PLC0415 - most that is redacted is none

    def cut(text: str, longest: int) -> str:
        return redact(text)[:longest]

    return replace(
        report,
        title=cut(report.title, wire.MAX_TITLE),
        text=cut(report.text, wire.MAX_TEXT),
        error_text=cut(report.error_text, wire.MAX_ERROR_TEXT),
        before=cut(report.before, wire.MAX_NOTE),
        tried=cut(report.tried, wire.MAX_NOTE),
        answers={key: cut(text, wire.MAX_NOTE) for key, text in (report.answers or {}).items()},
        attachments=tuple(
            replace(file, name=cut(file.name, wire.MAX_NAME)) for file in report.attachments
        ),
    )
