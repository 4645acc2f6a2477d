"""The local link on Windows: a real named pipe, both ends, on the real Python for Windows."""

import json

from tests.support.windows import Windows

FRAMES = 300


def test_the_pipe_names_who_asks_keeps_its_limits_and_outlives_nonsense(windows: Windows) -> None:
    """Wine has one user and no network pipes: two users and remote callers are not seen here."""
    seen = json.loads(windows.run("-m", "tests.windows.pipe_probe", str(FRAMES)))

    assert seen["own"].startswith("S-1-5-21-")
    assert seen["answer"]["key"] == seen["own"]
    assert seen["answer"]["account"].endswith("\\root")
    assert seen["answer"]["owns"] is True
    assert seen["long"] == 200_000
    assert seen["before"].startswith("no agent runs on")
    assert "another agent or program has it" in seen["second"]
    assert "did not answer within 0.3 s" in seen["slow"]
    assert "too many connections" in seen["too many"]
    assert seen["fuzzed"] == FRAMES
    assert seen["after"].startswith("no agent runs on")
    assert seen["threads"] == []
    assert seen["again"] is True


def test_another_accounts_pipe_is_not_trusted_with_what_people_report(windows: Windows) -> None:
    """Whoever makes a pipe of the agent's name first is told nothing."""
    script = (
        "from agent.protocol import pipe; from agent.local_link.pipe import PipeDoor\n"
        "from pathlib import Path; import threading\n"
        "door = PipeDoor(Path('C:/x'), None)\n"
        "threading.Thread(target=door.serve, args=(lambda c: c.close(),), daemon=True).start()\n"
        "pipe.own_sid = lambda: 'S-1-5-21-1-2-3-1001'\n"
        "try: pipe.exchange(door._name, b'secret\\n', 5, 100)\n"
        "except PermissionError as error: print(error)\n"
    )
    assert "was made by another account" in windows.run("-c", script)
