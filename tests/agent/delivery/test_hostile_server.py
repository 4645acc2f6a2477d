"""A server in the wrong hands gets nothing done on a device.

The sender is the only part that touches the network; under strace it is shown 200 mutated answers.
"""

import random
import re
import sys
from pathlib import Path

import pytest

from agent.delivery.child import SenderProcess
from agent.delivery.command import sender_command
from agent.delivery.messages import Job, Limits, Settings
from tests.agent.delivery.conftest import TOKEN
from tests.agent.delivery.samples import events, heartbeat
from tests.support.hostile_answers import mutated
from tests.support.lying_server import LyingServer

ANSWERS = 200
_WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND")


@pytest.mark.needs("strace")
def test_mutated_answers_make_the_sender_neither_start_a_program_nor_write_a_file(
    server: LyingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "trace"
    strace = [
        "strace",
        "-f",
        "-qq",
        "-o",
        str(trace),
        "-e",
        "trace=execve,openat,open,creat,connect",
    ]
    monkeypatch.setattr("agent.delivery.child.sender_command", lambda: [*strace, *sender_command()])
    # strace itself looks for nothing in the environment; python is named by its full path.
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    dice = random.Random(5)  # noqa: S311 - a test that repeats itself
    answered = 0
    settings = Settings(server.url, TOKEN, "1", limits=Limits(total_s=30.0))
    with SenderProcess(settings) as sender:
        for _ in range(ANSWERS):
            server.next(mutated(dice))
            job = dice.choice((events(2), heartbeat(), Job("get", "device/notes", since="1")))
            answer = sender.ask(job)
            assert answer.says.isprintable()
            answered += 1
    assert answered == ANSWERS
    lines = trace.read_text().splitlines()
    executed = [line for line in lines if "execve(" in line]
    assert len(executed) == 1, "the sender's own start and nothing else"
    assert sys.executable in executed[0]
    written = [line for line in lines if _WRITES.search(line) and "/dev/null" not in line]
    assert not written
    connected = {port for line in lines for port in re.findall(r"sin_port=htons\((\d+)\)", line)}
    assert connected == {str(server.port)}
