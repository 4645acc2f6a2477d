"""The Debian package on a real Debian with a real systemd: installed, upgraded, taken away."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.install import linux
from server_stub.clients.actions import new_enrolment_token
from server_stub.clients.models import Device
from tests.end_to_end.conftest import Desk
from tests.support.databases import ServerDatabase
from tests.support.nspawn import Container, booted_whole
from tests.support.polling import until
from tests.support.server_process import ServerProcess

pytestmark = [
    pytest.mark.long,
    pytest.mark.needs("dpkg", "dpkg-deb", "systemd-nspawn", "networkctl", "smartctl", "losetup"),
    pytest.mark.needs_root,
]

UNIT = "watchdesk-agent.service"
RULES = """
version: 1
rules:
  - name: units
    check: systemd
    every: 1s
    startup_grace: 0s
    targets: {include: [wd-broken.service]}
    critical: {when: failed_count > 0, for: 0s, clear_for: 1s, priority: high}
    ticket: {title: "a unit has failed"}
  - name: role
    check: service
    every: 1s
    startup_grace: 0s
    targets: {include: [wd-heals]}
    critical: {when: state == stopped, for: 0s, clear: state == running, priority: high}
    heal: {action: restart-service, wait: 1s, mode: offered}
    ticket: {title: "{target} does not run"}
"""
DEVICE = "version: 1\nheal: {rules: [role]}\n"
SANDBOXED = """
systemctl restart wd-other.service
networkctl --no-pager list | grep -w lo
smartctl --scan
smartctl -d scsi -i /dev/wd-block | grep 'Standard Inquiry'
echo new > /srv/written && echo new > /wd-written && rm /wd-written
cat /srv/others > /dev/null
python3 -I -c 'import socket as s; s.socket(s.AF_INET, s.SOCK_RAW, s.IPPROTO_ICMP)'
! touch /usr/wd-written /etc/wd-written /boot/wd-written
! mount -t tmpfs tmpfs /mnt
! head -c 1 /dev/zero > /dev/mem
! unshare --user true
"""


class Computer:
    """A Debian in a container with the agent's package."""

    def __init__(self, container: Container, root: Path) -> None:
        self.container = container
        self.root = root

    def run(self, *command: str, check: bool = True) -> str:
        return self.container.run(*command, check=check, within_s=180)

    def install(self, package: Path) -> str:
        shutil.copy(package, self.root / "srv" / package.name)
        return self.run("dpkg", "--install", f"/srv/{package.name}")

    def write(self, path: str, text: str) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(mode=0o755, exist_ok=True)
        file.write_text(text)
        file.chmod(0o600)

    def status(self) -> dict[str, Any]:
        tree: dict[str, Any] = json.loads(self.run("watchdesk-agent", "status", "--json"))
        return tree

    def unit(self, name: str) -> str:
        return self.run("systemctl", "show", "--value", f"--property={name}", UNIT)

    def logged(self) -> str:
        return self.run("journalctl", "--unit", UNIT, "--output", "cat")


def test_the_package_lives_its_life(
    build_deb: Callable[..., Path],
    sqlite: ServerDatabase,
    server_process: Callable[..., ServerProcess],
    tmp_path: Path,
) -> None:
    """One computer for all of it: to set it up costs more than to look."""
    desk = Desk(sqlite, server_process, tmp_path)
    desk.stop_server()
    first, second = build_deb("0.1.0"), build_deb("99.0")
    folder = tmp_path / "deb"
    folder.mkdir()
    with booted_whole(folder) as container:
        computer = Computer(container, folder / "root")
        installed_offline(computer, first, desk)
        enrols_by_itself(computer, desk)
        heals_what_its_own_file_allows(computer, desk)
        takes_a_report(computer, desk)
        keeps_checks_able_and_little_else(computer)
        does_not_start_from_files_that_others_can_write(computer)
        is_started_anew_when_it_hangs(computer)
        upgraded_it_is_the_same_device(computer, second, desk)
        taken_away(computer, second)


def installed_offline(computer: Computer, package: Path, desk: Desk) -> None:
    computer.container.unit("wd-heals.service", "[Service]\nExecStart=/bin/sleep 1000\n")
    computer.run("systemctl", "start", "wd-heals.service")
    computer.write("/etc/watchdesk/rules.yaml", RULES)
    computer.write("/etc/watchdesk/device.yaml", DEVICE)
    (computer.root / "etc/watchdesk").chmod(0o755)
    said = computer.install(package)
    assert "It is not enrolled yet" in said
    assert computer.unit("ActiveState") == "active"
    assert computer.unit("UnitFileState") == "enabled"
    assert "not enrolled yet" in computer.status()["troubles"][0]

    token = new_enrolment_token(
        desk.client, None, uses=1, valid=timedelta(hours=1), now=datetime.now(UTC)
    )
    computer.write("/srv/token", token)
    for _ in range(2):  # once more changes nothing
        said = computer.run(
            *("watchdesk-agent", "install", "--server", desk.url),
            *("--token-file", "/srv/token"),
        )
        assert f"It enrols at {desk.url} as soon as that answers" in said
    assert computer.run("stat", "-c", "%a %U", "/var/lib/watchdesk", "/etc/watchdesk") == (
        "700 root\n755 root"
    )
    kept = computer.run("stat", "-c", "%a %U", "/var/lib/watchdesk/enrolment.json")
    assert kept == "600 root"
    assert token not in computer.logged() + computer.run("ps", "-eo", "args")


