"""What the agent and its sender say to each other: JSON lines over the sender's stdin and stdout.

The first line the sender reads is its ``Settings``; then it reads one ``Job`` a line and answers
each with one ``Answer`` line, in order. Secrets travel here and nowhere else: an argument list and
an environment can be read by others on the same computer.

Named tuples, as all that a sender loads: making a dataclass costs four times as much at each start.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from agent.protocol import strict
from agent.protocol.receipts import Receipt, parse_receipt
from agent.protocol.strict import ProtocolError, need

MAX_JOB_BYTES = 16 * 1024 * 1024
"""Longest line to the sender: a full batch with every character escaped."""
MAX_ANSWER_BYTES = 16 * 1024 * 1024
"""Longest line from the sender; a longer one is garbage."""

POST_ROUTES = ("events", "facts", "heartbeat", "tickets", "attachments", "replies")
GET_ROUTES = ("device/tickets", "device/profile", "device/notes")
_NO_CHANGES: Mapping[str, str | int] = MappingProxyType({})


class Outcome(StrEnum):
    """What became of a job, named after what the agent must do."""

    DELIVERED = "delivered"
    """Ours, complete, every id echoed: settle the receipts."""
    RETRY = "retry"
    """Nothing is wrong with the request: keep it and come back later."""
    REFUSED = "refused"
    """Our server will never take this request: split a batch, park a single envelope."""
    CREDENTIAL = "credential"
    """The server does not accept our token: keep everything and pause."""
    UNKNOWN_DEVICE = "unknown_device"
    """The server does not know this device: pause and ask for re-enrolment."""
    INTERCEPTED = "intercepted"
    """Something that is not our server answered: keep everything, say who it was."""
    PROXY = "proxy"
    """The proxy does not let us through."""
    CLOCK = "clock"
    """A certificate outside its dates: this computer's clock, or the certificate, is wrong."""


class Limits(NamedTuple):
    """How long and how much the sender waits for; seconds and bytes.

    ``total_s`` bounds one job from name resolution to the answer's last byte, whatever trickles.
    ``idle_s`` without a job ends the sender.
    """

    connect_s: float = 10.0
    read_s: float = 30.0
    total_s: float = 60.0
    idle_s: float = 30.0
    answer_bytes: int = 4 * 1024 * 1024


class Settings(NamedTuple):
    """The sender's first line: where to send, as whom, and by which way.

    ``token`` is the device's (``wdd_…``); ``ca_file`` replaces the operating system's trust
    store; ``proxy`` is the only proxy ever used, environment variables are not.
    """

    server: str
    token: str
    agent_version: str
    ca_file: str | None = None
    proxy: str | None = None
    limits: Limits = Limits()

    def __repr__(self) -> str:
        """Return it without what is secret."""
        return f"Settings(server={self.server!r})"

    def to_line(self) -> bytes:
        """Return the settings as one line of JSON."""
        return _line({**self._asdict(), "limits": self.limits._asdict()})


def parse_settings(line: bytes) -> Settings:
    """Return the settings in the sender's first line; raises ProtocolError."""
    members = _object(line)
    limits = need(members, "limits", dict)
    return Settings(
        server=need(members, "server", str),
        token=need(members, "token", str),
        agent_version=need(members, "agent_version", str),
        ca_file=_optional(members, "ca_file", str),
        proxy=_optional(members, "proxy", str),
        limits=Limits(
            **{name: need(limits, name, float) for name in _SECONDS},
            answer_bytes=need(limits, "answer_bytes", int),
        ),
    )


_SECONDS = ("connect_s", "read_s", "total_s", "idle_s")


class Job(NamedTuple):
    """One request for the sender to make.

    ``do`` is ``post``, ``get`` or ``enroll``. ``items`` are JSON texts as they are stored; only
    ``events`` takes several. ``ids`` are the envelopes' ids that the receipts must echo, in order.
    ``token`` is the enrolment token (``wde_…``), ``since`` the cursor of a ``get``.
    """

    do: str
    route: str
    items: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    since: str | None = None
    token: str | None = None

    def __repr__(self) -> str:
        """Return it without what is secret."""
        return f"Job(do={self.do!r}, route={self.route!r}, ids={self.ids!r})"

    def to_line(self) -> bytes:
        """Return the job as one line of JSON."""
        return _line(self._asdict())


