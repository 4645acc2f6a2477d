"""2,000 devices come back at once after a power cut, while staff work: ``make bench-returning``.

    python bench/returning.py [--vendor sqlite|postgresql] [--devices 2000]

Each device has just booted with three events in its outbox. It waits, sends and tries again as
the agent does (``agent.delivery.schedule``, the same code), over connections of its own. Of ten
devices one is cut off: after half its request, before it has read the answer, or it sends twice
at once. Meanwhile a technician's browser asks for the queue, a ticket and a search every half
second. At the end the database is asked: every event once, none twice. Ends with 1 when a goal
was missed. Devices, browser and server share the machine.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import secrets
import shutil
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from http.cookiejar import CookieJar
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple, Self

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))

from agent.delivery import schedule  # noqa: E402
from agent.protocol.events import parse_event  # noqa: E402
from agent.protocol.ids import uuid7  # noqa: E402
from agent.protocol.words import Change  # noqa: E402
from bench import intake  # noqa: E402

DEVICES = 2_000
EVENTS = 3
WITHIN_S = 180.0
"""In which all must be delivered, from the moment the power is back."""
PAGE_MS = 500.0
"""The longest a page may take meanwhile, on the server."""
BOOTED_S = 30.0
"""How long after its boot an agent starts."""
ONE_IS_CUT_OF = 10
_ASKED_EVERY_S = 0.5
_ANSWER_S = 30.0
_AT_ONCE = 400
"""Connections open at the same time, for the sake of this process's limit of descriptors."""
_PASSWORD = secrets.token_urlsafe(16)
_PERSON = "kim@example.org"


class CutError(Exception):
    """The connection ended before the answer was read."""


@dataclass(slots=True)
class Device:
    """One computer that was off: its credential and the events it could not send."""

    token: str
    events: Sequence[str]
    delivered_s: float | None = None
    results: list[str] = field(default_factory=list)

    @property
    def body(self) -> str:
        """Return the one request in which an agent sends them."""
        return f'{{"events":[{",".join(self.events)}]}}'


class Clock:
    """Seconds since the power is back; a test lets them pass faster."""

    def __init__(self, speed: float = 1.0) -> None:
        """Start now."""
        self._began = time.monotonic()
        self._speed = speed

    def now_s(self) -> float:
        """Return how much has passed."""
        return (time.monotonic() - self._began) * self._speed

    async def sleep_until(self, then_s: float) -> None:
        """Wait."""
        await asyncio.sleep(max(0.0, then_s - self.now_s()) / self._speed)


def three_events() -> list[str]:
    """Return what a device has to tell: one alert that opened and changed, another that opened."""
    first = parse_event(json.loads(intake.event()))
    later = replace(first, id=uuid7(), sequence=2, change=Change.CHANGED, title=f"{first.title}!")
    return [first.to_text(), later.to_text(), intake.event()]


def come_back(
    address: intake.Address, devices: Sequence[Device], chance: Random, clock: Clock
) -> int:
    """Let all devices send what they have; return how many requests were cut or sent twice."""
    return asyncio.run(_all_come_back(address, devices, chance, clock))


