"""The local link under two users who send nonsense: nobody is read, others are served, it lives."""

import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from agent import clock
from agent.delivery.courier import Courier
from agent.delivery.feeds import Feeds
from agent.facts_upkeep import FactsUpkeep
from agent.identity import Identity
from agent.link_verbs import LinkVerbs
from agent.local_link import server
from agent.local_link.account import account_of, is_owner
from agent.local_link.peer import Peer
from agent.protocol.ids import uuid7
from agent.protocol.link import VERBS
from agent.protocol.words import DeviceKind
from agent.reports import Reports
from agent.runner import Runner
from agent.schedule import Plan
from agent.store import Store
from tests.agent.report_samples import a_report
from tests.support.local_users import LocalUser, folder_for_users
from tests.support.seeds import long_run, tell

FRAMES = 5_000 if long_run() else 500
"""Of each of two users."""
VICTIM, FIRST, SECOND = 65_530, 65_531, 65_532
SECRET = "canary of the third user"

pytestmark = pytest.mark.needs_root


class Parts:
    """An agent without rules and without a server, as far as its link asks."""

    def __init__(self, folder: Path) -> None:
        self.identity = Identity(uuid7(), "wdd_x", "http://127.0.0.1:9")
        self.kind = DeviceKind.WORKSTATION
        self.store = Store(folder)
        self.runner = Runner(Plan([]), {}, lambda *_: True, clock=clock.now, boot_id="1")
        self.feeds = Feeds(self.store)
        self.facts = FactsUpkeep(self.store, clock.now, lambda: None)
        self.reports = Reports(self.store, clock.now, lambda: None)
        self.courier = Courier(lambda: self.identity, self.reports, str)

    def status(self) -> dict[str, Any]:
        return {"secret": SECRET}


@pytest.fixture
def socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The link of an agent that lets everybody ask as often as they like."""
    monkeypatch.setattr(server._Use, "may_ask", lambda _use, _now: True)
    monkeypatch.setattr("agent.reports.MOST_WAITING", 100_000)
    monkeypatch.setattr("agent.reports.MOST_A_DAY", 100_000)
    parts = Parts(tmp_path / "state")
    verbs = LinkVerbs(parts)

    def answer(request: dict[str, Any], peer: Peer) -> dict[str, Any]:
        return verbs.answer(request, account_of(peer), owns=is_owner(peer))

    public = folder_for_users(tmp_path) / "agent.sock"
    opened = server.LinkServer(tmp_path / "state", answer, public)
    yield public
    opened.close()
    parts.store.close()


def frames(seed: int, report: str) -> Iterator[bytes]:
    """Yield requests that are odd in every way: verbs, members, types, bytes."""
    dice = random.Random(seed)  # noqa: S311 - to be repeated
    values: list[Any] = [
        None, True, -1, 2**60, 1.5, "", "x" * 300, "\u202e", "../../etc/passwd", report, uuid7(),
        [], {}, [[[]]], {"id": report}, "/dev/zero", "\n", SECRET[::-1],
    ]  # fmt: skip
    names = [
        "id", "ticket", "text", "title", "urgency", "at", "account", "report", "attachment",
        "offset", "chunk", "attachments", "contact", "without", "same_as", "stars", "fixed", "note",
    ]  # fmt: skip
    for _ in range(FRAMES):
        tree = {name: dice.choice(values) for name in dice.sample(names, dice.randint(0, 8))}
        if dice.random() < 0.1:
            tree = {"verb": "submit"} | a_report(id=dice.choice([report, uuid7()]))
        elif dice.random() < 0.2:
            tree |= a_report(id=dice.choice([report, uuid7()]))
        line = json.dumps({"verb": dice.choice(VERBS)} | tree).encode()
        if dice.random() < 0.2:
            broken = bytearray(line)
            for _ in range(dice.randint(1, 5)):
                broken[dice.randrange(len(broken))] = dice.randrange(256)
            line = bytes(broken).replace(b"\n", b" ")
        yield line


def test_two_users_who_send_nonsense_reach_nothing_and_others_are_served(
    socket: Path, caplog: pytest.LogCaptureFixture
) -> None:
    report = a_report(text=SECRET)
    with (
        LocalUser(socket, VICTIM) as victim,
        LocalUser(socket, FIRST) as first,
        LocalUser(socket, SECOND) as second,
    ):
        assert victim.ask("submit", **report)["state"] == "saved"

        def attack(user: LocalUser, seed: int) -> list[bytes]:
            return [user.send(line) for line in frames(seed, report["id"])]

        with ThreadPoolExecutor(2) as pool:
            attacks = [pool.submit(attack, first, 1), pool.submit(attack, second, 2)]
            waited_s: list[float] = []
            while not all(one.done() for one in attacks):
                asked = time.monotonic()
                assert victim.ask("tickets")["tickets"][0]["report"] == report["id"]
                waited_s.append(time.monotonic() - asked)
            answers = [line for one in attacks for line in one.result()]

        tell(
            f"{len(answers)} frames; {len(waited_s)} requests of another user served meanwhile, "
            f"median {1000 * median(waited_s):.1f} ms, slowest {1000 * max(waited_s):.1f} ms"
        )
        assert waited_s
        assert not [line for line in answers if SECRET.encode() in line]
        assert not [line for line in answers if b"its log says why" in line]
        assert victim.ask("submit", **report)["state"] == "saved"
        [own] = victim.ask("tickets")["tickets"]
        assert own["report"] == report["id"]
        for user in (first, second):
            mine = user.ask("tickets")["tickets"]
            assert mine
            assert report["id"] not in str(mine)
    assert "Traceback" not in caplog.text
