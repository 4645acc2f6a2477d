"""How many tickets a second a peer's own REST interface creates."""

import http.client
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

START_S = 90.0


class Peer(NamedTuple):
    """A running peer: its port on loopback, and how a ticket is created there.

    ``ticket`` returns the JSON of a new ticket by its subject.
    """

    port: int
    path: str
    headers: Mapping[str, str]
    ticket: Callable[[str], object]


def creates_per_second(peer: Peer, seconds: float, connections: int) -> float:
    """Return how many tickets a second it creates over this many kept connections."""
    made = [0] * connections
    began = time.monotonic()
    end = began + seconds
    threads = [
        threading.Thread(target=_create, args=(peer, end, made, n)) for n in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(made) / (time.monotonic() - began)


def _create(peer: Peer, end: float, made: list[int], n: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=60)
    headers = {"Content-Type": "application/json", **peer.headers}
    while time.monotonic() < end:
        ticket = json.dumps(peer.ticket(f"disk nearly full {n} {made[n]}"))
        connection.request("POST", peer.path, ticket, headers)
        answer = connection.getresponse()
        answer.read()
        made[n] += answer.status == http.HTTPStatus.CREATED


def install(name: str, packages: Sequence[str]) -> None:
    """Install Debian packages when that is possible."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"installing {name} to measure beside it…", flush=True)
        subprocess.run(
            ["apt-get", "-qq", "install", "-y", "--no-install-recommends", *packages],
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False,
        )  # fmt: skip


def wait_for(port: int, path: str) -> None:
    """Wait until something answers there; raises OSError when nothing does."""
    deadline = time.monotonic() + START_S
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", path)
            connection.getresponse().read()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
