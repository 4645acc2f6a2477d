"""Sealing what was written since the last seal, and verifying the whole chain."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Max

from server_stub.audit.chain import NOTHING, Link, digest, dropping, key_of, seal
from server_stub.audit.models import AuditEntry, Seal

SEAL_EVERY = timedelta(minutes=1)
MOST = 5_000
"""Entries in one seal; when there are more, the next seal takes them."""
LATE = timedelta(minutes=15)
"""An entry that is not sealed after so long waits for a worker that does not run."""

_LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's word for a lock that somebody has."""


class Verdict(NamedTuple):
    """What verifying found: ``problems``, and what is sound."""

    problems: list[str]
    entries: int
    seals: int
    unsealed: int
    dropped: int
    head: str


def seal_new(now: datetime) -> int:
    """Seal the entries after the last seal, within the caller's transaction; return how many.

    A second job at the same time fails at the unique ``previous``, and has nothing left to do.
    """
    before = Seal.objects.order_by("-id").first()
    newest = _settled()
    start = before.last + 1 if before else 1
    rows = AuditEntry.objects.filter(id__gte=start, id__lte=newest).order_by("id")
    entries = list(rows[:MOST])
    if not entries:
        return 0
    found, count = digest(entries)
    last = entries[-1].id if len(entries) == MOST else newest
    link = Link(start, last, count, found, before.hash if before else NOTHING, now)
    Seal.objects.create(**asdict(link), hash=seal(link, key_of(settings.SECRET_KEY)))
    return count


def drop(one: Seal, now: datetime) -> None:
    """Note that retention removed what a seal seals, where the guards are lifted."""
    one.dropped_at = now
    one.dropping = dropping(one.hash, now, key_of(settings.SECRET_KEY))
    one.save(update_fields=["dropped_at", "dropping"])


def verify(now: datetime, known: str = "") -> Verdict:
    """Look at every seal and every entry it seals.

    ``known`` is the hash of a seal, noted earlier: it must be in the chain.
    """
    key = key_of(settings.SECRET_KEY)
    problems: list[str] = []
    previous, expected, seals, dropped, entries = NOTHING, 1, 0, 0, 0
    hashes = set()
    for one in Seal.objects.order_by("id").iterator():
        seals += 1
        hashes.add(one.hash)
        problems += _of_seal(one, previous, expected, key)
        if one.dropped_at is None:
            entries += one.count
        else:
            dropped += one.count
        previous, expected = one.hash, one.last + 1
    rest = AuditEntry.objects.filter(id__gte=expected)
    late = rest.filter(at__lt=now - LATE).count()
    if late:
        problems.append(f"{late} entries are not sealed although older than 15 minutes: run worker")
    if not seals and not rest.exists():
        problems.append("there is no entry at all, not even of init: everything was taken out")
    if known and known not in hashes:
        problems.append(f"the seal {known[:16]}… is not in the chain: its end was cut off")
    return Verdict(problems, entries, seals, rest.count(), dropped, "" if not seals else previous)


def _of_seal(one: Seal, previous: str, expected: int, key: bytes) -> Iterator[str]:
    """Yield what is wrong with a seal and with what it seals."""
    name = f"seal {one.id}"
    link = Link(one.first, one.last, one.count, one.digest, one.previous, one.at)
    if one.hash != seal(link, key):
        yield f"{name}: it was changed, or sealed with another secret key"
    if one.previous != previous:
        yield f"{name}: it does not follow the seal before it: one is missing or was put in"
    if one.first != expected:
        yield f"{name}: it begins with entry {one.first}, not {expected}"
    rows = AuditEntry.objects.filter(id__gte=one.first, id__lte=one.last).order_by("id")
    if one.dropped_at is not None:
        if one.dropping != dropping(one.hash, one.dropped_at, key):
            yield f"{name}: its {one.count} entries are gone, and retention did not remove them"
        if rows.exists():
            yield f"{name}: its entries were removed by retention, yet there are some"
        return
    found, count = digest(rows.iterator())
    if count != one.count:
        yield f"{name}: it seals {one.count} entries, {count} are there"
    elif found != one.digest:
        yield f"{name}: an entry from {one.first} to {one.last} was changed"


def _settled() -> int:
    """Return the highest entry number below which no other can appear any more; 0: not known now.

    On PostgreSQL numbers are given before transactions end. Whoever is writing an entry is not
    waited for, as everybody else would wait behind us: the next seal takes what is left. Whoever
    comes meanwhile waits for us, a few milliseconds.
    """
    if connection.vendor == "postgresql" and not _locked():
        return 0
    return AuditEntry.objects.aggregate(Max("id"))["id__max"] or 0


def _locked() -> bool:
    """Keep others from writing entries until the transaction ends, unless one is being written."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE audit_auditentry IN SHARE MODE NOWAIT")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == _LOCK_NOT_AVAILABLE:
            return False
        raise
    return True
