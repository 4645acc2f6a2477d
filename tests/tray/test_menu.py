import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from tray.agent_link import ask
from tray.cli import main
from tray.errors import AgentUnreachableError
from tray.menu import Mood, menu

DISK = {"check": "disk.space", "target": "C:", "evaluation": "warning", "summary": "3 GiB free"}
WELL = {"check": "cpu", "target": "cpu", "evaluation": "ok", "summary": ""}
UNKNOWN = {"check": "tcp", "target": "desk:443", "evaluation": "unknown", "summary": "timeout"}


def test_all_is_well_when_nothing_is_found() -> None:
    assert menu({"checks": [WELL, UNKNOWN]}).mood is Mood.WELL


def test_what_is_known_is_told_in_words() -> None:
    shown = menu({"checks": [DISK, WELL]})

    assert (shown.mood, shown.tooltip) == (Mood.KNOWN, "1 problem is known")
    assert shown.lines == ("C: (disk.space) is warning: 3 GiB free",)


def test_an_agent_that_does_not_answer_is_no_well_computer() -> None:
    assert menu(None).mood is Mood.NOT_CONNECTED


def answer_once(folder: Path, line: bytes) -> threading.Thread:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(folder / "agent.sock"))
    listening.listen()

    def answer() -> None:
        with listening:
            connection, _ = listening.accept()
            with connection:
                connection.makefile("rb").readline()
                connection.sendall(line)

    thread = threading.Thread(target=answer)
    thread.start()
    return thread


def test_the_tray_shows_what_the_agent_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status: dict[str, Any] = {"ok": True, "checks": [DISK]}
    agent = answer_once(tmp_path, json.dumps(status).encode() + b"\n")

    code = main(["--state", str(tmp_path), "--diagnose"])
    agent.join()

    shown = capsys.readouterr().out
    assert code == 0
    assert "answers" in shown
    assert "C: (disk.space) is warning" in shown


@pytest.mark.parametrize("line", [b"", b"nonsense\n", b"[1]\n"])
def test_an_answer_that_makes_no_sense_is_an_agent_out_of_reach(
    line: bytes, tmp_path: Path
) -> None:
    agent = answer_once(tmp_path, line)

    with pytest.raises(AgentUnreachableError):
        ask(tmp_path, "status")
    agent.join()


def test_without_an_agent_the_tray_says_that_nothing_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--state", str(tmp_path)]) == 1
    assert "Nothing is lost" in capsys.readouterr().err
