"""What a device says of itself: enrolment, heartbeat and facts.

Routes: ``POST enroll`` (bearer ``wde_…``), ``POST heartbeat`` and ``POST facts`` (bearer
``wdd_…``). ``facts`` is an envelope: it has an id of its own and earns a receipt.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from agent.protocol.ids import is_uuid7
from agent.protocol.strict import ProtocolError, check_value, need, text_of
from agent.protocol.words import DeviceKind, Evaluation, LastWord

MAX_CHECKS = 500
MAX_HOST_NAME = 255
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A device's request to be known. It made its own id (UUIDv7) and token (``wdd_…``).

    Repeating it with the same id and token is the same enrolment and costs no use of the
    enrolment token. ``os`` is one of linux, windows, macos.
    """

    device_id: str
    device_token: str
    name: str
    kind: DeviceKind
    os: str
    agent_version: str

    def to_text(self) -> str:
        """Return the request's body."""
        return text_of({name: getattr(self, name) for name in self.__slots__})


def parse_enrolment(tree: object) -> Enrolment:
    """Return the enrolment in a request's body; raises ProtocolError naming the field."""
    members = _object(tree)
    device_id: str = need(members, "device_id", str)
    token: str = need(members, "device_token", str, 200)
    kind: str = need(members, "kind", str)
    if not is_uuid7(device_id):
        raise ProtocolError("device_id", "not a UUIDv7 in lower case")
    if not re.fullmatch(r"wdd_[A-Za-z0-9_-]{43}", token):
        raise ProtocolError("device_token", "not wdd_ and 43 characters of base64url")
    if kind not in tuple(DeviceKind):
        raise ProtocolError("kind", f"not one of {', '.join(DeviceKind)}")
    return Enrolment(
        device_id=device_id,
        device_token=token,
        name=_named(members, "name", MAX_HOST_NAME),
        kind=DeviceKind(kind),
        os=_named(members, "os", 40),
        agent_version=_named(members, "agent_version", 40),
    )


@dataclass(frozen=True, slots=True)
class CheckState:
    """How one rule judges one target just now, for the device's page.

    ``summary`` is the readings in words (``free 12 % (30 GiB)``), ``since`` RFC 3339 UTC.
    """

    rule: str
    check: str
    target: str
    evaluation: Evaluation
    since: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A sign of life, built when it is sent and never stored on the device.

    ``boot_at`` is RFC 3339 UTC; ``waiting`` counts envelopes in the outbox, ``oldest_s`` the
    age of the oldest; ``counters`` holds what the agent counted since it was installed
    (``dropped_warning``, ``parked``, …). ``last_word`` travels only with the heartbeat that is
    the last for now: the next one without it takes it back.
    """

    at: str
    agent_version: str
    boot_at: str
    waiting: int = 0
    oldest_s: float = 0.0
    facts_hash: str = ""
    counters: dict[str, int] = field(default_factory=dict)
    checks: tuple[CheckState, ...] = ()
    last_word: LastWord | None = None

    def to_text(self) -> str:
        """Return the request's body."""
        tree: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        if self.last_word is None:
            del tree["last_word"]
        tree["checks"] = [
            {name: getattr(check, name) for name in check.__slots__} for check in self.checks
        ]
        return text_of(tree)


def parse_heartbeat(tree: object) -> Heartbeat:
    """Return the heartbeat in a request's body; raises ProtocolError naming the field."""
    members = _object(tree)
    checks = members.get("checks", [])
    counters = members.get("counters", {})
    if not isinstance(checks, list) or len(checks) > MAX_CHECKS:
        raise ProtocolError("checks", f"not a list of at most {MAX_CHECKS}")
    if not isinstance(counters, dict) or not all(type(n) is int for n in counters.values()):
        raise ProtocolError("counters", "not an object of whole numbers")
    return Heartbeat(
        at=_named(members, "at", 40),
        agent_version=_named(members, "agent_version", 40),
        boot_at=_named(members, "boot_at", 40),
        waiting=need(members, "waiting", int) if "waiting" in members else 0,
        oldest_s=need(members, "oldest_s", float) if "oldest_s" in members else 0.0,
        facts_hash=_hash(members) if members.get("facts_hash") else "",
        counters=counters,
        checks=tuple(_check(item, f"checks[{n}]") for n, item in enumerate(checks)),
        last_word=_last_word(members) if "last_word" in members else None,
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """The system details of a device, as one envelope.

    ``hash`` is the SHA-256 of ``facts``' JSON text; events name it, so that a ticket shows
    the details that held then. ``facts`` v1 has the members computer, serial, model, os,
    user, boot_at, volumes, memory, network; each may be absent when it cannot be known.
    """

    id: str
    at: str
    hash: str
    facts: dict[str, Any]

    def to_text(self) -> str:
        """Return the envelope as the JSON text that is stored and sent."""
        return text_of({name: getattr(self, name) for name in self.__slots__})


def parse_facts(tree: object) -> Facts:
    """Return the facts in a request's body; raises ProtocolError naming the field."""
    members = _object(tree)
    identifier: str = need(members, "id", str)
    if not is_uuid7(identifier):
        raise ProtocolError("id", "not a UUIDv7 in lower case")
    return Facts(
        id=identifier,
        at=_named(members, "at", 40),
        hash=_hash(members, "hash"),
        facts=need(members, "facts", dict),
    )


def _object(tree: object) -> dict[str, Any]:
    if not isinstance(tree, dict):
        raise ProtocolError("", "the body is not a JSON object")
    check_value(tree)
    return tree


def _named(members: dict[str, Any], name: str, longest: int) -> str:
    value: str = need(members, name, str, longest)
    if not value.strip():
        raise ProtocolError(name, "empty")
    return value


def _hash(members: dict[str, Any], name: str = "facts_hash") -> str:
    value: str = need(members, name, str, 64)
    if not _HASH.fullmatch(value):
        raise ProtocolError(name, "not a SHA-256 in lower-case hex")
    return value


def _check(item: object, where: str) -> CheckState:
    if not isinstance(item, dict):
        raise ProtocolError(where, "not an object")
    try:
        return CheckState(
            rule=_named(item, "rule", 200),
            check=_named(item, "check", 200),
            target=_named(item, "target", 200),
            evaluation=_evaluation(item),
            since=_named(item, "since", 40),
            summary=need(item, "summary", str, 400) if "summary" in item else "",
        )
    except ProtocolError as error:
        raise ProtocolError(f"{where}.{error.field}", error.reason) from error


def _last_word(members: dict[str, Any]) -> LastWord:
    word: str = need(members, "last_word", str)
    if word not in tuple(LastWord):
        raise ProtocolError("last_word", f"not one of {', '.join(LastWord)}")
    return LastWord(word)


def _evaluation(item: dict[str, Any]) -> Evaluation:
    word: str = need(item, "evaluation", str)
    if word not in tuple(Evaluation):
        raise ProtocolError("evaluation", f"not one of {', '.join(Evaluation)}")
    return Evaluation(word)
