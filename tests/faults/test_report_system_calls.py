"""A report is filed while somebody pulls the plug, at each single call that writes or sends it.

The command line's own calls are watched once, then it is killed at each of them; and so are the
form's process and the agent that takes the report. Whatever was hit: after the next try there is
one report, or a draft.
"""

import base64
import http.client
import json
import random
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Self

import pytest

from agent.errors import LinkError
from agent.local_link.client import ask
from tests.agent.report_samples import a_file, a_report, pieces
from tests.support import strace
from tests.support.agent_process import AgentProcess, enrolled
from tests.support.fake_agent import FakeAgent
from tests.support.polling import until
from tests.support.seeds import long_run, tell
from tests.support.server_process import PROJECT, server_environment
from tests.support.strace import Strace
from tray.drafts import Drafts

CALLS = (
    "openat", "write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2", "mkdir",
    "chmod", "fchmod", "unlink", "unlinkat", "rmdir", "connect", "sendto", "recvfrom", "close",
)  # fmt: skip
TITLE = "The till is stuck"
PICTURE = bytes(range(256)) * 200
RULES = """
version: 1
rules:
  - name: memory
    check: memory
    every: 60s
    warning: {when: available_bytes < 1 KiB, priority: low}
    ticket: {title: "No memory left", advice: "Look what uses it."}
"""

pytestmark = pytest.mark.needs("strace")


def some(points: list[tuple[str, int]], dice: random.Random, count: int) -> list[tuple[str, int]]:
    return points if long_run() else dice.sample(points, count)


class Person:
    """Somebody without a screen who reports by the command line, with a home for each try."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "state").mkdir()
        (folder / "page.png").write_bytes(PICTURE)
        self.agent = FakeAgent(folder / "state")
        self._tries = 0

    def next(self) -> Path:
        """Return the draft folder of a new home; the agent has forgotten everything."""
        self._tries += 1
        self.agent.reports.clear()
        self.agent.files.clear()
        return self._own / "watchdesk" / "drafts"

    @property
    def _own(self) -> Path:
        return self._folder / f"own{self._tries}"

    @property
    def environment(self) -> dict[str, str]:
        """What a program of this person gets."""
        own = {"XDG_STATE_HOME": str(self._own), "XDG_RUNTIME_DIR": str(self._own)}
        return server_environment() | own | {"PYTHONDONTWRITEBYTECODE": "1"}

    def has_reported(self) -> bool:
        """Tell whether the agent has a report with all of its file."""
        return [bytes(one) for one in self.agent.files.values()] == [PICTURE]

    def runs(self, *words: str, prefix: list[str] | None = None) -> int:
        """Run ``watchdesk-tray`` and return its exit code."""
        command = [sys.executable, "-I", "-m", "tray", "--state", str(self._folder / "state")]
        return subprocess.run(
            [*(prefix or []), *command, *words],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            check=False,
            timeout=60,
        ).returncode

    def reports(self, prefix: list[str]) -> int:
        """File the report."""
        file = str(self._folder / "page.png")
        return self.runs("report", "--title", TITLE, "--file", file, prefix=prefix)


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    made = Person(tmp_path)
    yield made
    made.agent.stop()


def calls_of(output: Path, own: str) -> list[tuple[str, int]]:
    """Return the calls from the first on a person's own folder to the last, each with its count."""
    seen: Counter[str] = Counter()
    found: list[tuple[str, int]] = []
    for line in output.read_text(errors="replace").splitlines():
        if not (call := re.match(r"(?:\d+ +)?(\w+)\(", line)):
            continue
        seen[call[1]] += 1
        if found or own in line:
            found.append((call[1], seen[call[1]]))
    return found


def test_a_command_line_killed_at_any_call_leaves_a_draft_or_one_report(
    person: Person, tmp_path: Path, dice: random.Random
) -> None:
    output = tmp_path / "calls"
    person.next()
    watched = ["strace", "-f", "-qq", "-o", str(output), "-e", f"trace={','.join(CALLS)}"]
    assert person.reports(watched) == 0
    points = calls_of(output, "/own1/")
    assert len(points) > 30
    killed = 0
    for call, nth in some(points, dice, 6):
        folder = person.next()
        killed += person.reports(strace.prefix(call, "signal=KILL", str(nth), [], output)) == -9
        begun = bool(list(folder.glob("*/draft.json")) or list(folder.glob("*/report.json")))
        told = bool(person.agent.reports)
        assert person.runs("send") in (0, 1), (call, nth)

        drafts = Drafts(folder)
        drafts.tidy()
        reports = [one["title"] for one in person.agent.reports.values()]
        left = [one for one in (drafts.load(at.name) for at in folder.glob("[0-9]*")) if one]
        assert len(reports) + len(left) == int(begun or told), (call, nth)
        assert drafts.waiting() == [], (call, nth)
        assert set(reports) <= {TITLE}
        if reports:
            assert [bytes(one) for one in person.agent.files.values()] == [PICTURE], (call, nth)
    tell(f"{killed} kills at {len(points)} calls of the command line")
    assert killed > 0


