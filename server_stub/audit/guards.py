"""What keeps entries and seals from being changed: triggers, in either database.

Retention alone may remove, and says so: on PostgreSQL by a setting of its transaction, on SQLite
by taking the triggers down and putting them up again within its transaction. Who writes SQL on
purpose can do as much: guards keep mistakes away, the seals tell of the rest.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

_TABLES = ("audit_auditentry", "audit_seal")
_TOLD = "the audit log is append-only"
_REPLACES = {
    "audit_auditentry": "SELECT 1 FROM audit_auditentry WHERE id = NEW.id",
    "audit_seal": """
        SELECT 1 FROM audit_seal
        WHERE id = NEW.id OR hash = NEW.hash OR previous = NEW.previous""",
}
"""What SQLite's INSERT OR REPLACE would take out, without a trigger of deletions."""

_FUNCTION = f"""
    CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'TRUNCATE' AND current_setting('watchdesk.retention', true) = 'on' THEN
            RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END IF;
        RAISE EXCEPTION '{_TOLD}' USING ERRCODE = 'integrity_constraint_violation';
    END $$"""


def put_up(to: BaseDatabaseWrapper) -> None:
    """Make the triggers; those that are there are made anew."""
    take_down(to)
    with to.cursor() as cursor:
        if to.vendor == "postgresql":
            cursor.execute(_FUNCTION)
            for table in _TABLES:
                cursor.execute(
                    f"CREATE TRIGGER {table}_refuse BEFORE UPDATE OR DELETE ON {table}"
                    " FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
                )
                cursor.execute(
                    f"CREATE TRIGGER {table}_refuse_all BEFORE TRUNCATE ON {table}"
                    " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
                )
            return
        for table in _TABLES:
            cursor.execute(
                f"CREATE TRIGGER {table}_insert BEFORE INSERT ON {table}"
                f" WHEN EXISTS ({_REPLACES[table]})"
                f" BEGIN SELECT RAISE(ABORT, '{_TOLD}'); END"
            )
            for verb in ("UPDATE", "DELETE"):
                cursor.execute(
                    f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table}"
                    f" BEGIN SELECT RAISE(ABORT, '{_TOLD}'); END"
                )


def take_down(to: BaseDatabaseWrapper) -> None:
    """Remove the triggers."""
    with to.cursor() as cursor:
        for table in _TABLES:
            if to.vendor == "postgresql":
                for name in (f"{table}_refuse", f"{table}_refuse_all"):
                    cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
            else:
                for verb in ("insert", "update", "delete"):
                    cursor.execute(f"DROP TRIGGER IF EXISTS {table}_{verb}")


@contextmanager
def lifted() -> Iterator[None]:
    """Let retention remove within its transaction."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('watchdesk.retention', 'on', true)")
            yield
            cursor.execute("SELECT set_config('watchdesk.retention', '', true)")
        return
    take_down(connection)
    yield
    put_up(connection)
