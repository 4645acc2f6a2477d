"""Which system it is, and who works at it."""

import time
from pathlib import Path

import pytest

from agent.host import operating_system
from agent.host.operating_system import from_os_release, local_user

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n'
ARCH = "NAME='Arch Linux'\nBUILD_ID=rolling\n# a comment\n\n"
ODD = 'NAME="A \\"quoted\\" name"\nVERSION_ID=\n'


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        (DEBIAN, "Debian GNU/Linux", "12"),
        (ARCH, "Arch Linux", "rolling"),
        (ODD, 'A "quoted" name', ""),
        ("", "Linux", ""),
    ],
)
def test_a_distribution_tells_its_name_and_version(text: str, name: str, version: str) -> None:
    assert from_os_release(text) == (name, version)


def session(user: str, **more: str) -> str:
    told = {"USER": user, "CLASS": "user", "REMOTE": "0", "ACTIVE": "1", "TYPE": "tty"} | more
    return "".join(f"{name}={value}\n" for name, value in told.items())


GREETER = session("gdm", CLASS="greeter", TYPE="wayland")
SSH = session("root", REMOTE="1")
CONSOLE = session("admin")
DESK = session("ann", TYPE="wayland")
LOCKED_AWAY = session("bob", TYPE="x11", ACTIVE="0")


@pytest.mark.parametrize(
    ("sessions", "user"),
    [
        ([], ""),
        ([GREETER], ""),
        ([SSH], ""),
        ([CONSOLE], "admin"),
        ([CONSOLE, DESK], "ann"),
        ([LOCKED_AWAY, DESK], "ann"),
        ([LOCKED_AWAY], "bob"),
        ([GREETER, SSH, LOCKED_AWAY, CONSOLE], "admin"),
        (["", "nonsense\n=\n", "USER=\n"], ""),
    ],
)
def test_the_user_is_who_sits_at_the_computer(sessions: list[str], user: str) -> None:
    assert local_user(sessions) == user


def test_sessions_are_read_where_logind_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "3").write_text(DESK)
    (tmp_path / "c1").write_text(GREETER)
    (tmp_path / "3.ref").write_text("not a session")
    assert operating_system.user(str(tmp_path)) == "ann"
    assert operating_system.user(str(tmp_path / "none")) == ""


def test_this_system_tells_all() -> None:
    found = operating_system.read()
    assert found.name
    assert found.build
    assert found.arch
    assert 0 < operating_system.boot_time() < time.time_ns() / 1e9
