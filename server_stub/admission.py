"""Who may hold a thread while the body of a request is awaited.

On routes below ``/api/`` whoever names a credential is asked for it before the body is read.
Everybody else shares a few places, of which one address gets some only; who is signed in finds
places of their own when those are taken. The rest are told to come again, at once.
"""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from importlib import import_module

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http.cookie import parse_cookie

from agent.protocol import API_PREFIX

PLACES = 12
"""Requests with a body from callers not known yet, and as many from people who are signed in.

Each sign-in takes 100 MB for a tenth of a second (argon2): this bounds that as well."""
PLACES_OF_ADDRESS = 8

_ENROLMENT = API_PREFIX + "enroll"


class Admission:
    """Counts the callers whose bodies are awaited."""

    def __init__(self) -> None:
        """Begin with all places free."""
        self._lock = threading.Lock()
        self._strangers: Counter[str] = Counter()
        self._signed_in = threading.Semaphore(PLACES)

    @contextlib.contextmanager
    def asked(self, environ: dict[str, str]) -> Iterator[bool]:
        """Tell whether a request may be answered; its place is held while the block runs."""
        if _names_a_credential(environ):
            yield True
        elif self._take(environ["REMOTE_ADDR"]):
            try:
                yield True
            finally:
                self._give_back(environ["REMOTE_ADDR"])
        elif _is_signed_in(environ) and self._signed_in.acquire(blocking=False):
            try:
                yield True
            finally:
                self._signed_in.release()
        else:
            yield False

    def _take(self, address: str) -> bool:
        with self._lock:
            free = self._strangers.total() < PLACES and self._strangers[address] < PLACES_OF_ADDRESS
            self._strangers[address] += free
            return free

    def _give_back(self, address: str) -> None:
        with self._lock:
            self._strangers[address] -= 1
            if not self._strangers[address]:
                del self._strangers[address]


def _names_a_credential(environ: dict[str, str]) -> bool:
    path = environ["PATH_INFO"]
    return bool(
        path.startswith(API_PREFIX) and path != _ENROLMENT and environ.get("HTTP_AUTHORIZATION")
    )


def _is_signed_in(environ: dict[str, str]) -> bool:
    """Tell whether the request's cookie is that of somebody who is signed in (one query)."""
    key = parse_cookie(environ.get("HTTP_COOKIE", "")).get(settings.SESSION_COOKIE_NAME)
    if not key:
        return False
    session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    return SESSION_KEY in session
