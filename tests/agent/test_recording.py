"""A recording of a computer: redacted, complete, and good for a test case."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import clock
from agent.check_api import Measured, Unreadable
from agent.checks import discover
from agent.cli import main
from agent.errors import AgentError, CheckError, UnsupportedCheckError
from agent.host import raw_answers
from agent.host.drive_health_windows import Ask, look
from agent.host.raw_answers import Answer, Listener
from agent.recording import hidden, record
from tests.agent.host.test_drive_health_windows import NVME, PASSED, SATA, Driver
from tests.agent.host.test_smart_bytes import HEALTHY, LIMITS, health_log


def recorded(folder: Path) -> dict[str, Any]:
    return {file.stem: json.loads(file.read_text()) for file in folder.glob("*.json")}


def test_a_recording_holds_what_the_system_answers_and_what_checks_make_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "recording"
    assert main(["doctor", "--record", str(folder)]) == 0
    assert "look through it before you give it away" in capsys.readouterr().out
    found = recorded(folder)
    assert found["about"]["system"].startswith("Linux")
    assert found["answers"]["/proc/meminfo"]["text"].startswith("MemTotal:")
    assert found["checks"]["memory"][0]["target"] == "memory"
    assert set(found["checks"]) == {c.name for c in discover().values() if not c.needs_targets}
    assert "it failed" not in json.dumps(found["checks"])
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_is_private_is_taken_out_and_the_rest_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers() -> list[Answer]:
        return [
            ("/proc/one", "host anna-pc runs for Anna, 192.0.2.17, aa:bb:cc:00:11:22\n"),
            ("smartctl", '{"serial_number": "WX-12A", "model_name": "WD Blue", "power_on": 17}'),
            ("event", "<Computer>ANNA-PC</Computer> S-1-5-21-1-2-3-1001 disk 7 password=hunter22"),
            ("broken", UnsupportedCheckError("not here")),
        ]

    monkeypatch.setattr(raw_answers, "read", answers)
    monkeypatch.setattr(raw_answers, "private", lambda: {"anna-pc", "anna"})
    list(record(tmp_path, {}, clock.now()))
    found = recorded(tmp_path)["answers"]
    assert found["/proc/one"]["text"] == (
        "host xxxxxxx runs for xxxx, xxx.x.x.xx, xx:xx:xx:xx:xx:xx\n"
    )
    assert json.loads(found["smartctl"]["text"]) == {
        "serial_number": "xx-xxx",
        "model_name": "WD Blue",
        "power_on": 17,
    }
    event = found["event"]["text"]
    assert "disk 7" in event
    assert not any(word in event for word in ("ANNA", "1001", "hunter22"))
    assert found["broken"] == {"error": "UnsupportedCheckError: not here"}


@pytest.mark.parametrize(
    "text",
    [
        "MemTotal:       24684096 kB\n",
        "25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n",
        '{"code": "0x2d1400", "answer": "' + "00ff" * 200 + '"}',
        "md0 : active raid1 sdb1[1] sda1[0]\n      976630464 blocks super 1.2 [2/2] [UU]\n",
        "an annabel is no anna-pcx",
    ],
)
def test_what_is_nobodys_affair_is_left_alone(text: str) -> None:
    assert hidden(text, {"anna-pc", "bob"}) == text


def replayed(heard: list[dict[str, str]]) -> Ask:
    """Return a driver that answers as a recorded one did."""

    def ask(code: int, content: bytes, longest: int) -> bytes:
        for one in heard:
            if (one["code"], one["question"]) == (hex(code), content.hex()):
                if "error" in one:
                    raise UnsupportedCheckError(one["error"])
                return bytes.fromhex(one["answer"])[:longest]
        raise AssertionError("this was not asked when it was recorded")

    return ask


def test_what_a_driver_was_heard_to_say_makes_the_same_report_again() -> None:
    """So that a recording of a computer far away becomes a test here."""
    smart = {0xD0: HEALTHY, 0xD1: LIMITS, 0xDA: PASSED}
    for described, driver in [
        (NVME, Driver(log=health_log(warning=4))),
        (SATA, Driver(smart=smart, predicts=0)),
        (SATA, Driver(predicts=1)),
    ]:
        listener = Listener(driver)
        report = look(described, listener)
        kept = json.loads(hidden(json.dumps(listener.heard), {"anna"}))
        assert look(described, replayed(kept)) == report


def test_a_recording_is_not_mixed_with_other_files(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(AgentError, match="is not empty; give a folder of its own"):
        list(record(tmp_path, {}, clock.now()))
    with pytest.raises(AgentError, match="cannot be written"):
        list(record(tmp_path / "letter.txt", {}, clock.now()))


def test_a_check_that_fails_is_recorded_as_failing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    def refuses(_targets: object) -> Iterator[Measured | Unreadable]:
        raise CheckError("no right")

    def breaks(_targets: object) -> Iterator[Measured | Unreadable]:
        raise KeyError("typo")

    monkeypatch.setattr(raw_answers, "read", list)
    cpu = discover()["cpu"]
    checks = {
        "a": dataclasses.replace(cpu, probe=refuses),
        "b": dataclasses.replace(cpu, probe=breaks),
    }
    list(record(tmp_path, checks, clock.now()))
    told = recorded(tmp_path)["checks"]
    assert told["a"] == "CheckError: no right"
    assert told["b"].startswith("it failed: KeyError")
