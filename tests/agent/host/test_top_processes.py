"""The processes that take the most, among the real ones of this computer."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from agent.host.top_processes import Process, top

EATER = (
    "import sys, time; kept = bytearray(200 << 20); kept[::4096] = b'x' * (200 << 8);"
    "print('fed', flush=True); sys.stdin.read()"
)
SPINNER = "print('fed', flush=True)\nwhile True: pass"
EVERY = 100_000


@pytest.fixture
def running(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", request.param, "--password=Tiger2024"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "fed\n"
        yield process
        process.kill()


def ours(found: list[Process], process: subprocess.Popen[str]) -> Process:
    return next(one for one in found if one.pid == process.pid)


@pytest.mark.parametrize("running", [EATER], indirect=True)
def test_by_memory(running: subprocess.Popen[str]) -> None:
    found = top("memory", EVERY)
    own = ours(found, running)
    assert own.bytes > 200 << 20
    assert [one.bytes for one in found] == sorted((one.bytes for one in found), reverse=True)
    assert own.user == "root" or own.user
    assert not any("Tiger" in str(one) for one in found), "command lines are not read"


@pytest.mark.parametrize("running", [SPINNER], indirect=True)
def test_by_processor_time(running: subprocess.Popen[str]) -> None:
    found = top("processor", EVERY)
    assert ours(found, running).share > 0
    assert [one.share for one in found] == sorted((one.share for one in found), reverse=True)


def test_no_more_than_asked_for() -> None:
    assert len(top("memory", 2)) == 2
