"""Durable tickets per second through the real ``serve``, beside the disk's own sync rate.

    make bench-intake (about five minutes), or
    python bench/intake.py [--vendor sqlite|postgresql] [--seconds 5] [--stored 100000] [--busy]

With ``--busy`` the desk is in use: sites, an agreement, a client that matters, a hundred recurring
maintenance windows.

Prints each figure with its goal, those of Redmine and Request Tracker in the same run too; ends
with 1 when a goal was missed. Every event is a new alert: a ticket with timeline, two clocks, due
work and receipt, answered after the commit. Generator and server share the machine.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))

from agent.protocol.credentials import CredentialPrefix, new_credential  # noqa: E402
from agent.protocol.device import Enrolment, Heartbeat  # noqa: E402
from agent.protocol.events import AlertEvent, Reading  # noqa: E402
from agent.protocol.ids import uuid7  # noqa: E402
from agent.protocol.words import Change, DeviceKind, Evaluation, Priority, Unit  # noqa: E402
from bench import redmine, request_tracker  # noqa: E402
from bench.rest_peer import creates_per_second  # noqa: E402

DEVICES = 600
SITES = ("Quay Street", "Depot")
WINDOWS = 100
CONNECTIONS = 8
_numbers = count()

Address = tuple[str, int]


GOALS = {
    ("sqlite", "singly"): 900.0,
    ("sqlite", "batched"): 2_500.0,
    ("sqlite", "heartbeats"): 3_000.0,
    ("postgresql", "singly"): 450.0,
    ("postgresql", "batched"): 2_000.0,
    ("postgresql", "heartbeats"): 3_000.0,
}
"""Per second, by database and measure."""
STORED_RATIO = 1.3
"""How many times slower it may be with ``--stored`` tickets in the database."""
TWO_RATIO = 1.5
"""How many times one server's rate two servers on one PostgreSQL must reach."""
PEERS = ((redmine, 50.0), (request_tracker, 150.0))
"""Peers, and how many times their rate of REST creates our batches are to reach."""
ROUNDS = 3
"""Rounds of one server and of two in turn: what else the machine does meets both alike."""

Rates = dict[str, float]
"""Per second, by measure; ``stored``, ``two servers`` and peers' names are ratios of batches."""


