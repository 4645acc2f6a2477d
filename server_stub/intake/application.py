"""Device routes as one WSGI callable before Django; every other path goes on to Django.

A request passes, in this order and each as early as can be: route and method, credential, size
and kind of the body as its headers tell them, the device's allowance, reading, decoding, the
writer. Whatever goes wrong is a problem document.
"""

import logging
import random
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.db import InterfaceError, OperationalError, connection

from agent.protocol import API_PREFIX, MEDIA_TYPE
from agent.protocol.credentials import CredentialPrefix
from agent.protocol.device import parse_enrolment, parse_heartbeat
from agent.protocol.problems import ProblemType
from agent.protocol.receipts import MAX_BODY_BYTES, Receipt, ReceiptResult
from agent.protocol.strict import ProtocolError, parse
from server_stub.intake import feeds, reports
from server_stub.intake.answers import Answer, RefusedError, document, problem, success
from server_stub.intake.credentials import Devices, KnownDevice, bearer
from server_stub.intake.decode import Arrived, decode_events, decode_facts
from server_stub.intake.enrolment import enrol
from server_stub.intake.fleet import Fleet
from server_stub.intake.group import CHANGED_BODY, Request
from server_stub.intake.limits import Allowance
from server_stub.intake.writer import UnavailableError, Writer
from server_stub.logs import note

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

HEARTBEAT_EVERY_S = 300
_TICKETS = API_PREFIX + "tickets"
"""Devices report here; staff and integrations have the same address for tickets."""
_FETCHED = API_PREFIX + "device/"
_MEDIA_TYPES = ("application/json", MEDIA_TYPE)
_COME_AGAIN_S = (2, 15)
"""A random wait when the server cannot store, so that devices do not come back all at once."""

_log = logging.getLogger(__name__)


class DeviceRoutes:
    """What devices call: ``POST /api/v1/enroll``, ``events``, … and ``GET /api/v1/device/…``."""

    def __init__(
        self,
        django: "WSGIApplication",
        *,
        writer: Writer | None = None,
        allowance: Allowance | None = None,
    ) -> None:
        """Take what answers every other path."""
        self._django = django
        self._writer = writer or Writer()
        self._allowance = allowance or Allowance()
        self._devices = Devices()
        self._fleet = Fleet()
        self._routes: dict[str, Callable[[WSGIEnvironment], Answer]] = {
            API_PREFIX + "enroll": self._enroll,
            API_PREFIX + "events": self._events,
            API_PREFIX + "facts": self._facts,
            API_PREFIX + "heartbeat": self._heartbeat,
            _TICKETS: partial(self._filed, reports.store_report),
            API_PREFIX + "attachments": partial(self._filed, reports.store_piece),
            API_PREFIX + "replies": partial(self._filed, reports.store_reply),
            API_PREFIX + "device/tickets": partial(self._fetched, feeds.tickets),
            API_PREFIX + "device/profile": partial(self._fetched, feeds.profile),
            API_PREFIX + "device/notes": partial(self._fetched, feeds.notes),
        }

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer a device, or let Django answer."""
        path = environ.get("PATH_INFO", "")
        route = self._routes.get(path)
        if route is None or (path == _TICKETS and not _is_report(environ)):
            return self._django(environ, start_response)
        answer = _answered(route, environ, "GET" if path.startswith(_FETCHED) else "POST")
        start_response(f"{answer.status.value} {answer.status.phrase}", answer.headers)
        return [answer.body]

    def close(self) -> None:
        """Write what waits and end the writer's thread."""
        self._writer.close()

    def _enroll(self, environ: "WSGIEnvironment") -> Answer:
        token = bearer(environ, CredentialPrefix.ENROLMENT)
        enrolment = parse_enrolment(parse(_body(environ, _size(environ))))
        enrolled = enrol(token, enrolment, datetime.now(UTC))
        self._devices.forget()
        return success(
            (),
            device_id=enrolled.device_id,
            client=enrolled.client,
            site=enrolled.site,
            **self._pace(),
        )

    def _events(self, environ: "WSGIEnvironment") -> Answer:
        device, body = self._admitted(environ)
        return self._stored(device, decode_events(body))

    def _facts(self, environ: "WSGIEnvironment") -> Answer:
        device, body = self._admitted(environ)
        return self._stored(device, decode_facts(body))

    def _heartbeat(self, environ: "WSGIEnvironment") -> Answer:
        device, body = self._admitted(environ)
        self._writer.saw(device.id, parse_heartbeat(parse(body)))
        cursors = feeds.changes(device, datetime.now(UTC))
        return success((), changes=cursors, **self._pace(device.reports))

    def _filed(
        self,
        store: Callable[[KnownDevice, bytes, datetime], Receipt],
        environ: "WSGIEnvironment",
    ) -> Answer:
        """Store the one envelope of a person."""
        device, body = self._admitted(environ)
        self._writer.saw(device.id)
        receipt = store(device, body, datetime.now(UTC))
        note(envelopes=1, tickets=[receipt.ticket] if receipt.ticket else [])
        self._devices.forget()  # there is something to fetch, from this answer on
        if receipt.result is ReceiptResult.REFUSED:
            return _alone_refused(receipt)
        device = self._devices.of_token(bearer(environ, CredentialPrefix.DEVICE), time.monotonic())
        return success([receipt], changes=feeds.changes(device, datetime.now(UTC)))

    def _fetched(
        self,
        read: Callable[[KnownDevice, datetime], dict[str, object]],
        environ: "WSGIEnvironment",
    ) -> Answer:
        device = self._known(environ, 0)
        self._writer.saw(device.id)
        return document(read(device, datetime.now(UTC)))

    def _pace(self, open_reports: int = 0) -> dict[str, object]:
        """Return how often devices should call and how far to spread, and the server's time.

        A device with ``open_reports`` of people asks more often.
        """
        return {
            "heartbeat_every_s": feeds.URGENT_HEARTBEAT_S if open_reports else HEARTBEAT_EVERY_S,
            "reconnect_spread_s": self._fleet.spread_s(time.monotonic()),
            "server_time": _rfc3339(datetime.now(UTC)),
        }

    def _admitted(self, environ: "WSGIEnvironment") -> tuple[KnownDevice, bytes]:
        """Return who calls and the body, once the caller is known and within its allowance."""
        device = self._known(environ)
        return device, _body(environ, _size(environ))

    def _known(self, environ: "WSGIEnvironment", size_bytes: int | None = None) -> KnownDevice:
        """Return who calls, within its allowance; the size is the body's when not given."""
        token = bearer(environ, CredentialPrefix.DEVICE)
        now_s = time.monotonic()
        device = self._devices.of_token(token, now_s)
        note(device=device.id)
        size_bytes = _size(environ) if size_bytes is None else size_bytes
        if wait_s := self._allowance.wait_s(device.id, size_bytes, now_s):
            raise RefusedError(
                ProblemType.RATE_LIMITED,
                HTTPStatus.TOO_MANY_REQUESTS,
                f"Nothing was stored. Send it again in {wait_s} s.",
                headers=[("Retry-After", str(wait_s))],
            )
        return device

    def _stored(self, device: KnownDevice, decoded: list[Arrived | Receipt]) -> Answer:
        self._writer.saw(device.id)
        arrived = [one for one in decoded if isinstance(one, Arrived)]
        stored = iter(self._writer.store(Request(device, arrived)) if arrived else ())
        receipts = [next(stored) if isinstance(one, Arrived) else one for one in decoded]
        note(envelopes=len(receipts), tickets=sorted({r.ticket for r in receipts if r.ticket}))
        if len(receipts) == 1 and receipts[0].result is ReceiptResult.REFUSED:
            return _alone_refused(receipts[0])
        return success(receipts, changes=feeds.changes(device, datetime.now(UTC)))


