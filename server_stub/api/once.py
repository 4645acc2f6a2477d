"""Requests that change something are done once, however often they are sent.

The caller names the request by an ``Idempotency-Key``. The answer is kept in the transaction of
what it answers, so there is never one without the other, whatever dies when. The same key gets
that answer again; with another request behind it, it is refused; while the first is still being
done, the second is told to come again. A request that was refused changed nothing and keeps
nothing: corrected, it may come under the same key.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Concatenate, NamedTuple, ParamSpec

from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest, HttpResponse

from agent.protocol.problems import ProblemType
from agent.protocol.strict import parse, text_of
from server_stub.api.access import Caller, caller_of
from server_stub.api.models import KeptAnswer
from server_stub.api.problems import RefusedError
from server_stub.clients.queries import client
from server_stub.tickets.queries import ticket

HEADER = "Idempotency-Key"
_LONGEST = 255
_KEPT_HEADERS = ("ETag", "Location")
_P = ParamSpec("_P")


class OfClient(NamedTuple):
    """What was done is no ticket's, but this client's (by number)."""

    client: int


_running: set[tuple[int, str]] = set()
_running_lock = threading.Lock()


def once(
    view: Callable[Concatenate[HttpRequest, _P], tuple[int | OfClient, HttpResponse]],
) -> Callable[Concatenate[HttpRequest, _P], HttpResponse]:
    """Let a view that returns a ticket's number and the answer be done once for each key.

    Instead of a ticket's number it may be ``OfClient``: whose rows the answer tells of.
    """

    @wraps(view)
    def answer(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponse:
        caller = caller_of(request)
        key = _key_of(request)
        asked = _asked(request)
        with _alone(caller.technician.id, key), transaction.atomic():
            _lock(caller.technician.id, key)
            kept = KeptAnswer.objects.filter(owner=caller.technician, key=key).first()
            if kept is not None:
                return _again(caller, kept, asked)
            about, response = view(request, *args, **kwargs)
            _keep(caller, key, asked, about, response)
            return response

    answer.once = True  # type: ignore[attr-defined] # the document tells of the header
    return answer


def _key_of(request: HttpRequest) -> str:
    key = request.headers.get(HEADER, "").strip()
    if not key:
        raise _refused(f"Send {HEADER}: a name of your own for this request, a UUID for example.")
    if len(key) > _LONGEST or not (key.isascii() and key.isprintable()):
        raise _refused(f"{HEADER} has at most {_LONGEST} characters, printable ASCII.")
    return key


def _refused(detail: str) -> RefusedError:
    return RefusedError(ProblemType.INVALID_REQUEST, HTTPStatus.BAD_REQUEST, detail)


def _asked(request: HttpRequest) -> bytes:
    """Return the hash of what is asked: method, path and the meaning of the body."""
    body = text_of(parse(request.body)) if request.body else ""
    return sha256(f"{request.method} {request.path}\n{body}".encode()).digest()


@contextmanager
def _alone(owner: int, key: str) -> Iterator[None]:
    """Refuse a key that this process is busy with."""
    with _running_lock:
        if (owner, key) in _running:
            raise _busy()
        _running.add((owner, key))
    try:
        yield
    finally:
        with _running_lock:
            _running.discard((owner, key))


def _lock(owner: int, key: str) -> None:
    """Refuse a key that another process is busy with; the lock ends with the transaction.

    On SQLite the transaction itself is alone, and finds the other's answer.
    """
    if connection.vendor != "postgresql":
        return
    number = int.from_bytes(sha256(f"{owner} {key}".encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        if not cursor.fetchone()[0]:
            raise _busy()


def _busy() -> RefusedError:
    return RefusedError(
        ProblemType.CONFLICT,
        HTTPStatus.CONFLICT,
        "The first request with this key is still being done. Send the same again in a moment.",
        {"Retry-After": "1"},
    )


def _used() -> RefusedError:
    return RefusedError(
        ProblemType.CHANGED_BODY,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The key was used before for something else, which was done; this was not. Give each "
        "request a key of its own.",
    )


def _again(caller: Caller, kept: KeptAnswer, asked: bytes) -> HttpResponse:
    """Return the answer that was kept, to those who may see what it is about."""
    if bytes(kept.asked) != asked:
        raise _used()
    if kept.client is None:
        ticket(caller.scope, kept.ticket_number)
    else:
        client(caller.scope, kept.client)
    response = HttpResponse(kept.body, status=kept.status, content_type="application/json")
    headers: dict[str, Any] = json.loads(kept.headers)
    for name, value in headers.items():
        response[name] = value
    response["Idempotency-Replayed"] = "true"
    return response


def _keep(
    caller: Caller, key: str, asked: bytes, about: int | OfClient, response: HttpResponse
) -> None:
    headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
    try:
        KeptAnswer.objects.create(
            owner=caller.technician,
            key=key,
            asked=asked,
            status=response.status_code,
            headers=json.dumps(headers),
            body=response.content.decode(),
            ticket_number=0 if isinstance(about, OfClient) else about,
            client=about.client if isinstance(about, OfClient) else None,
        )
    except IntegrityError as error:  # kept, but of a client whose rows this caller never sees
        raise _used() from error
