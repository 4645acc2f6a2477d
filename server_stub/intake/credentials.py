"""Who is calling: bearer tokens, known by their SHA-256, remembered for a few seconds."""

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.db import InterfaceError, OperationalError, connection

from agent.protocol.credentials import CredentialPrefix, credential_hash
from agent.protocol.problems import ProblemType
from server_stub.clients.standing import Cover, Importance, greatest
from server_stub.intake.answers import RefusedError
from server_stub.intake.sql import KNOWN_DEVICE, KNOWN_DEVICES, Row
from server_stub.walls import seen_once_by_all

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

REMEMBER_S = 10.0
"""How long a device that was removed, retired or got another token may still be let in."""
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device that proved who it is, and what its tickets need to know of it.

    ``policy_version_id`` is None while the server has no policy at all; ``time_zone`` is its
    site's. ``news`` counts the changes its trays may fetch, ``reports`` the unresolved tickets
    that people filed there, ``notes`` the changes of the notes its people may read. ``kind`` is
    workstation, laptop or server. ``importance`` is the greater of the client's and the device's;
    ``covers`` are the agreements that ever cover it.
    """

    id: str
    client_id: int
    site_id: int | None
    time_zone: str
    policy_version_id: int | None
    news: int = 0
    reports: int = 0
    kind: str = ""
    notes: int = 0
    importance: str = Importance.NORMAL.value
    covers: tuple[Cover, ...] = ()


def bearer(environ: "WSGIEnvironment", wanted: CredentialPrefix) -> str:
    """Return the request's credential; raises RefusedError when absent or of another kind."""
    header: str = environ.get("HTTP_AUTHORIZATION", "")
    scheme, _, credential = header.partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer" or not credential:
        raise RefusedError(
            ProblemType.UNAUTHENTICATED,
            HTTPStatus.UNAUTHORIZED,
            f"Send Authorization: Bearer {wanted}…",
            headers=[("WWW-Authenticate", "Bearer")],
        )
    if not credential.startswith(wanted):
        raise RefusedError(
            ProblemType.WRONG_CREDENTIAL,
            HTTPStatus.FORBIDDEN,
            f"This route takes a credential that begins with {wanted}, not this one.",
        )
    return credential


@dataclass(slots=True)
class Devices:
    """Devices by their tokens; one query each, then remembered for ``REMEMBER_S``."""

    _known: dict[str, tuple[float, KnownDevice]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of_token(self, token: str, now_s: float) -> KnownDevice:
        """Return whose token it is; raises RefusedError (unknown_device) when nobody's."""
        token_hash = credential_hash(token)
        known = self._known.get(token_hash)
        if known and known[0] > now_s:
            return known[1]
        device = _read(token_hash)
        if device is None:
            raise RefusedError(
                ProblemType.UNKNOWN_DEVICE,
                HTTPStatus.UNAUTHORIZED,
                "The server knows no device with this token: it was removed or retired, or the "
                "server was set up anew. Enrol it again; it keeps its id.",
                headers=[("WWW-Authenticate", 'Bearer error="invalid_token"')],
            )
        with self._lock:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[token_hash] = (now_s + REMEMBER_S, device)
        return device

    def forget(self) -> None:
        """Look everything up again: a device just got another token."""
        with self._lock:
            self._known.clear()


def known_devices(ids: Iterable[str]) -> dict[str, KnownDevice]:
    """Return devices by their ids, for what the server itself tells of them (one query)."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN_DEVICES[connection.vendor], [json.dumps(sorted(ids))])
        return {row[0]: _known(row) for row in cursor.fetchall()}


def _known(row: Row) -> KnownDevice:
    device_id, client_id, site_id, time_zone, version, news, reports, kind, *more = row
    notes, of_client, of_device, agreements = more
    return KnownDevice(
        id=device_id,
        client_id=client_id,
        site_id=site_id,
        time_zone=time_zone or "UTC",
        policy_version_id=version,
        news=news,
        reports=reports,
        kind=kind,
        notes=notes,
        importance=greatest(of_client, of_device),
        covers=_covers(agreements),
    )


def _covers(agreements: str | list[Row] | None) -> tuple[Cover, ...]:
    """Return the agreements that cover a device; SQLite tells them as text."""
    rows = json.loads(agreements) if isinstance(agreements, str) else agreements or ()
    return tuple(
        Cover(
            narrowness,
            date.fromisoformat(starts),
            date.fromisoformat(ends) if ends else None,
            name,
            number,
        )
        for narrowness, starts, ends, name, number in rows
        if narrowness is not None
    )


def _read(token_hash: str) -> KnownDevice | None:
    try:
        row = _row(token_hash)
    except (OperationalError, InterfaceError):  # this thread's connection may be an old one
        connection.close()
        row = _row(token_hash)
    return None if row is None else _known(row)


def _row(token_hash: str) -> Row | None:
    with connection.cursor() as cursor:
        seen_once_by_all(
            cursor, KNOWN_DEVICE[connection.vendor], [token_hash]
        )  # whose it is, the token tells
        row: Row | None = cursor.fetchone()
    return row