class Page:
    """The page of a form of its own process, as somebody uses it; one connection for all."""

    def __init__(self, person: Person) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-B", "-m", "tests.faults.form_program", str(person.agent.path)],
            cwd=PROJECT,
            env=person.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self._host, _, path = self.process.stdout.readline().strip()[7:].partition("/")
        self._talking = http.client.HTTPConnection(self._host, timeout=20)
        self._talking.request("GET", "/" + path)
        entered = self._talking.getresponse()
        state = re.search(r'id="state">(.*?)</script>', entered.read().decode())
        assert state
        self._draft = json.loads(state[1])["state"]["draft"]
        self._cookie = {"Cookie": entered.headers["Set-Cookie"].partition(";")[0]}
        self._stream = http.client.HTTPConnection(self._host, timeout=20)
        self._stream.request("GET", "/changes", headers=self._cookie)
        self._stream.getresponse()

    def asks(self, act: str, **tree: object) -> None:
        headers = {"Origin": f"http://{self._host}", "Content-Type": "application/json"}
        self._talking.request("POST", act, json.dumps(tree), headers | self._cookie)
        answer = self._talking.getresponse()
        problem = answer.read()
        assert answer.status == 200, (act, problem)

    def reports(self) -> None:
        """Write, attach and send; breaks off when the form is gone."""
        draft = self._draft | {"title": TITLE, "text": "It beeps.", "urgency": "cannot_work"}
        with suppress(OSError, http.client.HTTPException):
            self.asks("/draft", **draft)
            self.asks("/attach", name="page.png", content=base64.b64encode(PICTURE).decode())
            self.asks("/send", **draft)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._talking.close()
        self._stream.close()
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


def test_a_form_killed_at_any_call_leaves_a_draft_or_one_report(
    person: Person, tmp_path: Path, dice: random.Random
) -> None:
    killed = 0
    points = [("openat", 1), ("rename", 1), ("fsync", 2), ("sendto", dice.randint(1, 3))]
    if not long_run():
        killed = sum(form_killed(person, call, nth, tmp_path / "out") for call, nth in points)
    for call in CALLS if long_run() else ():
        nth = 1
        while form_killed(person, call, nth, tmp_path / "out"):
            nth += 1
            killed += 1
    tell(f"{killed} kills of the form")
    assert killed > 1


def form_killed(person: Person, call: str, nth: int, output: Path) -> bool:
    """Kill the form at a call while somebody reports, open it anew, and look what there is.

    Returns whether it came to that call.
    """
    folder = person.next()
    with Page(person) as page:
        with Strace(page.process.pid, call, "signal=KILL", str(nth), [], output):
            page.reports()
            until(
                lambda: page.process.poll() or person.has_reported(), what="the report or the end"
            )
        killed = page.process.poll() is not None
    begun = bool(list(folder.glob("*/draft.json")) or list(folder.glob("*/report.json")))
    told = bool(person.agent.reports)
    with Page(person):
        drafts = Drafts(folder)
        until(lambda: drafts.waiting() == [], what="what waited")
    reports = [one["title"] for one in person.agent.reports.values()]
    left = [one for one in (drafts.load(at.name) for at in folder.glob("[0-9]*")) if one]
    assert len(reports) + len(left) == int(begun or told), (call, nth)
    assert set(reports) <= {TITLE}
    if reports:
        assert [bytes(one) for one in person.agent.files.values()] == [PICTURE], (call, nth)
    return killed


def test_an_agent_killed_at_any_call_has_the_report_once(
    tmp_path: Path, dice: random.Random
) -> None:
    """Nobody answers at its server: all that is filed lies in its outbox to be counted."""
    points = [("fdatasync", 1), ("pwrite64", dice.randint(1, 4))]
    killed = 0
    if not long_run():
        killed = sum(killed_while_filing(tmp_path, call, nth) for call, nth in points)
    for call in ("fdatasync", "pwrite64") if long_run() else ():
        nth = 1
        while killed_while_filing(tmp_path, call, nth):
            nth += 1
            killed += 1
    tell(f"{killed} kills of the agent")
    assert killed > 1


def killed_while_filing(folder: Path, call: str, nth: int) -> bool:
    """Kill an agent at a call while it takes a report, start it again, and look what there is.

    Returns whether it came to that call.
    """
    rules = folder / "rules.yaml"
    rules.write_text(RULES)
    rules.chmod(0o600)
    state = enrolled(folder / f"{call}-{nth}", "http://127.0.0.1:9")
    paths = [state / name for name in ("agent.db", "agent.db-wal")]
    file = a_file(PICTURE)
    report = a_report(title=TITLE, attachments=[file])
    agent = AgentProcess(state, rules)
    with Strace(agent.process.pid, call, "signal=KILL", str(nth), paths, folder / "out"):
        with suppress(LinkError):
            hand_over(state, report, file["id"])
        killed = is_ending(agent.process)
    if killed:
        agent = AgentProcess(state, rules)
    hand_over(state, report, file["id"])
    agent.stop()

    with closing(sqlite3.connect(state / "agent.db")) as store:
        kept = Counter(kind for (kind,) in store.execute("SELECT kind FROM outbox"))
        names = store.execute("SELECT name FROM texts WHERE name LIKE 'report:%'").fetchall()
    assert (kept["ticket"], kept["attachment"], len(names)) == (1, 1, 1), (call, nth)
    return killed


def is_ending(process: "subprocess.Popen[Any]") -> bool:
    """Tell whether it was hit just now; strace does not let go of a dead one that is unburied."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(0.3)
        return True
    return False


def hand_over(state: Path, report: dict[str, object], attachment: str) -> None:
    """Give the agent the report and its file, as a tray does that does not know what it has."""
    until(lambda: ask(state, {"verb": "submit", **report})["state"] == "saved", what="the report")
    for piece in pieces(str(report["id"]), attachment, PICTURE):
        ask(state, {"verb": "attach", **piece})
