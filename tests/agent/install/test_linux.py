"""The unit's text, and what is refused before anything is changed. Its life: tests/packages."""

import shlex
import subprocess
from pathlib import Path

import pytest

from agent.delivery.waiting import Waiting
from agent.errors import AgentError, ConfigError
from agent.install import linux, trust
from agent.install.order import Order
from agent.protocol.link import LINK_VARIABLE, PUBLIC_FOLDER, SOCKET_NAME

WAITING = Waiting("https://desk.example", "wde_" + "x" * 40)


def test_the_unit_runs_the_agent_by_absolute_paths_and_nothing_of_the_environment() -> None:
    order = Order(Path("/var/lib/watchdesk"), Path("/etc/watchdesk/rules.yaml"), WAITING)
    text = linux.unit_text(order.command())
    (start,) = (line for line in text.splitlines() if line.startswith("ExecStart="))
    words = shlex.split(start.removeprefix("ExecStart="))
    assert words[0].startswith("/")
    assert "-I" in words
    state = ["run", "--state", "/var/lib/watchdesk", "--rules", "/etc/watchdesk/rules.yaml"]
    assert words[-5:] == state
    assert "wde_" not in text
    assert text.count("\nEnvironment=") == 1, "nothing but where the tray finds it"
    assert f"\nEnvironment={LINK_VARIABLE}={PUBLIC_FOLDER}/{SOCKET_NAME}\n" in text
    assert "@" not in text.replace("@system-service", "")


@pytest.mark.needs("systemd-analyze")
def test_systemd_finds_no_mistake_in_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "watchdesk-agent.service"
    unit.write_text(linux.unit_text(["/bin/true", "a b", "100%", "$HOME", 'say "x"']))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert str(unit) not in done.stderr, done.stderr
    assert "watchdesk-agent.service" not in done.stderr, done.stderr


@pytest.mark.parametrize("word", ["a\nExecStartPre=/bin/evil", "it's", "\x07"])
def test_what_would_begin_another_setting_is_refused(word: str) -> None:
    with pytest.raises(AgentError, match="cannot be written in a unit file"):
        linux.unit_text(["/bin/true", word])


@pytest.fixture
def nothing_changes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Trust this checkout, wherever it lies, and fail at the first change."""
    monkeypatch.setattr(trust, "refuse_what_others_can_write", lambda: None)

    def forbidden(*_: object) -> None:
        raise AssertionError("something was changed")

    for name in ("_make_user", "_try_sender", "_write", "_systemctl", "_tool"):
        monkeypatch.setattr(linux, name, forbidden)


def install(order: Order) -> list[str]:
    return list(linux.install(order))


@pytest.mark.needs_root
@pytest.mark.usefixtures("nothing_changes")
def test_rules_with_mistakes_are_told_before_anything_is_changed(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("version: 1\nrules: [{name: x, check: nope}]\n")
    rules.chmod(0o600)
    with pytest.raises(ConfigError, match=r"rules\.yaml:2:"):
        install(Order(tmp_path / "state", rules, None))
    rules.write_text("version: 1\nrules: []\n")
    rules.chmod(0o666)
    with pytest.raises(ConfigError, match="can be written by others"):
        install(Order(tmp_path / "state", rules, None))


@pytest.mark.needs_root
@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("place", ["/etc/watchdesk/state", "/usr/local/state", "/boot/x"])
def test_a_state_folder_that_the_service_could_not_write_is_refused(place: str) -> None:
    with pytest.raises(AgentError, match="is read-only for the service"):
        install(Order(Path(place), None, None))


@pytest.mark.needs_root
@pytest.mark.usefixtures("nothing_changes")
def test_files_that_others_can_write_are_refused_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse() -> None:
        raise AgentError("/opt/x can be written by others")

    monkeypatch.setattr(trust, "refuse_what_others_can_write", refuse)
    with pytest.raises(AgentError, match="/opt/x can be written"):
        install(Order(tmp_path / "state", tmp_path / "no-such-rules", None))
    assert list(tmp_path.iterdir()) == []


def test_without_root_nothing_is_begun(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(AgentError, match="run it as root"):
        install(Order(tmp_path, None, None))
    with pytest.raises(AgentError, match="run it as root"):
        list(linux.uninstall(tmp_path, everything=True))
