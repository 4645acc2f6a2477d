"""What systemd's words mean, and when it is asked again."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from agent.errors import CheckError, UnsupportedCheckError
from agent.host import systemd
from agent.host.procfs import Process
from agent.host.systemd import Unit, Units


def unit(
    name: str = "web.service",
    *,
    load: str = "loaded",
    active: str = "active",
    file_state: str = "enabled",
    kind: str = "simple",
    triggered: bool = False,
    main_pid: int = 0,
) -> Unit:
    return Unit(name, load, active, file_state, kind, triggered, 0, main_pid)


@pytest.mark.parametrize(
    ("load", "active", "state"),
    [
        ("loaded", "active", "running"),
        ("loaded", "reloading", "running"),
        ("loaded", "refreshing", "running"),
        ("masked", "active", "running"),
        ("loaded", "activating", "starting"),
        ("loaded", "deactivating", "stopped"),
        ("loaded", "inactive", "stopped"),
        ("masked", "inactive", "stopped"),
        ("loaded", "failed", "failed"),
        ("loaded", "maintenance", "failed"),
        ("not-found", "failed", "missing"),
        ("not-found", "inactive", "missing"),
        ("bad-setting", "inactive", "failed"),
        ("error", "inactive", "failed"),
    ],
)
def test_each_state_of_systemd_is_one_of_ours(load: str, active: str, state: str) -> None:
    assert unit(load=load, active=active).service().state == state


@pytest.mark.parametrize(
    ("file_state", "automatic"),
    [
        ("enabled", True),
        ("enabled-runtime", True),
        ("generated", True),
        ("alias", True),
        ("disabled", False),
        ("static", False),
        ("masked", False),
        ("indirect", False),
        ("", False),
    ],
)
def test_what_starts_with_the_system_is_automatic(file_state: str, automatic: bool) -> None:  # noqa: FBT001
    assert unit(file_state=file_state).service().automatic is automatic


def test_what_systemctl_prints_is_read() -> None:
    found = systemd._unit(
        "Type=notify\nMainPID=19\nNRestarts=3\nId=a.service\nTriggeredBy=a.socket\n"
        "LoadState=loaded\nActiveState=active\nUnitFileState=static"
    )
    assert found == Unit("a.service", "loaded", "active", "static", "notify", True, 3, 19)  # noqa: FBT003
    nothing = systemd._unit("Id=b.socket\nLoadState=loaded\nActiveState=active")
    assert nothing.restarts is None
    assert nothing.main_pid == 0


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("nginx", "nginx.service"),
        ("nginx.service", "nginx.service"),
        ("cups.socket", "cups.socket"),
        ("getty@tty1", "getty@tty1.service"),
        ("org.example.thing", "org.example.thing.service"),
        ("web*", "web*.service"),
    ],
)
def test_a_unit_without_kind_is_a_service(name: str, full: str) -> None:
    assert systemd.full_name(name) == full


def test_a_system_without_systemd_says_so_once_and_for_all() -> None:
    with pytest.raises(UnsupportedCheckError, match="systemd does not run"):
        systemd.show(["nginx.service"])


@pytest.mark.parametrize("name", ["nginx", "getty@tty1", "a-b.c:d_e\\x2d", "-.mount", "a@b@c"])
def test_unit_names_are_known_as_such(name: str) -> None:
    assert systemd.NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", "foo@", "@x", "two words", "a/b", "é", "a\nb", "x" * 201])
def test_impossible_names_are_known_as_such(name: str) -> None:
    """systemctl would fail as a whole."""
    assert not systemd.NAME.fullmatch(name)


class World:
    """systemd and ``/proc`` as a test wants them, and what systemd was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.units: dict[str, Unit] = {}
        self.processes: dict[int, Process] = {}
        self.now_s = 1000.0
        self.asked: list[str] = []
        monkeypatch.setattr(systemd, "show", self._show)
        monkeypatch.setattr(systemd, "matching", self._matching)
        monkeypatch.setattr(systemd, "process", self.processes.get)
        monkeypatch.setattr(time, "monotonic", lambda: self.now_s)

    def _matching(self, _patterns: Iterable[str], *, automatic: bool) -> list[str]:
        del automatic
        return sorted(self.units)

    def _show(self, names: Iterable[str]) -> list[Unit]:
        names = list(names)
        self.asked += names
        missing = unit(load="not-found", active="inactive", file_state="")
        return [self.units.get(name, missing._replace(id=name)) for name in names]

    def turn(self, units: Units, *names: str, automatic: bool = False) -> list[str]:
        """Return the names asked about in one turn of the check, 10 s after the last."""
        self.asked.clear()
        self.now_s += 10
        units.states(names, automatic=automatic)
        return list(self.asked)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_while_the_main_process_lives_systemd_is_not_asked(world: World) -> None:
    world.units["web.service"] = unit(main_pid=7)
    world.processes[7] = Process("web", 100)
    units = Units()
    assert world.turn(units, "web") == ["web.service"]
    assert world.turn(units, "web") == []
    world.now_s += 900
    assert world.turn(units, "web") == ["web.service"], "but now and then, to be sure"
    assert world.turn(units, "web") == []