async def _all_come_back(
    address: intake.Address, devices: Sequence[Device], chance: Random, clock: Clock
) -> int:
    gate = asyncio.Semaphore(_AT_ONCE)
    mishaps = [_MISHAPS[n // ONE_IS_CUT_OF % len(_MISHAPS)] if n % ONE_IS_CUT_OF == 0 else None
               for n in range(len(devices))]  # fmt: skip
    await asyncio.gather(
        *(
            _one_comes_back(address, device, mishap, chance, clock, gate)
            for device, mishap in zip(devices, mishaps, strict=True)
        )
    )
    return sum(mishap is not None for mishap in mishaps)


async def _one_comes_back(  # noqa: PLR0917 - what a device is and what it lives in
    address: intake.Address,
    device: Device,
    mishap: "Callable[[_Wire, bytes], Awaitable[None]] | None",
    chance: Random,
    clock: Clock,
    gate: asyncio.Semaphore,
) -> None:
    plan = schedule.first(BOOTED_S, chance.random())
    request = intake.post("events", device.token, device.body)
    while device.delivered_s is None:
        await clock.sleep_until(plan.due_at(waiting=True) - BOOTED_S)
        try:
            async with gate, _Wire(address) as wire:
                if mishap:
                    once, mishap = mishap, None
                    await once(wire, request)
                answer = await wire.ask(request)
                wait_s = answer.wait_s
                if answer.status == 200:
                    device.results += [r["result"] for r in answer.tree["receipts"]]
                    device.delivered_s = clock.now_s()
                    await wire.ask(intake.post("heartbeat", device.token, intake.heartbeat()))
        except (CutError, OSError, TimeoutError):
            wait_s = None
        if device.delivered_s is None:
            plan = schedule.failed(plan, clock.now_s() + BOOTED_S, chance.random(), wait_s)


class _Answer(NamedTuple):
    status: int
    wait_s: float | None
    tree: dict[str, list[dict[str, str]]]


class _Wire:
    """One connection of a device."""

    def __init__(self, address: intake.Address) -> None:
        self.address = address

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(*self.address)
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def send(self, request: bytes) -> None:
        self._writer.write(request)
        await self._writer.drain()

    async def ask(self, request: bytes) -> _Answer:
        await self.send(request)
        async with asyncio.timeout(_ANSWER_S):
            try:
                head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
                body = await self._reader.readexactly(int(_header(head, "content-length") or 0))
            except asyncio.IncompleteReadError as error:
                raise CutError from error
        wait = _header(head, "retry-after")
        return _Answer(int(head.split(" ", 2)[1]), float(wait) if wait else None, json.loads(body))


def _header(head: str, name: str) -> str | None:
    found = re.search(rf"\r\n{name}: (\S+)", head)
    return found[1] if found else None


async def _half(wire: _Wire, request: bytes) -> None:
    await wire.send(request[: len(request) // 2])
    raise CutError


async def _unread(wire: _Wire, request: bytes) -> None:
    await wire.send(request)
    raise CutError


async def _twice(wire: _Wire, request: bytes) -> None:
    async with _Wire(wire.address) as other:
        await asyncio.gather(wire.ask(request), other.ask(request))
    raise CutError


_MISHAPS = (_half, _unread, _twice)


class Browser(threading.Thread):
    """A signed-in technician who asks for pages until told to stop."""

    def __init__(self, address: intake.Address) -> None:
        """Sign in; raises AssertionError when that fails."""
        super().__init__(name="browser", daemon=True)
        self._url = f"http://{address[0]}:{address[1]}"
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar()),
        )
        form = self._get("/sign-in")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token, "no form to sign in"
        fields = {"csrfmiddlewaretoken": token[1], "login": _PERSON, "password": _PASSWORD}
        words = urllib.parse.urlencode(fields).encode()
        with self._opener.open(self._url + "/sign-in", words, timeout=30) as answer:
            assert "/sign-in" not in answer.url, "the sign-in was refused"
        self._ended = threading.Event()
        self.asked = 0

    def run(self) -> None:
        """Ask for three pages every half second."""
        while not self._ended.wait(_ASKED_EVERY_S):
            queue = self._get("/", f"page-queue-{self.asked:04}")
            ticket = re.search(r'href="(/tickets/\d+)', queue)
            if ticket:
                self._get(ticket[1], f"page-ticket-{self.asked:04}")
            self._get("/?q=low+disk+volume", f"page-search-{self.asked:04}")
            self.asked += 1

    def stop(self) -> None:
        """End it."""
        self._ended.set()
        self.join()

    def _get(self, path: str, identifier: str = "page-none") -> str:
        request = urllib.request.Request(  # noqa: S310 - loopback
            self._url + path, headers={"X-Request-Id": identifier}
        )
        with self._opener.open(request, timeout=60) as answer:
            text: str = answer.read().decode()
            return text


def page_times_ms(log: Path) -> dict[str, list[float]]:
    """Return how long the server took for each page the browser asked for, by its log."""
    found: dict[str, list[float]] = {"queue": [], "ticket": [], "search": []}
    for line in log.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            told = json.loads(line)
            page = re.fullmatch(r"page-(queue|ticket|search)-\d+", str(told.get("request", "")))
            if page and "ms" in told:
                assert told["status"] == 200, line
                found[page[1]].append(told["ms"])
    return found


class Kept(NamedTuple):
    """What the database holds in the end."""

    envelopes: int
    tickets: int
    entries: int
    doubled: int


def kept() -> Kept:
    """Return what Django's database holds; ``doubled`` are unresolved tickets of one alert."""
    from django.db.models import Count  # noqa: PLC0415 - the bench sets Django up late

    from server_stub.intake.models import SeenEnvelope  # noqa: PLC0415
    from server_stub.tickets.models import Ticket, TimelineEntry  # noqa: PLC0415

    of_alert = Ticket.objects.values("alert_key").annotate(times=Count("id"))
    return Kept(
        SeenEnvelope.objects.count(),
        Ticket.objects.count(),
        TimelineEntry.objects.filter(kind__in=["opened", "changed"]).count(),
        of_alert.filter(times__gt=1).count(),
    )


def main() -> int:
    """Measure on one database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vendor", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--devices", type=int, default=DEVICES)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="wd-bench-", dir="/tmp"))
    try:
        with intake.database(arguments.vendor, folder) as url:
            return 1 if measure(folder / arguments.vendor, url, arguments.devices) else 0
    finally:
        shutil.rmtree(folder)


def measure(data: Path, url: str, count: int) -> int:
    """Print the figures; return how many goals were missed."""
    seed = secrets.randbits(32)
    print(f"{'postgresql' if url else 'sqlite'}, {count} devices, seed {seed}")
    load = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
    print(f"  load of this machine before: {load}", flush=True)
    intake.prepare(data, url)
    (data / "password").write_text(_PASSWORD, encoding="utf-8")
    words = ("--role", "technician", "--password-file", str(data / "password"))
    intake.say(data, url, "staff", "add", _PERSON, *words)
    with intake.server(data, url) as (address, _):
        token = intake.say(data, url, "enroll-token", "Acme", "--uses", str(count))
        devices = [Device(intake.enrol(address, token), three_events()) for _ in range(count)]
    log = data / "serve.log"  # it has been off, too
    with intake.server(data, url, "--log", "json", "--log-requests", log=log) as (address, process):
        browser = Browser(address)
        browser.start()
        before = intake.cpu_s(process)
        mishaps = come_back(address, devices, Random(seed), Clock())  # noqa: S311 - no secret
        spent = intake.cpu_s(process) - before
        browser.stop()
    print(f"  {mishaps} requests cut or sent twice; the server's processor time: {spent:.1f} s")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "server_stub.settings",
        "WATCHDESK_DATA": str(data),
        "WATCHDESK_DATABASE_URL": url,
    }
    import django  # noqa: PLC0415 - its settings are known only now

    django.setup()
    from server_stub.walls import open_to_all  # noqa: PLC0415

    open_to_all()
    return judged(devices, kept(), page_times_ms(log))


def judged(devices: Sequence[Device], found: Kept, pages: dict[str, list[float]]) -> int:
    """Print every goal with its figure; return how many were missed."""
    times = sorted(device.delivered_s or float("inf") for device in devices)
    count = len(devices)
    repeated = sum(device.results.count("duplicate") for device in devices)
    goals = [
        (f"{found.envelopes} events delivered once, {repeated} of them had come before",
         found.envelopes == EVENTS * count and found.entries == EVENTS * count),
        (f"{found.tickets} tickets, {found.doubled} alerts with two; goal {2 * count} and 0",
         (found.tickets, found.doubled) == (2 * count, 0)),
        (f"the last after {times[-1]:.1f} s, half after {median(times):.1f} s; goal {WITHIN_S:.0f}",
         times[-1] <= WITHIN_S),
    ]  # fmt: skip
    for page, took in pages.items():
        told = (
            f"{median(took):.0f} ms, worst {max(took):.0f} ms, of {len(took)}" if took else "none"
        )
        goals.append((f"{page} page: median {told}; goal {PAGE_MS:.0f} ms",
                      bool(took) and max(took) <= PAGE_MS))  # fmt: skip
    for says, met in goals:
        print(f"{'met   ' if met else 'MISSED'} {says}")
    return sum(not met for _, met in goals)


if __name__ == "__main__":
    sys.exit(main())
