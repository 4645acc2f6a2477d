"""How entries are sealed: pure functions over what is kept.

The hash is keyed with a key made from the server's own: a copy of the database, or somebody who
writes in it, makes no seal that holds. Who has the key and the database can make another chain;
the hash of a seal, noted elsewhere, tells that one from this (``audit verify --seal``).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from hmac import HMAC
from typing import Protocol

NOTHING = "0" * 64
"""What stands for the seal before the first."""


class Kept(Protocol):
    """An entry as it is kept."""

    id: int
    at: datetime
    who: str
    via: str
    act: str
    subject: str
    client: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Link:
    """What a seal says, but for its hash."""

    first: int
    last: int
    count: int
    digest: str
    previous: str
    at: datetime


def key_of(secret: str) -> bytes:
    """Return the key of the chain, made from the server's secret key."""
    return sha256(b"watchdesk audit\n" + secret.encode()).digest()


def digest(entries: Iterable[Kept]) -> tuple[str, int]:
    """Return the SHA-256 of entries in their order, each as one line of JSON, and their number."""
    found, count = sha256(), 0
    for one in entries:
        told = [one.id, _text(one.at), one.who, one.via, one.act, one.subject, one.client]
        line = json.dumps([*told, one.detail], ensure_ascii=True, separators=(",", ":"))
        found.update(line.encode() + b"\n")
        count += 1
    return found.hexdigest(), count


def seal(link: Link, key: bytes) -> str:
    """Return the hash of a seal."""
    told = [link.first, link.last, link.count, link.digest, link.previous, _text(link.at)]
    return HMAC(key, json.dumps(told).encode(), sha256).hexdigest()


def dropping(seal_hash: str, at: datetime, key: bytes) -> str:
    """Return what retention leaves at a seal whose entries it removed at ``at``."""
    return HMAC(key, f"dropped\n{seal_hash}\n{_text(at)}".encode(), sha256).hexdigest()


def _text(instant: datetime) -> str:
    """Return an instant to the microsecond, as both databases keep it."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
