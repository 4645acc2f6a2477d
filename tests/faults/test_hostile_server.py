"""The server has no way to run code on a device: proven on the whole agent, by the kernel.

A hostile server answers a real agent with thousands of mutated answers while strace notes
every program that is started and every file that is made, changed or removed.
"""

import json
import random
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.settings import child_command
from tests.faults.station import rule
from tests.support.agent_process import AgentProcess, enrolled
from tests.support.hostile_answers import mutated, plausible
from tests.support.lying_server import Lie, LyingServer, Seen
from tests.support.polling import until
from tests.support.seeds import long_run, tell
from tests.support.services import Services

ANSWERS = 10_000 if long_run() else 500
PLAUSIBLE = 0.9
"""Every answer the agent cannot read costs it a new sender."""
OWN = tuple(
    json.dumps([*child_command(module), *words])
    for module, *words in (
        ("agent.delivery.sender",),
        ("agent.facts_child",),
        ("agent.evidence_child", "installed"),
    )
)
"""The only programs an agent starts by itself: its sender, a look at its facts, at what changed."""
WATCHED = (
    "execve,execveat,open,openat,openat2,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,"
    "mkdirat,rmdir,symlink,symlinkat,link,linkat,mknod,mknodat,chmod,fchmodat,chown,lchown,"
    "fchownat,truncate,connect,listen"
)
_CALL = re.compile(r"^(\w+)\((.*)\)\s+= (-?\d+)", re.MULTILINE)
_WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE")
_PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')
_PORT = re.compile(r"sin6?_port=htons\((\d+)\)")

pytestmark = pytest.mark.needs("strace")


class Hostile:
    """Decides what the server says to each request, and counts."""

    def __init__(self, dice: random.Random) -> None:
        self.given = 0
        self._dice = dice

    def __call__(self, seen: Seen) -> Lie:
        self.given += 1
        if self._dice.random() < PLAUSIBLE:
            return plausible(self._dice, seen)
        return mutated(self._dice)


@contextmanager
def unrest(services: Services, dice: random.Random) -> Iterator[None]:
    """Let services come and go meanwhile, so that there are alerts to be lied about."""
    ended = threading.Event()

    def stir() -> None:
        while not ended.wait(0.5):
            port = dice.choice(services.ports)
            (services.stop if services.is_running(port) else services.start)(port)

    thread = threading.Thread(target=stir, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@dataclass(frozen=True, slots=True)
class Call:
    """A system call as strace wrote it, whatever came of it."""

    name: str
    told: str
    result: int

    @property
    def starts(self) -> bool:
        """Tell whether it starts a program."""
        return self.name in ("execve", "execveat")

    @property
    def writes(self) -> bool:
        """Tell whether it makes, changes or removes a file."""
        if self.name.startswith("open"):
            return bool(_WRITES.search(self.told))
        return self.name not in ("connect", "listen") and not self.starts

    def is_within(self, state: Path) -> bool:
        """Tell whether it concerns nothing but the state folder and /dev/null."""
        paths = _PATH.findall(self.told)
        return all(path.startswith(f"{state}/") or path == "/dev/null" for path in paths)


def noted(folder: Path) -> Iterator[Call]:
    """Yield every call that strace noted, a file for each thread."""
    for file in folder.iterdir():
        for name, told, result in _CALL.findall(file.read_text(errors="replace")):
            yield Call(name, told, int(result))


def test_mutated_answers_make_the_agent_start_no_program_and_touch_no_file_but_its_own(
    tmp_path: Path, short_folder: Path, dice: random.Random
) -> None:
    rules, traces = tmp_path / "rules.yaml", tmp_path / "traces"
    traces.mkdir()
    hostile = Hostile(dice)
    prefix = ["strace", "-D", "-I", "2", "-ff", "--seccomp-bpf", "-qq", "-s", "4096", "-e",
              "signal=none", "-o", str(traces / "of"), "-e", f"trace={WATCHED}"]  # fmt: skip
    with LyingServer() as server, Services(20) as services:
        server.decide = hostile
        state = enrolled(short_folder, server.url)
        rules.write_text(rule(services.ports))
        rules.chmod(0o600)
        agent = AgentProcess(state, rules, prefix=prefix, module="tests.faults.restless_agent")
        with unrest(services, random.Random(dice.random())):  # noqa: S311 - repeatable
            until(lambda: hostile.given >= ANSWERS, 3600, f"{ANSWERS} answers")
        assert agent.status()["checks"]
        assert agent.stop() == 0
        asked = set(server.routes()) - {"device/tickets"}  # when a receipt told of a ticket
        assert asked == {"events", "facts", "heartbeat"}

        calls = list(noted(traces))
        started = [c.told for c in calls if c.starts and "restless_agent" not in c.told]
        tell(f"{hostile.given} answers, {len(started)} senders, {len(calls)} calls looked at")
        assert started
        assert {told for told in started if not any(own in told for own in OWN)} == set()
        done = [call for call in calls if call.result >= 0]
        assert any(call.writes for call in done)
        assert {c.told for c in done if c.writes and not c.is_within(state)} == set()
        listening = [call for call in done if call.name == "listen"]
        assert len(listening) == 1, "the local link's"
        reached = {p for c in calls if c.name == "connect" for p in _PORT.findall(c.told)}
        assert reached == {str(server.port), *(str(port) for port in services.ports)}
        assert "Traceback" not in agent.log.read_text()