def enrols_by_itself(computer: Computer, desk: Desk) -> None:
    computer.container.unit("wd-broken.service", "[Service]\nExecStart=/bin/false\n")
    computer.run("systemctl", "start", "wd-broken.service", check=False)
    until(lambda: computer.status()["outbox"]["waiting"], what="the alert in the outbox")
    desk.start_server()
    until(desk.tickets, 150, "its ticket")
    assert computer.status()["troubles"] == []
    computer.run("systemctl", "restart", UNIT)  # its first heartbeat
    listed = until(
        lambda: re.search(
            r"^(\S+) .* agent\.delivery\.sender$",
            computer.run("ps", "-ww", "-eo", "user:32,args"),
            re.MULTILINE,
        ),
        what="a sender",
    )
    assert listed
    assert listed[1] == "watchdesk-sender"
    assert desk.tickets()[0]["title"] == "a unit has failed"
    assert computer.run("ls", "/var/lib/watchdesk/enrolment.json", check=False) == ""
    said = computer.run("watchdesk-agent", "install")
    assert f"It is enrolled at {desk.url}" in said


def heals_what_its_own_file_allows(computer: Computer, desk: Desk) -> None:
    """In the sandbox of the unit as shipped, which must let it reach systemd's bus."""
    computer.run("systemctl", "stop", "wd-heals.service")
    until(
        lambda: (
            ("wd-heals does not run", "resolved")
            in [
                (one["title"], one["status"]) for one in desk.get("tickets?source=monitor")["items"]
            ]
        ),
        what="one ticket, resolved",
    )
    assert computer.run("systemctl", "is-active", "wd-heals.service") == "active"


def takes_a_report(computer: Computer, desk: Desk) -> None:
    said = computer.run(
        "watchdesk-tray", "report", "--title", "The printer", "--text", "is on fire"
    )
    assert "is saved and will be sent" in said
    until(lambda: desk.get("tickets?source=tray")["items"], what="the report's ticket")
    made = computer.run("watchdesk-tray", "desktop-files", "/srv/files").split()
    entry = computer.run("cat", *(file for file in made if "autostart" in file))
    assert "Exec=/usr/bin/python3 -I -S -B /usr/lib/watchdesk tray" in entry
    entry = computer.run("cat", "/etc/xdg/autostart/watchdesk-tray.desktop")
    assert "Exec=/usr/bin/watchdesk-tray" in entry


@contextmanager
def block_device(computer: Computer) -> Iterator[None]:
    """Lend the computer ``/dev/wd-block``, whose driver answers what smartctl asks."""
    image = computer.root.parent / "block.img"
    image.write_bytes(bytes(1 << 20))
    made = subprocess.run(
        ["losetup", "--find", "--show", str(image)], stdout=subprocess.PIPE, text=True, check=True
    )
    loop = made.stdout.strip()
    number = Path(loop).stat().st_rdev
    try:
        place = ("/dev/wd-block", "b", str(os.major(number)), str(os.minor(number)))
        computer.run("mknod", *place)
        yield
    finally:
        subprocess.run(["losetup", "--detach", loop], check=True)


def keeps_checks_able_and_little_else(computer: Computer) -> None:
    """The same sandbox, with a script in the agent's place."""
    computer.container.unit("wd-other.service", "[Service]\nExecStart=/bin/sleep 1000\n")
    computer.write("/srv/others", "somebody's")
    computer.run("chown", "nobody", "/srv/others")
    computer.write("/srv/sandboxed", f"set -eux\n{SANDBOXED}")
    text = computer.run("cat", f"/etc/systemd/system/{UNIT}")
    ours = re.compile(r"^(ExecStart|Watchdog|Restart|Runtime)\w*=.*\n", re.MULTILINE)
    text = ours.sub("", text)
    text = text.replace("Type=notify", "Type=oneshot\nExecStart=/bin/sh /srv/sandboxed")
    computer.container.unit("wd-sandboxed.service", text)
    with block_device(computer):
        computer.run("systemctl", "start", "wd-sandboxed.service", check=False)
    said = computer.run("journalctl", "--unit=wd-sandboxed.service", "--output=cat")
    result = computer.run("systemctl", "show", "--value", "--property=Result", "wd-sandboxed")
    assert result == "success", said
    assert computer.run("systemctl", "is-active", "wd-other.service") == "active"
    security = computer.run("systemd-analyze", "security", "--no-pager", UNIT)
    told = re.search(r"Overall exposure level for \S+: ([\d.]+)", security)
    assert told
    assert float(told[1]) <= 4.5, "docs/install.md tells the figure"


