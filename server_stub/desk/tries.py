"""What sign-ins remember for some minutes: tries that failed, and codes that were used.

Django's cache, for allauth. With SQLite there is one ``serve``, and its memory is enough. With
PostgreSQL there are several: what one of them counts the others must know, or each would grant its
own five tries and take a used code once more. There it is a table without a log: nothing is lost
when a crash empties it, and a flood of tries does not wait for the disk.
"""

import json
import time
from collections.abc import Sequence
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection

USED_CODE_S = 120
"""A used code is remembered so long: with a step before and after its own it counts for 90 s."""
_USED_CODE = "allauth.mfa.totp.used?"
_SWEPT_EVERY_S = 60
_FOREVER_S = 1e12

MAKE = """
    CREATE UNLOGGED TABLE desk_tries (
        key text PRIMARY KEY, value text NOT NULL, until_s double precision NOT NULL)"""
_GET = "SELECT value FROM desk_tries WHERE key = %s AND until_s > %s"
_SET = """
    INSERT INTO desk_tries (key, value, until_s) VALUES (%s, %s, %s)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, until_s = excluded.until_s"""
_ADD = """
    INSERT INTO desk_tries (key, value, until_s) VALUES (%s, %s, %s)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, until_s = excluded.until_s
    WHERE desk_tries.until_s <= %s"""
_DELETE = "DELETE FROM desk_tries WHERE key = %s"
_SWEEP = """
    DELETE FROM desk_tries WHERE key IN (
        SELECT key FROM desk_tries WHERE until_s <= %s FOR UPDATE SKIP LOCKED)"""


class Tries(BaseCache):
    """The memory of this process, or with PostgreSQL a table that all processes share."""

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        """Take what Django's settings say."""
        super().__init__(params)
        self._here = LocMemCache(name, params)
        self._swept_s = 0.0

    def add(
        self,
        key: Any,  # noqa: ANN401 - as Django has it
        value: Any,  # noqa: ANN401 - the same
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Remember a value unless there is one already; tell whether there was none."""
        if str(key).startswith(_USED_CODE):
            timeout = USED_CODE_S  # allauth would forget it with its half minute
        if not _is_shared():
            return self._here.add(key, value, timeout, version)
        return _changed(_ADD, [*self._row(key, value, timeout, version), _now_s()]) == 1

    def get(
        self,
        key: Any,  # noqa: ANN401 - as Django has it
        default: Any = None,  # noqa: ANN401 - the same
        version: int | None = None,
    ) -> Any:  # noqa: ANN401 - the same
        """Return what is remembered, ``default`` when nothing is any more."""
        if not _is_shared():
            return self._here.get(key, default, version)
        with connection.cursor() as cursor:
            cursor.execute(_GET, [self.make_and_validate_key(key, version), _now_s()])
            found = cursor.fetchone()
        return json.loads(found[0]) if found else default

    def set(
        self,
        key: Any,  # noqa: ANN401 - as Django has it
        value: Any,  # noqa: ANN401 - the same
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> None:
        """Remember a value, whatever there was."""
        if not _is_shared():
            self._here.set(key, value, timeout, version)
            return
        _changed(_SET, self._row(key, value, timeout, version))
        self._sweep()

    def delete(
        self,
        key: Any,  # noqa: ANN401 - as Django has it
        version: int | None = None,
    ) -> bool:
        """Forget a value; tell whether there was one."""
        if not _is_shared():
            return self._here.delete(key, version)
        return _changed(_DELETE, [self.make_and_validate_key(key, version)]) == 1

    def clear(self) -> None:
        """Forget everything."""
        self._here.clear()
        if _is_shared():
            _changed("DELETE FROM desk_tries", [])

    def _row(
        self, key: object, value: object, timeout: float | None, version: int | None
    ) -> list[str | float]:
        until_s = self.get_backend_timeout(timeout)
        return [
            self.make_and_validate_key(key, version),
            json.dumps(value),
            _FOREVER_S if until_s is None else until_s,
        ]

    def _sweep(self) -> None:
        """Remove what is over, now and then: a flood leaves rows that nobody asks for again."""
        now_s = _now_s()
        if abs(now_s - self._swept_s) >= _SWEPT_EVERY_S:
            self._swept_s = now_s
            _changed(_SWEEP, [now_s])


def _now_s() -> float:
    return time.time()  # noqa: TID251 - the clock by which Django reckons what is over


def _is_shared() -> bool:
    return connection.vendor == "postgresql"


def _changed(statement: str, values: Sequence[str | float]) -> int:
    """Execute a statement and return how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return int(cursor.rowcount)