def main() -> int:
    """Measure one database or both, then the peer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vendor", choices=("sqlite", "postgresql"))
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--stored", type=int, default=0, help="then again with so many stored")
    parser.add_argument("--busy", action="store_true", help="with all that a desk may have set up")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="wd-bench-", dir="/tmp"))
    vendors = [arguments.vendor] if arguments.vendor else ["sqlite", "postgresql"]
    found: dict[str, Rates] = {}
    try:
        print(
            f"load of this machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
        )
        print(f"fdatasync of 4 KiB: {fdatasync_rate(folder):.0f}/s")
        for vendor in vendors:
            with database(vendor, folder) as url:
                found[vendor] = measure(folder / vendor, url, arguments)
    finally:
        shutil.rmtree(folder)
    beside_peers(found, arguments.seconds)
    return 1 if judged(found) else 0


def beside_peers(found: dict[str, Rates], seconds: float) -> None:
    """Measure how many tickets a second the peers create; take the ratios of our batches."""
    for peer, _ in PEERS:
        if not peer.available():
            print(f"{peer.NAME} is not installed and cannot be: no ratio")
            continue
        with peer.running() as running:
            rate = creates_per_second(running, max(10.0, seconds), CONNECTIONS)
        print(f"{peer.NAME}'s REST create over {CONNECTIONS} connections: {rate:.1f}/s")
        for vendor, rates in found.items():
            rates[peer.NAME] = rates["batched"] / rate
            print(f"    {vendor}: singly {rates['singly'] / rate:.0f} x")


def judged(found: dict[str, Rates]) -> int:
    """Print every goal with its figure; return how many were missed."""
    missed = 0
    for vendor, rates in found.items():
        goals = [(name, goal, "/s") for (of, name), goal in GOALS.items() if of == vendor]
        more = [("two servers", TWO_RATIO, " times one")]
        more += [(peer.NAME, times, " times its rate") for peer, times in PEERS]
        goals += [one for one in more if one[0] in rates]
        for name, goal, unit in goals:
            met = rates[name] >= goal
            missed += not met
            verdict = "met   " if met else "MISSED"
            print(f"{verdict} {vendor} {name}: {rates[name]:.4g}{unit}, goal {goal:g}{unit}")
        if ratio := rates.get("stored"):
            missed += ratio > STORED_RATIO
            verdict = "met   " if ratio <= STORED_RATIO else "MISSED"
            print(f"{verdict} {vendor} stored: {ratio:.2f} times slower, goal {STORED_RATIO}")
    return missed


def measure(data: Path, url: str, arguments: argparse.Namespace) -> Rates:
    """Print and return the figures of one database."""
    seconds = arguments.seconds
    prepare(data, url)
    place = ["--site", SITES[0]] if arguments.busy else []
    with server(data, url) as (address, process):
        if arguments.busy:
            set_up(data, url, address)
        enrolment = say(data, url, "enroll-token", "Acme", *place, "--uses", str(DEVICES))
        tokens = [enrol(address, enrolment) for _ in range(DEVICES)]
        print("postgresql" if url else "sqlite")
        rates = report([address], tokens, seconds, process)
        if arguments.stored:
            tokens = fill([address], tokens, arguments.stored, data, url, place)
            print(f"  with {arguments.stored} tickets stored")
            full = report([address], tokens, seconds, process)
            rates["stored"] = rates["batched"] / full["batched"]
        if url:
            with server(data, url) as (other, _):
                rates["two servers"] = two_servers(address, other, tokens)
    return rates


def two_servers(address: Address, other: Address, tokens: list[str]) -> float:
    """Print and return how many times one server's rate two reach, in batches, by medians."""
    one: list[float] = []
    two: list[float] = []
    for _ in range(ROUNDS):
        for addresses, rates in (([address], one), ([address, other], two)):
            rates.append(run(addresses, tokens, 3, "events", lambda: events(100), 150) * 100)
    print("  one server and two on the same database in turn, in batches of 100")
    for name, rates in (("one", one), ("two", two)):
        told = ", ".join(f"{rate:.0f}" for rate in rates)
        print(f"    {name:26} {median(rates):6.0f}/s ({told})", flush=True)
    return median(two) / median(one)


def report(addresses: list[Address], tokens: list[str], seconds: float, process: int) -> Rates:
    """Print and return rates a second, with the first server's own CPU time for each."""
    rates: Rates = {}
    for name, route, each, limit, body in (
        ("singly", "events", 1, 3_000, lambda: events(1)),
        ("batched", "events", 100, 150, lambda: events(100)),
        ("heartbeats", "heartbeat", 1, 12_000, heartbeat),
    ):
        before = cpu_s(process)
        rates[name] = run(addresses, tokens, seconds, route, body, limit) * each
        spent_us = (cpu_s(process) - before) / (rates[name] * seconds) * 1e6
        print(
            f"    {LABELS[name]:26} {rates[name]:6.0f}/s, {spent_us:4.0f} µs CPU each", flush=True
        )
    return rates


LABELS = {
    "singly": f"singly over {CONNECTIONS} connections",
    "batched": "in batches of 100",
    "heartbeats": "heartbeats",
}


def fill(  # noqa: PLR0917 - each of them another fact
    addresses: list[Address], tokens: list[str], stored: int, data: Path, url: str, place: list[str]
) -> list[str]:
    """Store many tickets, and return fresh devices: the old ones have used up their allowance."""
    done = 0
    while done < stored:
        done += int(run(addresses, tokens, 4, "events", lambda: events(100), 60) * 400)
    enrolment = say(data, url, "enroll-token", "Acme", *place, "--uses", str(DEVICES))
    return [enrol(addresses[0], enrolment) for _ in range(DEVICES)]