def does_not_start_from_files_that_others_can_write(computer: Computer) -> None:
    module = "/usr/lib/watchdesk/agent/cli.py"
    computer.run("chmod", "o+w", module)
    computer.run("systemctl", "restart", UNIT, check=False)
    assert computer.unit("ActiveState") != "active"
    refused = f"this program cannot be root's service: {module} can be written by others"
    assert refused in computer.logged()
    assert refused in computer.run("sh", "-c", "watchdesk-agent install 2>&1", check=False)
    computer.run("chmod", "o-w", module)
    computer.run("systemctl", "restart", UNIT)


def is_started_anew_when_it_hangs(computer: Computer) -> None:
    drop_in = f"/etc/systemd/system/{UNIT}.d"
    computer.write(f"{drop_in}/own.conf", "[Service]\nWatchdogSec=8\nRestartSec=0\n")
    computer.run("systemctl", "daemon-reload")
    computer.run("systemctl", "restart", UNIT)
    pid = computer.unit("MainPID")
    first = computer.unit("WatchdogTimestampMonotonic")
    until(lambda: computer.unit("WatchdogTimestampMonotonic") != first, what="a sign of life")
    assert computer.unit("MainPID") == pid
    computer.run("kill", "-STOP", pid)
    until(lambda: computer.unit("NRestarts") != "0", what="another start")
    until(lambda: computer.unit("ActiveState") == "active", what="its being ready")
    assert computer.unit("MainPID") != pid
    computer.run("rm", "-r", drop_in)


def upgraded_it_is_the_same_device(computer: Computer, package: Path, desk: Desk) -> None:
    before = computer.status()
    pid = computer.unit("MainPID")
    computer.install(package)
    assert computer.unit("MainPID") != pid
    after = computer.status()
    assert after["device_id"] == before["device_id"] == str(Device.objects.get().id)
    until(lambda: computer.status()["delivery"]["last_success_at"], what="its heartbeat")
    until(lambda: computer.status()["checks"], what="its checks")
    computer.run("systemctl", "reset-failed", "wd-broken.service")
    until(
        lambda: (
            [one["status"] for one in desk.get("tickets?source=monitor")["items"]]
            == ["resolved"] * 2
        ),
        what="the end of its one alert",
    )


def taken_away(computer: Computer, package: Path) -> None:
    computer.run("systemctl", "stop", UNIT)
    assert computer.unit("Result") == "success", "it ended by itself, in time"
    said = computer.run("dpkg", "--remove", "watchdesk-agent")
    assert "What the agent knows stays in /var/lib/watchdesk" in said
    assert computer.unit("LoadState") == "not-found"
    assert (
        computer.run("ls", "/usr/lib/watchdesk", f"/etc/systemd/system/{UNIT}", check=False) == ""
    )
    assert computer.run("id", "watchdesk-sender", check=False) == ""
    assert "identity.json" in computer.run("ls", "/var/lib/watchdesk")

    computer.install(package)
    assert "It is enrolled at" in computer.run("watchdesk-agent", "install")
    computer.run("dpkg", "--purge", "watchdesk-agent")
    assert computer.run("ls", "/var/lib/watchdesk", "/etc/watchdesk", check=False) == ""


def test_the_same_checkout_makes_the_same_package(build_deb: Callable[..., Path]) -> None:
    one = build_deb("0.1.0", TZ="Asia/Tokyo", PYTHONHASHSEED="1")
    other = build_deb("0.1.0", LC_ALL="C", PYTHONHASHSEED="2")

    assert one.read_bytes() == other.read_bytes()


def test_the_package_holds_what_a_client_needs_and_no_more(build_deb: Callable[..., Path]) -> None:
    listed = subprocess.run(
        ["dpkg-deb", "--contents", str(build_deb("0.1.0"))],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    for python in ("311", "312", "313"):
        assert f"/usr/lib/watchdesk/PIL/_imaging.cpython-{python}-" in listed
    assert "./usr/lib/watchdesk/agent/rules.yaml" in listed
    assert f"./usr/lib/watchdesk/agent/install/{linux.UNIT.name}" in listed
    assert linux.UNIT.name == UNIT
    assert not re.search(r"server_stub|__pycache__|/tests/agent", listed)
    owners = {line.split()[1] for line in listed.splitlines()}
    modes = {line.split()[0][1:] for line in listed.splitlines()}
    assert owners == {"root/root"}
    assert modes == {"rwxr-xr-x", "rw-r--r--"}
