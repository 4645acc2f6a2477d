"""What systemd is told: the real datagrams on a socket of its kind."""

import socket
from pathlib import Path

import pytest

from agent.errors import CheckError
from agent.host import systemd
from agent.host.notify import Notifier
from agent.protocol.words import LastWord


@pytest.mark.parametrize("kind", ["file", "abstract"])
def test_each_word_is_one_datagram(tmp_path: Path, kind: str) -> None:
    name = str(tmp_path / "notify") if kind == "file" else f"@watchdesk-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name[1:] if kind == "abstract" else name)
        manager.settimeout(5)
        notifier = Notifier({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "180000000"})
        notifier.ready(lambda _: None)
        notifier.alive()
        notifier.stopping()
        heard = [manager.recv(100) for _ in range(3)]

    assert heard == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]
    assert notifier.every_s == 60, "three times within the watchdog's time"


def test_without_systemd_nothing_is_told_and_nothing_fails(tmp_path: Path) -> None:
    for environment in ({}, {"NOTIFY_SOCKET": str(tmp_path / "gone")}):
        notifier = Notifier(environment)
        notifier.ready(lambda _: None)
        assert notifier.every_s == float("inf")


@pytest.mark.parametrize(
    ("said", "word"),
    [("running", "stopped"), ("degraded", "stopped"), ("stopping", "shutdown"), ("", "stopped")],
)
def test_whether_the_computer_ends_or_the_agent_alone_is_systemds_to_say(
    monkeypatch: pytest.MonkeyPatch, said: str, word: str
) -> None:
    asked = list[str]()

    def systemctl(*arguments: str) -> str:
        asked.extend(arguments)
        if not said:
            raise CheckError("systemctl cannot be started")
        return f"{said}\n"

    monkeypatch.setattr(systemd, "_systemctl", systemctl)

    assert Notifier({"NOTIFY_SOCKET": "@nobody"}).last_word() == word
    assert asked == ["is-system-running"]
    assert Notifier({}).last_word() is LastWord.STOPPED
    assert asked == ["is-system-running"], "in a terminal nobody is asked"
