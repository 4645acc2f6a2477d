"""A real systemd, with the agent as one of its units: what befalls services is one ticket each.

A container with this machine's files is booted; its agent reports to a server out here. Each
misfortune has a service of its own, and all of them go through one story, for a container, a server
and their start cost more than the misfortunes.
"""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from server_stub.clients.actions import new_enrolment_token
from server_stub.intake.models import LastWord
from tests.end_to_end.conftest import Desk
from tests.support.nspawn import Container, booted_whole
from tests.support.polling import until
from tests.support.server_process import PROJECT

pytestmark = [
    pytest.mark.long,
    pytest.mark.needs("systemd-nspawn", "nsenter", "pgrep", "mount"),
    pytest.mark.needs_root,
]

AGENT: Final = f"""
[Service]
Type=notify
WatchdogSec=120
KillMode=mixed
WorkingDirectory={PROJECT}
ExecStart={sys.executable} -m tests.end_to_end.hasty_agent run --state /var/lib/watchdesk \
  --rules /etc/watchdesk/rules.yaml
"""
RULES: Final = """
version: 1
defaults: {{every: 1s, startup_grace: 0s, clear_for: 1s}}
rules:
  - name: services
    why: a test
    check: service
    targets: {{include: [{names}]}}
    warning:
      when: state == stopped or state == missing
      for: 1s
      clear: state == running
      priority: low
    critical: {{when: state == failed, for: 1s, clear: state == running, priority: high}}
    ticket: {{title: "services {{target}}"}}
  - name: loop
    why: a test
    check: service.restarts
    targets: {{include: [wd-loops]}}
    warning: {{when: restarts_1h >= 3, for: 1s, clear: restarts_1h == 0, priority: normal}}
    ticket: {{title: "loop {{target}}"}}
  - name: healed
    why: a test
    check: service
    targets: {{include: [wd-heals, wd-forbidden]}}
    critical:
      when: state == failed or state == stopped
      for: 1s
      clear: state == running
      priority: high
    heal: {{action: restart-service, wait: 1s}}
    ticket: {{title: "healed {{target}}"}}
"""
_UNTIL = "/bin/sh -c 'until test -e /run/{0}; do {1} sleep 0.1; done; {2}'"
SLEEPS: Final = "[Service]\nExecStart=/bin/sleep 1000\n"
EXITS: Final = f"[Service]\nExecStart={_UNTIL.format('wd-exits', '', 'exit 1')}\n"
LOOPS: Final = f"""
[Unit]
StartLimitIntervalSec=0
[Service]
Restart=on-failure
RestartSec=0.1
ExecStart={_UNTIL.format("wd-loops", "", "kill -KILL $$$$")}
"""
_PINGS = _UNTIL.format("wd-stalls", "systemd-notify WATCHDOG=1;", "sleep 1000")
STALLS: Final = f"""
[Service]
Type=notify
NotifyAccess=all
WatchdogSec=2
ExecStart={_PINGS.replace("'until", "'systemd-notify --ready; until")}
"""

Deed = Callable[[Container], object]


class Misfortune(NamedTuple):
    """What befalls a service of that name, how it is judged, and how a person mends it."""

    name: str
    unit: str
    evaluation: str
    happens: Deed
    is_mended: Deed


def runs(*command: str) -> Deed:
    return lambda container: container.run(*command, check=False)


def all_of(*deeds: Deed) -> Deed:
    return lambda container: [deed(container) for deed in deeds]


def starts(name: str) -> Deed:
    return all_of(runs("systemctl", "reset-failed", name), runs("systemctl", "start", name))


MISFORTUNES: Final = (
    Misfortune(
        "wd-exits",
        EXITS,
        "critical",
        runs("touch", "/run/wd-exits"),
        all_of(runs("rm", "/run/wd-exits"), starts("wd-exits")),
    ),
    Misfortune(
        "wd-crashes",
        SLEEPS,
        "critical",
        runs("systemctl", "kill", "--signal=SEGV", "wd-crashes"),
        starts("wd-crashes"),
    ),
    Misfortune(
        "wd-masked",
        SLEEPS,
        "warning",
        all_of(
            lambda container: container.run("systemctl", "mask", "wd-masked"),
            runs("systemctl", "stop", "wd-masked"),
        ),
        all_of(runs("systemctl", "unmask", "wd-masked"), starts("wd-masked")),
    ),
    Misfortune(
        "wd-missing",
        SLEEPS,
        "warning",
        all_of(
            runs("rm", "/run/systemd/system/wd-missing.service"),
            runs("systemctl", "stop", "wd-missing"),
            runs("systemctl", "daemon-reload"),
        ),
        all_of(
            lambda container: container.unit("wd-missing.service", SLEEPS), starts("wd-missing")
        ),
    ),
    Misfortune(
        "wd-stalls",
        STALLS,
        "critical",
        runs("touch", "/run/wd-stalls"),
        all_of(runs("rm", "/run/wd-stalls"), starts("wd-stalls")),
    ),
)


