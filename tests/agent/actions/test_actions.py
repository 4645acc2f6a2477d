"""The closed list of actions, and those that run the system's own tools."""

from pathlib import Path

import pytest

from agent import actions, device
from agent.action_api import ActionError, RefusedActionError
from agent.host import program, service_control, services, systemd
from agent.host.program import Ended
from agent.host.systemd import Unit
from agent.rules.healing import ACTIONS


def test_the_words_of_the_rules_and_the_folder_are_one_list() -> None:
    folder = Path(actions.__file__).parent
    files = {path.stem.replace("_", "-") for path in folder.glob("*.py")} - {"--init--"}

    assert set(actions.NAMES) == files == set(ACTIONS)


@pytest.mark.parametrize("name", actions.NAMES)
def test_each_can_plan_and_act(name: str) -> None:
    found = actions.action(name)

    assert callable(found.plan)
    assert callable(found.act)


@pytest.mark.parametrize("name", ["", "os", "rm", "../command", "command "])
def test_what_is_not_in_the_list_is_none(name: str) -> None:
    with pytest.raises(KeyError):
        actions.action(name)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    script = tmp_path / "mend"
    script.write_text('#!/bin/sh\necho "mended $1"\nexit $1\n')
    script.chmod(0o755)
    device.settle(
        device.Device(
            commands={
                "well": device.Command("well", (str(script), "0"), 10),
                "badly": device.Command("badly", (str(script), "3"), 10),
            }
        )
    )
    return script


def test_a_command_of_the_devices_file_is_run(mine: Path) -> None:
    command = actions.action("command")

    assert command.plan("x", {"command": "well"}) == f"would have run well: {mine} 0"
    assert command.act("x", {"command": "well"}) == "ran well: mended 0"


def test_a_command_that_ends_otherwise_than_0_has_failed(mine: Path) -> None:
    assert mine.exists()
    with pytest.raises(ActionError, match="badly ended with 3: mended 3"):
        actions.action("command").act("x", {"command": "badly"})


def test_a_command_that_others_can_write_is_not_run(mine: Path) -> None:
    mine.chmod(0o777)

    with pytest.raises(ActionError, match=r"it is not run: .* can be written by others"):
        actions.action("command").act("x", {"command": "well"})


def test_a_command_that_the_file_does_not_have_is_told() -> None:
    device.settle(device.Device())

    with pytest.raises(ActionError, match=r"device\.yaml has no command rm"):
        actions.action("command").plan("x", {"command": "rm"})


def unit(**changed: str) -> Unit:
    found = Unit("cups.service", "loaded", "failed", "enabled", "simple", False, 0, 0)  # noqa: FBT003 - a unit
    return found._replace(**changed)  # type: ignore[arg-type] # texts


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (unit(file_state="disabled"), "an administrator has disabled it"),
        (unit(file_state="masked", load="masked"), "an administrator has disabled it"),
        (unit(load="not-found"), "there is no such service"),
    ],
)
def test_a_service_that_somebody_disabled_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, found: Unit, reason: str
) -> None:
    monkeypatch.setattr(systemd, "show", lambda _: [found])

    with pytest.raises(RefusedActionError, match=f"cups is left alone: {reason}"):
        actions.action("restart-service").plan("cups", {})


@pytest.mark.parametrize("name", ["a b", "-x", "../../etc", ""])
def test_what_is_no_name_of_a_service_reaches_no_tool(name: str) -> None:
    if name == "-x":
        assert systemd.full_name(name) == "-x.service"  # behind --, a name like any other
        return
    with pytest.raises(RefusedActionError, match="cannot be a service's name"):
        service_control.checked(name)


def test_a_service_is_restarted_after_its_failures_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After too many failures in a row systemd would refuse (start-limit-hit)."""
    ran: list[list[str]] = []

    def run(argv: list[str], _deadline_s: float) -> Ended:
        ran.append(argv[1:])
        return Ended(0, b"", b"", cut=False)

    monkeypatch.setattr(program, "find", lambda name: Path("/usr/bin", name))
    monkeypatch.setattr(program, "run", run)
    monkeypatch.setattr(systemd, "show", lambda _: [unit()])
    before_s = services.touched_s()

    assert actions.action("restart-service").act("cups", {}) == "restarted the service cups"
    assert [argv[1:] for argv in ran] == [
        ["reset-failed", "--", "cups.service"],
        ["restart", "--", "cups.service"],
    ]
    assert services.touched_s() > before_s, "the check that follows must ask anew"


def test_a_service_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "find", lambda name: Path("/usr/bin", name))
    monkeypatch.setattr(
        program, "run", lambda _argv, _s: Ended(1, b"", b"Job for cups failed.\n", cut=False)
    )

    with pytest.raises(ActionError, match=r"systemctl start ended with 1: Job for cups failed\."):
        actions.action("start-service").act("cups", {})


@pytest.mark.parametrize("name", ["flush-dns-cache", "synchronize-clock"])
def test_a_system_without_the_means_says_so(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(program, "find", lambda _: None)

    with pytest.raises(ActionError, match=r"is not there|no time service was found"):
        actions.action(name).act("", {})


def test_a_lease_is_renewed_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "find", lambda _: None)

    with pytest.raises(ActionError, match="no interface of this computer has an address from DHCP"):
        actions.action("renew-dhcp-lease").act("", {})
