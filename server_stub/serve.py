"""``serve``: the web server process.

granian in WSGI mode: a small parent, which starts and stops, and one worker process with
threads (measured: ASGI was two to three times slower for what we do). Only here is granian known.
"""

import contextlib
import ipaddress
import multiprocessing
import os
import signal
import socket
import ssl
import threading
import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from server_stub import database
from server_stub.errors import InvalidError, SetupError

THREADS = 32
STOP_S = 10
"""How long requests under way may take to finish when the server is told to stop."""
_HEADER_S = 10
_HEADER_BYTES = 64 * 1024
_START_S = 60


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; port 0 asks the system for a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return it as it stands in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Tell whether only this computer can reach it."""
        return ipaddress.ip_address(self.host).is_loopback


def parse_address(text: str, option: str = "--listen") -> Address:
    """Return the address in ``HOST:PORT``, HOST being an IP address or localhost.

    Raises InvalidError.
    """
    host, colon, port = text.rpartition(":")
    host = "127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(host)
    except ValueError as error:
        raise InvalidError(
            option, f"{text!r}: write an IP address and a port, such as 127.0.0.1:8080"
        ) from error
    if not (colon and port.isascii() and port.isdigit() and int(port) < 2**16):
        raise InvalidError(option, f"{text!r}: the port is a number from 0 to 65535")
    return Address(host, int(port))


def environment(arguments: Namespace) -> dict[str, str]:
    """Return what Django's settings must know of how browsers will reach us.

    Raises InvalidError when the options leave passwords readable on the way.
    """
    address = parse_address(arguments.listen)
    if bool(arguments.tls_cert) != bool(arguments.tls_key):
        raise InvalidError("--tls-cert, --tls-key", "a certificate and its key go together")
    for proxy in arguments.trusted_proxy:
        try:
            ipaddress.ip_network(proxy)
        except ValueError as error:
            raise InvalidError(
                "--trusted-proxy", f"{proxy!r} is not an IP address or network (10.0.0.0/24)"
            ) from error
    guarded = bool(arguments.tls_cert or arguments.trusted_proxy)
    if not (guarded or address.is_loopback):
        raise InvalidError(
            "--listen",
            f"{address} can be reached from other computers, and passwords and tokens would "
            "cross the network in the clear: add --tls-cert and --tls-key, or --trusted-proxy "
            "with the address of a proxy that speaks TLS, or listen on 127.0.0.1",
        )
    chosen = {
        "WATCHDESK_HTTPS": "1" if guarded else "",
        "WATCHDESK_TRUSTED_PROXY": ",".join(arguments.trusted_proxy),
    }
    if arguments.log:
        chosen["WATCHDESK_LOG_FORMAT"] = arguments.log
    if arguments.log_requests:
        chosen["WATCHDESK_LOG_REQUESTS"] = "1"
    return chosen


def serve(arguments: Namespace) -> None:
    """Serve until told to stop by SIGTERM or SIGINT.

    Raises SetupError when the database is not ready or the address is taken.
    """
    address = parse_address(arguments.listen)
    cert, key = _certificate(arguments.tls_cert, arguments.tls_key)
    database.demand_ready()
    address = Address(address.host, free_port(address))
    figures = parse_address(arguments.metrics, "--metrics") if arguments.metrics else None
    if figures:
        figures = Address(figures.host, free_port(figures, "--metrics"))
    server = Granian(
        target="server_stub.wsgi:application",
        address=address.host,
        port=address.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=_HEADER_S * 1000, max_buffer_size=_HEADER_BYTES
        ),
        websockets=False,
        ssl_cert=cert,
        ssl_key=key,
        workers_kill_timeout=STOP_S,
        log_level=LogLevels.error,
        log_dictconfig={
            "handlers": _handlers(),
            "formatters": {"ours": {"()": f"server_stub.logs.{settings.LOG_FORMAT}"}},
        },
    )
    connections.close_all()  # a connection must not be shared with the worker, a fork of us
    scheme = "https" if cert else "http"
    server.serve(
        target_loader=_Loader(
            f"{scheme}://{address}", address, figures, works=not arguments.no_worker
        ),
        wrap_loader=False,
    )


def free_port(address: Address, option: str = "--listen") -> int:
    """Return the port to listen on; raises SetupError when another program has it.

    granian shares ports on purpose (SO_REUSEPORT): a second server would start beside the first
    without a word and each would get some of the requests. So the port is tried here first.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            raise SetupError(
                f"cannot listen on {address}: {error.strerror}. Stop the program that has it, or "
                f"choose another with {option}"
            ) from error
        port: int = probe.getsockname()[1]
        return port


class _Loader:
    """What the worker process runs first; returns the application."""

    def __init__(self, url: str, address: Address, figures: Address | None, *, works: bool) -> None:
        self.url = url
        self.address = address
        self.figures = figures
        self.works = works

    def __call__(self) -> Callable[..., Any]:
        threading.Thread(target=_stop_with_parent, name="parent-watch", daemon=True).start()
        from server_stub.wsgi import application, device_routes  # noqa: PLC0415 - worker only

        # A child of multiprocessing leaves without Python's own atexit.
        Finalize(None, device_routes.close, exitpriority=1)
        if self.figures:
            from server_stub import scrape  # noqa: PLC0415 - after Django's set-up

            scrape.start(self.figures.host, self.figures.port)
        if self.works:
            from server_stub import due  # noqa: PLC0415 - the same

            Finalize(None, due.start().stop, exitpriority=2)
        announcer = threading.Thread(target=self._announce, name="announcer", daemon=True)
        announcer.start()
        return application

    def _announce(self) -> None:
        """Say that we listen once we do; granian tells nobody."""
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                socket.create_connection((self._reachable(), self.address.port), 1).close()
                if self.figures:
                    print(f"metrics on http://{self.figures}/metrics", flush=True)  # noqa: T201
                print(f"listening on {self.url}", flush=True)  # noqa: T201 - the promised line
                return
            time.sleep(0.01)

    def _reachable(self) -> str:
        """Return an address of ours: 0.0.0.0 and :: are none that one connects to."""
        ours = ipaddress.ip_address(self.address.host)
        if not ours.is_unspecified:
            return self.address.host
        return "127.0.0.1" if ours.version == 4 else "::1"  # noqa: PLR2004 - IPv4


def _stop_with_parent() -> None:
    """Leave when the parent was killed: nobody could stop us any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _certificate(cert: str | None, key: str | None) -> tuple[Path | None, Path | None]:
    """Return certificate and key as paths, tried; raises InvalidError naming the file."""
    if cert is None or key is None:
        return None, None
    for option, path in (("--tls-cert", cert), ("--tls-key", key)):
        try:
            Path(path).read_bytes()
        except OSError as error:
            raise InvalidError(option, f"{path}: {error.strerror}") from error
    try:
        # Without a password of our own OpenSSL would ask for one on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password="")
    except (ssl.SSLError, OSError) as error:
        raise InvalidError(
            "--tls-cert, --tls-key",
            f"{cert} and {key} are not a certificate chain and its unencrypted key in PEM form "
            f"({error})",
        ) from error
    return Path(cert), Path(key)


def _handlers() -> dict[str, Any]:
    """Return granian's log handlers on stderr: stdout is for the line that says we listen."""
    stderr = {"class": "logging.StreamHandler", "stream": "ext://sys.stderr"}
    return {
        "console": stderr | {"formatter": "ours"},
        "access": stderr | {"formatter": "ours"},
    }
