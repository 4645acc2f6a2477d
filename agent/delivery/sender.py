"""The sender: a short-lived child of the agent, and the only part that touches the network.

It is started by ``child_start``, reads its settings and then jobs from stdin and writes one answer
a line to stdout (``messages``). It holds no state, opens no file of the agent's, starts nothing,
and leaves when stdin closes or no job comes for a while: the agent never carries the memory of an
HTTP library.
"""

from agent.delivery import sparse  # isort: skip - first: it keeps what follows small

import os
import ssl
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, BinaryIO, TypeVar

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from agent.delivery.address import server_address
from agent.delivery.messages import (
    GET_ROUTES,
    MAX_JOB_BYTES,
    POST_ROUTES,
    Answer,
    Job,
    Outcome,
    Settings,
    parse_job,
    parse_settings,
)
from agent.delivery.verdict import Reply, judge, printable
from agent.errors import AgentError
from agent.protocol import API_PREFIX, MEDIA_TYPE, PROBLEM_MEDIA_TYPE
from agent.protocol.receipts import MAX_BODY_BYTES, MAX_EVENTS
from agent.protocol.strict import ProtocolError

sparse.done()

_CHUNK = 64 * 1024
_FIRST_LINE_S = 10.0
_T = TypeVar("_T")


def main(_: Sequence[str] = ()) -> int:
    """Converse with the agent over stdin and stdout; return the exit status."""
    lines: SimpleQueue[bytes] = SimpleQueue()
    # A file object of its own: the interpreter waits at exit for a lock on sys.stdin's.
    stdin = open(0, "rb", closefd=False)  # noqa: SIM115 - descriptor 0
    Thread(target=_read, args=(stdin, lines), daemon=True).start()
    try:
        settings = parse_settings(lines.get(timeout=_FIRST_LINE_S))
    except (Empty, ProtocolError) as error:
        print(f"no settings: {error}", file=sys.stderr)  # noqa: T201 - the agent logs it
        return 2
    sender = Sender(settings)
    while True:
        try:
            line = lines.get(timeout=settings.limits.idle_s)
        except Empty:
            return 0
        if not line:
            return 0
        answer = _within(settings.limits.total_s, lambda: sender.answer(line))  # noqa: B023 - ends here
        late = answer is None
        sys.stdout.buffer.write((answer or _late(settings)).to_line())
        sys.stdout.buffer.flush()
        if late:  # its thread is stuck: start afresh
            return 1


class Sender:
    """Makes requests to one server as one device."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings; nothing is opened yet."""
        self._settings = settings
        self._session: requests.Session | None = None
        self._answered = False

    def answer(self, line: bytes) -> Answer:
        """Do the job in ``line`` and return what became of it; never raises."""
        request = os.urandom(8).hex()
        return self._answer(line, request)._replace(request=request)

    def _answer(self, line: bytes, request: str) -> Answer:
        settings = self._settings
        try:
            job = parse_job(line)
            body = _body(job)
        except ProtocolError as error:
            return Answer(Outcome.REFUSED, f"this message cannot be sent: {printable(str(error))}")
        try:
            try:
                reply = self._request(job, body, request)
            except requests.exceptions.ConnectionError as error:
                if not (self._answered and _went_stale(error)):
                    raise
                self._answered = False
                reply = self._request(job, body, request)
            if reply is None:
                return Answer(
                    Outcome.RETRY,
                    f"the answer of {settings.server} is longer than "
                    f"{settings.limits.answer_bytes} bytes and was cut off",
                )
            self._answered = True
            return judge(job, reply, settings.server, datetime.now(UTC))
        except Exception as error:  # noqa: BLE001 - whatever an answer sets off is a failed attempt
            from agent.delivery.trouble import explain  # noqa: PLC0415 - only trouble pays for it

            answer = explain(error, settings, datetime.now(UTC))
            self._session = None
            return answer

    def _request(self, job: Job, body: bytes | None, request: str) -> Reply | None:
        """Return the server's answer, None when it is longer than allowed."""
        settings, limits = self._settings, self._settings.limits
        if self._session is None:
            self._session = _session(settings)
        asked = _Request()
        asked.prepare(
            "GET" if body is None else "POST",
            f"{settings.server}{API_PREFIX}{job.route}",
            {
                **self._session.headers,
                "Authorization": f"Bearer {job.token or settings.token}",
                "X-Request-Id": request,
            },
            data=body,
            params={"since": job.since} if job.since else None,
        )
        response = self._session.send(
            asked,
            timeout=(limits.connect_s, limits.read_s),
            allow_redirects=False,
            stream=True,
        )
        content = bytearray()
        while chunk := response.raw.read(_CHUNK, decode_content=False):
            content += chunk
            if len(content) > limits.answer_bytes:
                response.close()
                return None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status_code, headers, bytes(content))


