"""What package systems say: recorded answers, and the real one of this computer."""

import os
from datetime import datetime
from pathlib import Path

import pytest

from agent.errors import CheckError, UnsupportedCheckError
from agent.host import packages, program
from agent.host.packages import (
    Pending,
    apt_pending,
    apt_upgraded_at,
    dnf_names,
    newer_kernel_since,
    pending,
)

RECORDED = Path(__file__).parents[1] / "checks" / "recorded" / "updates"


def recorded(name: str) -> str:
    return (RECORDED / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "pending"),
    [
        ("apt_pending", (4, 2)),  # what is added or kept back does not count
        ("apt_nothing", (0, 0)),
        ("apt_ubuntu", (3, 2)),
    ],
)
def test_apts_simulation_is_counted(name: str, pending: tuple[int, int]) -> None:
    assert apt_pending(recorded(name))[:2] == pending


def test_the_first_names_are_told_those_for_security_before_others() -> None:
    names = [f"package-{n}" for n in range(9)]
    told = pending(names, {"package-7", "package-8"})
    assert told == Pending(
        9, 2, ("package-7", "package-8", "package-0", "package-1", "package-2", "package-3")
    )


def test_dnfs_list_ends_where_it_tells_of_obsolete_packages() -> None:
    names = {"kernel.x86_64", "openssl-libs.x86_64", "python3-perf.x86_64"}
    assert dnf_names(recorded("dnf_pending")) == names
    assert dnf_names("") == set()


def test_dnf_is_asked_twice_and_says_by_its_exit_status_that_there_is_something(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        program, "find", lambda name: Path("/usr/bin/dnf") if name == "dnf" else None
    )

    def said(argv: list[str], _deadline_s: float, *, longest: int) -> program.Ended:
        assert "--cacheonly" in argv, "no network"
        text = recorded("dnf_pending")
        lines = text.splitlines()[:3] if "--security" in argv else text.splitlines()
        return program.Ended(100, "\n".join(lines).encode()[:longest], b"", cut=False)

    monkeypatch.setattr(program, "run", said)
    found = packages.read().pending
    assert (found.all, found.security) == (3, 2)
    assert set(found.names) == dnf_names(recorded("dnf_pending"))


def test_the_last_upgrade_is_found_and_an_installation_is_none() -> None:
    last = datetime.fromisoformat("2031-01-05 06:10:09").astimezone().timestamp()
    assert apt_upgraded_at(recorded("apt_history")) == last
    assert apt_upgraded_at("") is None


@pytest.mark.parametrize(
    ("kernels", "running", "since"),
    [
        ([("5.14.0-1", 100.0), ("5.14.0-2", 200.0)], "5.14.0-1", 200.0),
        ([("5.14.0-1", 100.0), ("5.14.0-2", 200.0), ("5.14.0-3", 300.0)], "5.14.0-1", 200.0),
        ([("5.14.0-1", 100.0), ("5.14.0-2", 200.0)], "5.14.0-2", None),
        ([("5.14.0-1", 100.0)], "5.14.0-1", None),
        ([("5.14.0-1", 100.0)], "6.18.0-host", None),  # a container
        ([], "6.18.0-host", None),
    ],
)
def test_a_newer_kernel_waits_for_a_restart(
    kernels: list[tuple[str, float]], running: str, since: float | None
) -> None:
    assert newer_kernel_since(kernels, running) == since


def test_a_system_without_either_is_unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "find", lambda _name: None)
    with pytest.raises(UnsupportedCheckError, match="neither apt nor dnf"):
        packages.read()


def test_a_broken_package_system_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = b"E: dpkg was interrupted, you must manually run 'dpkg --configure -a'\n"
    monkeypatch.setattr(packages, "_reckoned", {})
    monkeypatch.setattr(program, "find", lambda _name: Path("/usr/bin/apt-get"))
    monkeypatch.setattr(
        program, "run", lambda *_a, **_k: program.Ended(100, b"", broken, cut=False)
    )
    with pytest.raises(CheckError, match="/usr/bin/apt-get ended with 100: E: dpkg was interr"):
        packages.read()


def test_apt_reckons_anew_only_when_something_has_changed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    status = tmp_path / "status"
    status.touch()
    asked = []

    def said(_argv: list[str], _deadline_s: float, *, longest: int) -> program.Ended:
        asked.append(longest)
        return program.Ended(0, recorded("apt_pending").encode(), b"", cut=False)

    monkeypatch.setattr(packages, "_APT_RECKONS_WITH", (str(status),))
    monkeypatch.setattr(program, "find", lambda _name: Path("/usr/bin/other-apt-get"))
    monkeypatch.setattr(program, "run", said)
    for expected in (1, 1, 2, 2):
        if expected == 2:
            os.utime(status, (1, 1))
        assert packages.read().pending[:2] == (4, 2)
        assert len(asked) == expected


@pytest.mark.needs("apt-get")
def test_this_computers_own_apt_answers() -> None:
    found = packages.read()
    assert 0 <= found.pending.security <= found.pending.all
    assert found.lists_at is None or found.lists_at > 0