@pytest.fixture
def container(tmp_path: Path) -> Iterator[Container]:
    folder = tmp_path / "systemd"
    folder.mkdir()
    with booted_whole(folder) as made:
        yield made


def write(container: Container, path: str, text: str) -> None:
    container.run("/bin/sh", "-c", 'umask 077; printf "%s" "$1" > "$2"', "sh", text, path)


def start_agent(container: Container, desk: Desk) -> None:
    """Enrol the computer in the container, and start its agent as a unit."""
    token = new_enrolment_token(
        desk.client, None, uses=1, valid=timedelta(hours=1), now=datetime.now(UTC)
    )
    names = ", ".join(one.name for one in MISFORTUNES)
    container.run("mkdir", "-p", "-m", "700", "/etc/watchdesk", "/var/lib/watchdesk")
    write(container, "/etc/watchdesk/rules.yaml", RULES.format(names=names))
    write(container, "/etc/watchdesk/token", token)
    container.run(
        *("env", f"--chdir={PROJECT}", sys.executable, "-m", "agent", "enroll"),
        *("--server", desk.url, "--token-file", "/etc/watchdesk/token"),
        *("--state", "/var/lib/watchdesk"),
    )
    container.unit("watchdesk-agent.service", AGENT)
    container.run("systemctl", "start", "watchdesk-agent")


def standing(desk: Desk) -> dict[str, tuple[str, str]]:
    """Return evaluation and status by title; every title has one ticket alone."""
    tickets = desk.tickets()
    found = {ticket["title"]: (ticket["evaluation"], ticket["status"]) for ticket in tickets}
    assert len(found) == len(tickets), tickets
    return found


def assert_healed(desk: Desk, container: Container) -> None:
    """What crashes is restarted, and told as healed; what an administrator masked is left alone."""
    container.run("systemctl", "kill", "--signal=SEGV", "wd-heals")
    until(
        lambda: standing(desk).get("healed wd-heals") == ("ok", "resolved"),
        what="a resolved ticket of what was healed",
    )
    assert container.run("systemctl", "is-active", "wd-heals") == "active"
    number = next(t["number"] for t in desk.tickets() if t["title"] == "healed wd-heals")
    told = str(desk.timeline(number))
    assert "restarted the service wd-heals; before: state failed" in told
    assert "; after: state running" in told, told
    assert "not_healed" not in told, told

    container.run("systemctl", "mask", "wd-forbidden")
    container.run("systemctl", "stop", "wd-forbidden")
    until(
        lambda: standing(desk).get("healed wd-forbidden") == ("critical", "new"),
        what="the ticket of what is not healed",
    )
    number = next(t["number"] for t in desk.tickets() if t["title"] == "healed wd-forbidden")
    assert "an administrator has disabled it (masked)" in str(desk.timeline(number))
    assert container.run("systemctl", "is-active", "wd-forbidden", check=False) == "inactive"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_each_misfortune_of_a_service_is_one_ticket_that_resolves_on_recovery(
    desk: Desk, container: Container
) -> None:
    for one in MISFORTUNES:
        container.unit(f"{one.name}.service", one.unit)
        container.run("systemctl", "start", one.name)
    container.unit("wd-loops.service", LOOPS)
    container.run("systemctl", "start", "wd-loops")
    for name in ("wd-heals", "wd-forbidden"):
        container.unit(f"{name}.service", SLEEPS)
        container.run("systemctl", "start", name)
    start_agent(container, desk)
    until(lambda: desk.get("devices")["items"], what="a sign of life")
    assert desk.tickets() == []

    for one in MISFORTUNES:
        one.happens(container)
    container.run("touch", "/run/wd-loops")
    opened = {f"services {one.name}": (one.evaluation, "new") for one in MISFORTUNES}
    loop = {"loop wd-loops": ("warning", "new")}
    until(lambda: standing(desk) == opened | loop, what="a ticket for each")
    container.run("rm", "/run/wd-loops")

    for one in MISFORTUNES:
        one.is_mended(container)
    resolved = dict.fromkeys([*opened, *loop], ("ok", "resolved"))
    until(lambda: standing(desk) == resolved, 90, what="the end of each")

    assert_healed(desk, container)

    assert container.run("systemctl", "show", "-PNRestarts", "watchdesk-agent") == "0"
    container.run("systemctl", "stop", "watchdesk-agent")
    said = container.run("systemctl", "show", "-PResult", "watchdesk-agent")
    assert said == "success", container.run("journalctl", "-u", "watchdesk-agent", check=False)

    assert_says_why_it_goes(container)


def assert_says_why_it_goes(container: Container) -> None:
    """Stopped alone, it says so, and takes it back; shut down with its computer, it says that."""
    until(lambda: last_words() == ["stopped"], what="its last word")
    container.run("systemctl", "start", "watchdesk-agent")
    until(lambda: not last_words(), what="a heartbeat that takes it back")

    container.run("systemctl", "--no-block", "poweroff")
    until(lambda: last_words() == ["shutdown"], what="its last word")


def last_words() -> list[str]:
    return list(LastWord.objects.filter(taken_back_at=None).values_list("word", flat=True))
