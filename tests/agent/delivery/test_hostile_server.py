"""A server in the wrong hands gets nothing done on a device.

The sender is the only part that touches the network; under strace it is shown 200 mutated answers.
"""

import json
import random
import re
import sys
from pathlib import Path

import pytest

from agent.delivery.child import SenderProcess
from agent.delivery.command import sender_command
from agent.delivery.messages import Job, Limits, Settings
from agent.protocol import MEDIA_TYPE, PROBLEM_MEDIA_TYPE
from tests.agent.delivery.conftest import TOKEN
from tests.agent.delivery.samples import events, heartbeat
from tests.support.lying_server import Lie, LyingServer

ANSWERS = 200
_WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND")
_BAITS = (
    "$(touch /tmp/owned)",
    "; touch /tmp/owned",
    "__import__('os').system('id')",
    "file:///etc/passwd",
    "../../../../etc/cron.d/x",
    "!!python/object/apply:os.system ['id']",
    "\x00\x1b[2J",
    "http://169.254.169.254/",
)


def _mutated(dice: random.Random) -> Lie:
    """Return an answer with anything in any place, more or less like a real one."""

    def value(depth: int = 0) -> object:
        kinds: list[object] = [
            None,
            True,
            -1,
            2**70,
            1e308,
            dice.choice(_BAITS),
            "x" * dice.randrange(9000),
        ]
        if depth < 4:
            kinds += [[value(depth + 1) for _ in range(dice.randrange(4))]]
            kinds += [{dice.choice(_NAMES): value(depth + 1) for _ in range(dice.randrange(6))}]
        return dice.choice(kinds)

    tree = {dice.choice(_NAMES): value() for _ in range(dice.randrange(8))}
    body = bytearray(json.dumps(tree).encode())
    for _ in range(dice.choice((0, 0, 1, 5))):
        body[dice.randrange(len(body))] = dice.randrange(256)
    headers = [
        (name, dice.choice(_BAITS).replace("\x00", "").replace("\x1b", ""))
        for name in ("Location", "Set-Cookie", "Retry-After", "Content-Encoding", "Refresh", "Link")
        if dice.random() < 0.3
    ]
    return Lie(
        status=dice.choice((200, 200, 200, 201, 302, 307, 400, 401, 407, 422, 429, 500, 503)),
        body=bytes(body),
        media_type=dice.choice((MEDIA_TYPE, PROBLEM_MEDIA_TYPE, "text/html", "application/x-sh")),
        headers=tuple(headers),
        cut_at=dice.choice((None, None, None, dice.randrange(len(body) + 1))),
    )


_NAMES = (
    "receipts", "id", "result", "problem", "ticket", "changes", "command", "exec", "run", "script",
    "update", "url", "path", "file", "type", "title", "detail", "heartbeat_every_s", "rules",
    "__class__", "settings", "proxy", "ca_file", "server",
)  # fmt: skip


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
            server.next(_mutated(dice))
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