def cpu_s(process: int) -> float:
    """Return the CPU seconds a server's worker process has used."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    spent = 0
    for pid in [str(process), *children]:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        spent += int(fields[11]) + int(fields[12])
    return spent / os.sysconf("SC_CLK_TCK")


def fdatasync_rate(folder: Path) -> float:
    """Return how often a second the disk makes 4 KiB durable."""
    path = folder / "raw"
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.pwrite(file, b"\0" * (1 << 20), 0)
    os.fsync(file)
    started, rounds = time.perf_counter(), 0
    while time.perf_counter() - started < 1:
        os.pwrite(file, b"x" * 4096, rounds % 256 * 4096)
        os.fdatasync(file)
        rounds += 1
    os.close(file)
    return rounds / (time.perf_counter() - started)


@contextmanager
def database(vendor: str, folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database, empty for SQLite."""
    if vendor == "sqlite":
        yield ""
        return
    binaries = f"{max(Path('/usr/lib/postgresql').glob('*/bin'))}/"
    sockets = folder / "pg"
    sockets.mkdir()
    become: list[str] = []
    if os.geteuid() == 0:
        folder.chmod(0o755)
        shutil.chown(sockets, "postgres", "postgres")
        become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    cluster = str(sockets / "cluster")
    with (folder / "pg.log").open("wb") as log:
        initdb = [binaries + "initdb", "-D", cluster, "-A", "trust", "-U", "postgres", "-E", "UTF8"]
        subprocess.run([*become, *initdb], check=True, cwd="/", stdout=log, stderr=log)
        postgres = [
            binaries + "postgres",
            "-D",
            cluster,
            "-k",
            str(sockets),
            "-c",
            "listen_addresses=",
        ]
        process = subprocess.Popen(
            [*become, *postgres], cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            psql = [binaries + "psql", "-h", str(sockets), "-U", "postgres"]
            while subprocess.run(
                [*psql, "-c", "CREATE ROLE watchdesk LOGIN"], stderr=log, stdout=log, check=False
            ).returncode:
                time.sleep(0.1)
            subprocess.run(
                [*psql, "-c", "CREATE DATABASE wd OWNER watchdesk"], check=True, stdout=log
            )
            yield f"postgresql:///wd?host={sockets}&user=watchdesk"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def command(data: Path, url: str, *words: str) -> tuple[list[str], dict[str, str]]:
    """Return command line and environment of a server command."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("WATCHDESK", "DJANGO"))}
    where = {"WATCHDESK_DATA": str(data), "WATCHDESK_DATABASE_URL": url}
    return [sys.executable, "-m", "server_stub", *words], kept | where


def say(data: Path, url: str, *words: str) -> str:
    """Return what a server command prints."""
    argv, environment = command(data, url, *words)
    return subprocess.run(
        argv, cwd=PROJECT, env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


def prepare(data: Path, url: str) -> None:
    """Make tables, policy and a client."""
    say(data, url, "init")
    say(data, url, "client", "add", "Acme")


def set_up(data: Path, url: str, address: Address) -> None:
    """Set up what a desk in use has, none of which keeps the devices quiet now."""
    for site in SITES:
        say(data, url, "site", "add", "Acme", site)
    say(data, url, "client", "agreement", "add", "Acme", "premium", "--from", "2026-01-01")
    say(data, url, "client", "importance", "Acme", "vip")
    password = data / "password"
    password.write_text("correct horse battery\n")
    dispatcher = ("staff", "add", "ana@desk.example", "--role", "dispatcher")
    say(data, url, *dispatcher, "--password-file", str(password))
    key = say(data, url, "api-key", "ana@desk.example")
    now = datetime.now(UTC)
    yesterday = (now - timedelta(days=1)).isoformat(timespec="seconds")
    day = f"{now + timedelta(days=3):%a}".lower()
    connection = Connection(address)
    for number in range(WINDOWS):
        window = {
            "client": "Acme",
            "site": SITES[number % len(SITES)],
            "reason": f"Patch night {number}",
            "starts_at": yesterday,
            "days": [day],
            "opens": "22:00",
            "closes": "02:00",
        }
        once = f"Idempotency-Key: {uuid7()}"
        status, answer = connection.ask(post("maintenance", key, json.dumps(window), once))
        assert status == 201, answer


@contextmanager
def server(
    data: Path, url: str, *options: str, log: Path | None = None
) -> Iterator[tuple[Address, int]]:
    """Yield the address of a running server and its process id; it logs to a file or to us."""
    argv, environment = command(data, url, "serve", "--listen", "127.0.0.1:0", *options)
    with ExitStack() as files:
        process = subprocess.Popen(
            argv,
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=files.enter_context(log.open("ab")) if log else None,
            text=True,
        )
    try:
        assert process.stdout
        line = process.stdout.readline()
        while not line.startswith("listening on "):
            assert line, "serve did not start"
            line = process.stdout.readline()
        yield ("127.0.0.1", int(line.rsplit(":", 1)[1])), process.pid
    finally:
        process.terminate()
        process.wait()


def post(route: str, token: str, body: str, *headers: str) -> bytes:
    """Return the bytes of a request; ``headers`` are further ones, whole lines."""
    payload = body.encode()
    head = (
        f"POST /api/v1/{route} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n"
        + "".join(f"{one}\r\n" for one in headers)
        + "\r\n"
    )
    return head.encode() + payload


class Connection:
    """One kept connection."""

    def __init__(self, address: Address) -> None:
        """Connect."""
        self._socket = socket.create_connection(address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer."""
        self._socket.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._socket.recv(65536)
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += self._socket.recv(65536)
        return int(head.split(b" ", 2)[1]), body


def enrol(address: Address, enrolment: str) -> str:
    """Return the token of a new device."""
    token = new_credential(CredentialPrefix.DEVICE)
    body = Enrolment(uuid7(), token, "pc", DeviceKind.WORKSTATION, "linux", "0.1.0").to_text()
    status, answer = Connection(address).ask(post("enroll", enrolment, body))
    assert status == 200, answer
    return token


def events(number: int) -> str:
    """Return a body with so many new alerts."""
    return f'{{"events":[{",".join(event() for _ in range(number))}]}}'


def event() -> str:
    """Return a new alert, as a full disk makes it."""
    target = f"/volume{next(_numbers)}"
    return AlertEvent(
        id=uuid7(),
        alert_id=uuid7(),
        sequence=1,
        change=Change.OPENED,
        fingerprint=f"disk-space-server:{target}",
        rule="disk-space-server",
        check="disk.space",
        target=target,
        evaluation=Evaluation.CRITICAL,
        priority=Priority.NORMAL,
        title=f"Low disk space on {target}: 3.2 GiB free",
        at="2026-11-21T20:00:00.000Z",
        opened_at="2026-11-21T20:00:00.000Z",
        condition="free_percent < 10 and free_bytes < 4 GiB",
        advice="Empty the bin and the download folders; then look for what grows.",
        facts_hash="0" * 64,
        readings=(
            Reading("free_percent", 3.5, Unit.SHARE),
            Reading("free_bytes", 3_435_973_836, Unit.BYTES),
            Reading("total_bytes", 107_374_182_400, Unit.BYTES),
        ),
    ).to_text()


def heartbeat() -> str:
    """Return a sign of life."""
    return Heartbeat("2026-11-21T20:00:00.000Z", "0.1.0", "2026-11-20T08:00:00.000Z").to_text()


def run(  # noqa: PLR0917 - what differs between the measures
    addresses: list[Address],
    tokens: list[str],
    seconds: float,
    route: str,
    body: Callable[[], str],
    per_second: int,
) -> float:
    """Return the answered requests per second; requests are made before the clock starts."""
    total = int(per_second * seconds)
    requests = iter([post(route, tokens[n % len(tokens)], body()) for n in range(total)])
    answered = [0] * CONNECTIONS
    lock = threading.Lock()
    stop_at = [0.0]
    start = threading.Barrier(CONNECTIONS + 1)

    def work(number: int) -> None:
        connection = Connection(addresses[number % len(addresses)])
        start.wait()
        while time.perf_counter() < stop_at[0]:
            with lock:
                request = next(requests, None)
            if request is None:
                return
            status, answer = connection.ask(request)
            assert status == 200, answer
            if route == "events":
                assert all(r["result"] == "accepted" for r in json.loads(answer)["receipts"])
            answered[number] += 1

    threads = [threading.Thread(target=work, args=(n,)) for n in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    began = time.perf_counter()
    stop_at[0] = began + seconds
    start.wait()
    for thread in threads:
        thread.join()
    return sum(answered) / (time.perf_counter() - began)


if __name__ == "__main__":
    sys.exit(main())