def parse_job(line: bytes) -> Job:
    """Return the job in one line to the sender; raises ProtocolError."""
    members = _object(line)
    return Job(
        do=need(members, "do", str),
        route=need(members, "route", str),
        items=_texts(members, "items"),
        ids=_texts(members, "ids"),
        since=_optional(members, "since", str),
        token=_optional(members, "token", str),
    )


class Answer(NamedTuple):
    """What became of a job: the outcome, and in ``says`` a sentence for people.

    ``status`` is the HTTP status when there was an answer, ``problem`` its machine-readable kind,
    ``retry_after_s`` what the server asked for (1 s…1 h). The rest comes from a delivered answer:
    ``receipts`` in the order of the job's ids, ``changes`` cursors, the server's wishes for
    ``heartbeat_every_s`` and ``reconnect_spread_s`` (unclamped), the ``document`` of get or enroll.
    ``request`` is the id under which the server's log tells of it, ``server_date`` the moment of
    the answer by the server's clock, as its Date header says it (RFC 9110).
    """

    outcome: Outcome
    says: str = ""
    status: int | None = None
    problem: str | None = None
    retry_after_s: float | None = None
    receipts: tuple[Receipt, ...] = ()
    changes: Mapping[str, str | int] = _NO_CHANGES
    heartbeat_every_s: float | None = None
    reconnect_spread_s: float | None = None
    document: Any = None
    request: str = ""
    server_date: str = ""

    @property
    def arrived(self) -> bool:
        """Whether our server has dealt with the request, one way or the other."""
        return self.outcome in (Outcome.DELIVERED, Outcome.REFUSED)

    def to_line(self) -> bytes:
        """Return the answer as one line of JSON."""
        receipts = [receipt.to_tree() for receipt in self.receipts]
        return _line({**self._asdict(), "receipts": receipts, "changes": dict(self.changes)})


def parse_answer(line: bytes) -> Answer:
    """Return the answer in one line from the sender; raises ProtocolError."""
    members = _object(line)
    outcome: str = need(members, "outcome", str)
    if outcome not in tuple(Outcome):
        raise ProtocolError("outcome", f"not one of {', '.join(Outcome)}")
    receipts = members.get("receipts")
    if not isinstance(receipts, list):
        raise ProtocolError("receipts", "not a list")
    return Answer(
        outcome=Outcome(outcome),
        says=need(members, "says", str),
        status=_optional(members, "status", int),
        problem=_optional(members, "problem", str),
        retry_after_s=_optional(members, "retry_after_s", float),
        receipts=tuple(parse_receipt(receipt) for receipt in receipts),
        changes=cursors(members),
        heartbeat_every_s=_optional(members, "heartbeat_every_s", float),
        reconnect_spread_s=_optional(members, "reconnect_spread_s", float),
        document=members.get("document"),
        request=_optional(members, "request", str) or "",
        server_date=_optional(members, "server_date", str) or "",
    )


def cursors(members: Mapping[str, Any]) -> dict[str, str | int]:
    """Return the ``changes`` member: a cursor by name, absent as empty; raises ProtocolError."""
    changes = members.get("changes") or {}
    if not isinstance(changes, dict):
        raise ProtocolError("changes", "not an object")
    strict.check_value(changes, "changes")
    for name, cursor in changes.items():
        if type(cursor) not in (str, int):
            raise ProtocolError(f"changes.{name[:40]}", "a cursor is text or a whole number")
    return changes


def _line(tree: Mapping[str, Any]) -> bytes:
    return json.dumps(tree).encode("ascii") + b"\n"


def _object(line: bytes) -> dict[str, Any]:
    tree = strict.parse(line)
    if not isinstance(tree, dict):
        raise ProtocolError("", "not a JSON object")
    return tree


def _optional(members: Mapping[str, Any], name: str, kind: type) -> Any:  # noqa: ANN401 - the caller names the type
    return None if members.get(name) is None else need(members, name, kind)


def _texts(members: Mapping[str, Any], name: str) -> tuple[str, ...]:
    texts = need(members, name, list)
    if not all(type(text) is str for text in texts):
        raise ProtocolError(name, "not a list of texts")
    return tuple(texts)