class _Request(requests.PreparedRequest):
    """Takes its parts as they are: to doubt them once more is a tenth of a sender's whole time.

    The address is made of checked parts, http.client refuses headers with line breaks in them.
    """

    def prepare_url(self, url: Any, params: Any) -> None:  # noqa: ANN401 - as inherited
        """Leave what has to be encoded to requests."""
        if params or not url.isascii():
            super().prepare_url(url, params)
        else:
            self.url = url

    def prepare_headers(self, headers: Any) -> None:  # noqa: ANN401 - as inherited
        """Names of headers know no case."""
        self.headers = CaseInsensitiveDict(headers)

    def prepare_cookies(self, cookies: Any) -> None:  # noqa: ANN401 - as inherited
        """A sender has none."""

    def prepare_auth(self, auth: Any, url: Any = "") -> None:  # noqa: ANN401 - as inherited
        """It is among the headers."""


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Never look where a redirect leads: looking reads its whole body, without a limit."""


class _Adapter(HTTPAdapter):
    """Verifies with the given context alone; requests would add the CA list of certifi."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as inherited
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as inherited
        return super().proxy_manager_for(
            *args, ssl_context=self._context, proxy_ssl_context=self._context, **kwargs
        )

    def cert_verify(self, conn: Any, *_: object) -> None:  # noqa: ANN401 - as inherited
        conn.cert_reqs = "CERT_REQUIRED"


def _session(settings: Settings) -> requests.Session:
    server_address(settings.server)  # once more: a file that people edit may say http://
    session = _Session()
    session.trust_env = False  # a .netrc would replace our Authorization, HTTPS_PROXY our way
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.clear()
    session.headers.update(
        {
            "Accept": f"{MEDIA_TYPE}, {PROBLEM_MEDIA_TYPE}",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "User-Agent": f"watchdesk-agent/{settings.agent_version}",
        }
    )
    if settings.proxy:
        session.proxies = {"http": settings.proxy, "https": settings.proxy}
    if settings.server.startswith("https:"):  # trust is dear to load, and no redirect leads there
        session.mount("https://", _Adapter(_trust(settings.ca_file)))
    return session


def _trust(ca_file: str | None) -> ssl.SSLContext:
    """Return the context that verifies by the given CAs, or by the operating system's."""
    if ca_file:
        try:
            return ssl.create_default_context(cafile=ca_file)
        except OSError as error:
            reason = getattr(error, "reason", None) or error.strerror or error
            raise AgentError(f"the CA file {ca_file} cannot be used: {reason}") from error
    import truststore  # noqa: PLC0415 - where no CA file was given

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _body(job: Job) -> bytes | None:
    """Return the request's body, None for a GET; raises ProtocolError."""
    if job.do == "get" and job.route in GET_ROUTES:
        return None
    known = job.route in POST_ROUTES if job.do == "post" else job.do == job.route == "enroll"
    if not known:
        raise ProtocolError("route", f"{job.do} {job.route} is no request of ours")
    if job.route == "events":
        if len(job.items) > MAX_EVENTS:
            raise ProtocolError("items", f"more than {MAX_EVENTS}")
        text = '{"events":[' + ",".join(job.items) + "]}"
    elif len(job.items) == 1:
        text = job.items[0]
    else:
        raise ProtocolError("items", "one at a time")
    try:
        body = text.encode()
    except UnicodeEncodeError as error:
        raise ProtocolError("items", "half a surrogate pair") from error
    if len(body) > MAX_BODY_BYTES:
        raise ProtocolError("items", f"longer than {MAX_BODY_BYTES} bytes")
    return body


def _went_stale(error: requests.exceptions.ConnectionError) -> bool:
    """Tell whether a kept connection had been closed by the server meanwhile.

    Trying once more at once is safe: the server knows every envelope by its id.
    """
    return "RemoteDisconnected" in repr(error) or "ConnectionResetError" in repr(error)


def _read(stdin: BinaryIO, lines: "SimpleQueue[bytes]") -> None:
    while True:
        line = stdin.readline(MAX_JOB_BYTES)
        lines.put(line)
        if not line:
            return


def _within(seconds: float, work: Callable[[], _T]) -> _T | None:
    """Return what ``work`` returns, None when it takes longer: its thread is left behind."""
    results: SimpleQueue[_T] = SimpleQueue()
    Thread(target=lambda: results.put(work()), daemon=True).start()
    try:
        return results.get(timeout=seconds)
    except Empty:
        return None


def _late(settings: Settings) -> Answer:
    seconds = settings.limits.total_s
    return Answer(
        Outcome.RETRY, f"{settings.server} gave no complete answer within {seconds:.0f} s"
    )