def _is_report(environ: "WSGIEnvironment") -> bool:
    """Tell a device's report from what staff and integrations ask of the same address."""
    credential = environ.get("HTTP_AUTHORIZATION", "").partition(" ")[2].strip()
    from_device: bool = credential.startswith(CredentialPrefix.DEVICE)
    return from_device and environ["REQUEST_METHOD"] == "POST"


def _answered(
    route: "Callable[[WSGIEnvironment], Answer]", environ: "WSGIEnvironment", method: str
) -> Answer:
    try:
        _asked_by(environ, method)
        return route(environ)
    except RefusedError as error:
        return error.answer
    except ProtocolError as error:
        return problem(
            ProblemType.INVALID_REQUEST,
            HTTPStatus.BAD_REQUEST,
            str(error),
            field=error.field or None,
        )
    except UnavailableError:
        return _unavailable()
    except (OperationalError, InterfaceError) as error:
        _log.warning("a device was turned away, the database does not answer: %s", error)
        connection.close()
        return _unavailable()
    except Exception:  # noqa: BLE001 - told in the log; the device must come again
        _log.exception("a device was turned away by a mistake of ours")
        connection.close()
        return _unavailable()


def _asked_by(environ: "WSGIEnvironment", method: str) -> None:
    if environ["REQUEST_METHOD"] != method:
        raise RefusedError(
            ProblemType.METHOD_NOT_ALLOWED,
            HTTPStatus.METHOD_NOT_ALLOWED,
            "Devices POST here; there is nothing to read."
            if method == "POST"
            else "Devices GET here; there is nothing to send.",
            headers=[("Allow", method)],
        )


def _unavailable() -> Answer:
    wait_s = random.randint(*_COME_AGAIN_S)  # noqa: S311 - spreads load, keeps no secret
    return problem(
        ProblemType.UNAVAILABLE,
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"Nothing is lost if you keep it: send the same again in {wait_s} s.",
        headers=[("Retry-After", str(wait_s))],
    )


def _alone_refused(receipt: Receipt) -> Answer:
    """Answer a request whose only envelope is refused; the receipt is told as well."""
    kind = (
        ProblemType.CHANGED_BODY if receipt.problem == CHANGED_BODY else ProblemType.INVALID_REQUEST
    )
    return problem(
        kind,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        receipt.problem or "",
        receipts=[receipt.to_tree()],
    )


def _size(environ: "WSGIEnvironment") -> int:
    """Return the body's size as its header tells it, once its kind and size are fit to be read."""
    media_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if media_type not in _MEDIA_TYPES or encoding not in ("", "identity"):
        raise RefusedError(
            ProblemType.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Send Content-Type: application/json and no Content-Encoding.",
            headers=[("Accept", "application/json")],
        )
    length = environ.get("CONTENT_LENGTH") or ""
    if not (length.isascii() and length.isdecimal()):
        raise RefusedError(
            ProblemType.INVALID_REQUEST,
            HTTPStatus.LENGTH_REQUIRED,
            "Send Content-Length; a body in chunks is not taken.",
        )
    if len(length) > len(str(MAX_BODY_BYTES)) or int(length) > MAX_BODY_BYTES:
        raise RefusedError(
            ProblemType.TOO_LARGE,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"A request has at most {MAX_BODY_BYTES} bytes: send fewer envelopes at once.",
        )
    return int(length)


def _body(environ: "WSGIEnvironment", size_bytes: int) -> bytes:
    body: bytes = environ["wsgi.input"].read(size_bytes)
    if len(body) != size_bytes:
        raise ProtocolError("", f"the body ends after {len(body)} of {size_bytes} bytes")
    return body


def _rfc3339(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