@pytest.mark.parametrize("now_there", [None, Process("web", 200), Process("other", 100)])
def test_a_lost_main_process_is_asked_about_at_once(
    world: World, now_there: Process | None
) -> None:
    """Also when its number was given to another process."""
    world.units["web.service"] = unit(main_pid=7)
    world.processes[7] = Process("web", 100)
    units = Units()
    world.turn(units, "web")
    if now_there:
        world.processes[7] = now_there
    else:
        del world.processes[7]
    world.units["web.service"] = unit(active="failed")
    assert world.turn(units, "web") == ["web.service"]
    assert units.states(["web"], automatic=False)["web"].state == "failed"


def test_what_cannot_be_proven_is_asked_every_twenty_seconds(world: World) -> None:
    world.units["job.service"] = unit("job.service", kind="oneshot")
    world.units["down.service"] = unit("down.service", active="inactive")
    units = Units()
    turns = [world.turn(units, "job", "down") for _ in range(4)]
    assert turns == [["job.service", "down.service"], [], ["job.service", "down.service"], []]


def test_what_is_missing_is_asked_once_a_minute(world: World) -> None:
    units = Units()
    assert [bool(world.turn(units, "gone")) for _ in range(7)] == [True, *[False] * 5, True]


def test_what_the_rule_does_not_want_is_asked_seldom(world: World) -> None:
    world.units["off.service"] = unit("off.service", active="inactive", file_state="disabled")
    units = Units()
    turns = [bool(world.turn(units, "off", automatic=True)) for _ in range(20)]
    assert turns == [True, *[False] * 19]


def test_only_the_units_in_doubt_are_asked_about(world: World) -> None:
    world.units |= {f"s{n}.service": unit(f"s{n}.service", main_pid=n) for n in range(1, 9)}
    world.processes |= {n: Process("s", n) for n in range(1, 9)}
    units = Units()
    names = [f"s{n}" for n in range(1, 9)]
    assert len(world.turn(units, *names)) == 8
    del world.processes[5]
    assert world.turn(units, *names) == ["s5.service"]


def test_without_a_pattern_only_lasting_automatic_services_are_found(world: World) -> None:
    for one in (
        unit("web.service"),
        unit("job.service", kind="oneshot"),
        unit("printer.service", triggered=True),
        unit("static.service", file_state="static"),
        unit("gone.service", load="not-found"),
        unit("getty@tty1.service"),
    ):
        world.units[one.id] = one
    world.units["alias.service"] = unit("web.service")
    assert Units().found((), automatic=False) == ["getty@tty1", "web"]


def test_a_pattern_finds_all_and_with_start_automatic_those_that_start_by_themselves(
    world: World,
) -> None:
    world.units["web.service"] = unit("web.service")
    world.units["off.service"] = unit("off.service", file_state="disabled", kind="oneshot")
    assert Units().found(("*",), automatic=False) == ["off", "web"]
    assert Units().found(("*",), automatic=True) == ["web"]


def test_the_search_is_repeated_every_hour(world: World) -> None:
    units = Units()
    assert units.found(("w*",), automatic=False) == []
    world.units["web.service"] = unit("web.service")
    assert units.found(("w*",), automatic=False) == []
    world.now_s += 3601
    assert units.found(("w*",), automatic=False) == ["web"]


@pytest.fixture
def systemctl(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Put a program in systemctl's place."""

    def put(text: str) -> None:
        program = tmp_path / "systemctl"
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
        monkeypatch.setattr(systemd, "_PROGRAMS", (str(program),))
        monkeypatch.setattr(systemd, "_RUNS_HERE", tmp_path)
        monkeypatch.setattr(systemd, "DEADLINE_S", 0.3)

    return put


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("exec sleep 100", "systemd did not answer within 0.3 s"),
        ("echo Connection refused >&2; exit 1", "systemctl failed: Connection refused"),
        ("echo Id=a; echo; echo Id=b", "systemctl answered for 2 of 1 units"),
    ],
)
def test_a_systemctl_that_fails_is_a_reason(
    systemctl: Callable[[str], None], program: str, reason: str
) -> None:
    systemctl(program)
    with pytest.raises(CheckError) as caught:
        systemd.show(["web.service"])
    assert caught.value.reason == reason
