"""The audit log keeps what people did, and tells when it was changed; on both databases."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from server_stub.audit import guards, sealing
from server_stub.audit.models import AuditEntry, Seal
from server_stub.audit.record import record
from server_stub.audit.sealing import seal_new, verify
from server_stub.walls import seen_by
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW

MINUTE = timedelta(minutes=1)


def a_log(seals: int = 3, entries: int = 4) -> None:
    """Write so many seals of so many entries."""
    for number in range(seals):
        at = NOW + number * MINUTE
        for n in range(entries):
            record(f"kim{n}@desk.example", "page", "sign in", "é", client_id=n or None, now=at, n=n)
        with transaction.atomic():
            assert seal_new(at) == entries


def changed(change: Callable[[], object]) -> list[str]:
    """Return what verifying finds after a change that went round the guards."""
    with transaction.atomic(), guards.lifted():
        change()
    return verify(NOW + 3 * MINUTE).problems


def test_what_was_sealed_is_found_whole(database: ServerDatabase) -> None:
    a_log()
    record("ana@desk.example", "api", "maintenance plan", now=NOW + 3 * MINUTE)

    found = verify(NOW + 4 * MINUTE)

    assert (found.problems, found.entries, found.seals, found.unsealed) == ([], 12, 3, 1)
    assert found.head == Seal.objects.latest("id").hash


def test_nothing_new_makes_no_seal(database: ServerDatabase) -> None:
    a_log(1)

    with transaction.atomic():
        assert seal_new(NOW) == 0
    assert Seal.objects.count() == 1


def test_many_entries_are_sealed_piece_by_piece(
    database: ServerDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "MOST", 3)
    for n in range(7):
        record(f"kim{n}@desk.example", "page", "sign in", now=NOW)

    counts = []
    for _ in range(4):
        with transaction.atomic():
            counts.append(seal_new(NOW))

    assert counts == [3, 3, 1, 0]
    assert verify(NOW).problems == []


def test_sealing_waits_for_nobody_and_makes_nobody_wait(postgresql: ServerDatabase) -> None:
    """Behind a lock that is waited for everybody else who writes an entry would wait as well."""
    record("kim@desk.example", "page", "sign in", now=NOW)
    with psycopg.connect(postgresql.url) as writer:
        writer.execute("LOCK TABLE audit_auditentry IN ROW EXCLUSIVE MODE")
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '1s'")
            assert seal_new(NOW) == 0
        writer.rollback()

    with transaction.atomic():
        assert seal_new(NOW) == 1


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("act", lambda: AuditEntry.objects.filter(id=2).update(act="x"), "an entry from 1 to 4"),
        ("time", lambda: AuditEntry.objects.filter(id=2).update(at=NOW - MINUTE), "an entry from"),
        ("taken out", lambda: AuditEntry.objects.filter(id=6).delete(), "seals 4 entries, 3 are"),
        ("count", lambda: Seal.objects.filter(id=2).update(count=5), "seal 2: it was changed"),
        ("seal", lambda: Seal.objects.filter(id=2).delete(), "does not follow the seal before"),
        ("hidden", lambda: Seal.objects.filter(id=1).update(dropped_at=NOW), "yet there are some"),
    ],
)
def test_whatever_is_changed_is_told(
    database: ServerDatabase, name: str, change: Callable[[], object], told: str
) -> None:
    a_log()

    problems = changed(change)

    assert any(told in one for one in problems), (name, problems)


def test_entries_that_somebody_takes_out_as_if_retention_had_are_told(
    database: ServerDatabase,
) -> None:
    a_log()

    def as_retention() -> None:
        AuditEntry.objects.filter(id__range=(5, 8)).delete()
        Seal.objects.filter(id=2).update(dropped_at=NOW, dropping=Seal.objects.get(id=1).hash)

    assert changed(as_retention) == [
        "seal 2: its 4 entries are gone, and retention did not remove them"
    ]


def test_a_log_of_which_nothing_is_left_is_not_sound(database: ServerDatabase) -> None:
    """``init`` is the first entry: a log without one was emptied."""
    a_log()

    def everything() -> None:
        AuditEntry.objects.all().delete()
        Seal.objects.all().delete()

    assert "everything was taken out" in changed(everything)[0]


def test_a_cut_off_end_is_told_to_who_noted_the_last_seal(database: ServerDatabase) -> None:
    a_log()
    head = verify(NOW).head

    def cut() -> None:
        Seal.objects.filter(id=3).delete()
        AuditEntry.objects.filter(id__gt=8).delete()

    assert changed(cut) == [], "the rest is sound by itself"
    assert "was cut off" in verify(NOW, head).problems[0]


def test_another_secret_key_makes_no_seal_that_holds(
    database: ServerDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_log(1)
    monkeypatch.setattr(settings, "SECRET_KEY", "another")

    assert "sealed with another secret key" in verify(NOW).problems[0]


def test_entries_that_nobody_seals_are_told(database: ServerDatabase) -> None:
    record("kim@desk.example", "page", "sign in", now=NOW)

    assert verify(NOW + 14 * MINUTE).problems == []
    assert "not sealed" in verify(NOW + 16 * MINUTE).problems[0]


EMPTYING = {
    "postgresql": ["TRUNCATE audit_auditentry", "TRUNCATE audit_seal"],
    "sqlite": [
        "INSERT OR REPLACE INTO audit_auditentry (id, at, who, via, act) VALUES (1, 0, 1, 1, 1)",
        """INSERT OR REPLACE INTO audit_seal
        SELECT 9, 1, 4, 4, 'x', previous, 'x', at, NULL, '' FROM audit_seal""",
    ],
}


def test_what_empties_or_replaces_is_refused_too(database: ServerDatabase) -> None:
    """No row trigger hears of TRUNCATE, and SQLite's REPLACE runs no trigger of a deletion."""
    a_log(1)

    for statement in EMPTYING[database.vendor]:
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            guards.lifted() if database.vendor == "postgresql" else nullcontext(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    assert (AuditEntry.objects.count(), Seal.objects.count()) == (4, 1)
    assert verify(NOW).problems == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditentry SET who = 'x'",
        "DELETE FROM audit_auditentry",
        "UPDATE audit_seal SET hash = 'x'",
        "DELETE FROM audit_seal",
    ],
)
def test_the_database_itself_refuses_changes(database: ServerDatabase, statement: str) -> None:
    a_log(1)

    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert (AuditEntry.objects.count(), Seal.objects.count()) == (4, 1)


def test_who_sees_one_client_still_leaves_a_trace(database: ServerDatabase) -> None:
    """Behind the wall of one client nobody could write an entry that is of none."""
    with seen_by(frozenset({7})), transaction.atomic():
        record("kim@desk.example", "page", "sign out", now=NOW)

    assert AuditEntry.objects.get().client is None


def test_what_a_text_cannot_hold_fails_nobodys_act(database: ServerDatabase) -> None:
    record("kim\0" * 200, "page", "x" * 500, "\ud800", now=NOW)

    entry = AuditEntry.objects.get()
    assert (len(entry.who), len(entry.act), entry.subject) == (254, 80, "?")
