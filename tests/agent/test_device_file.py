"""The device's own file: what it says, what is wrong with it, and who may have written it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import clock, device, device_file
from agent.device import Backup, Command, Device, Job, Network, Place
from agent.device_file import DeviceFile, beside, load
from agent.errors import ConfigError

WHOLE = """\
version: 1
commands:
  mail-queue: {run: [/usr/lib/nagios/plugins/check_mailq, -w, "5", -c, 10%], timeout: 20s}
  uptime: {run: ['C:\\tools\\uptime.exe']}
has: [backup-paths, printer]
at:
  office: {gateway_mac: ["02-00-00-00-AB-01"], networks: [10.1.0.0/16, "fd00::/16"]}
  lab: {domain: [Lab.Example.com.]}
backups:
  files: {folder: /srv/backup, pattern: "*.tar.zst", every: 24h, days: [tue, mon]}
  shadow: {folder: '\\\\nas\\backup'}
jobs:
  export: {every: 24h, within: 2h}
  hourly: {every: 1h}
"""
PAGE = Path(__file__).parents[2] / "docs" / "device-file.md"


@pytest.fixture(autouse=True)
def nothing_is_kept() -> Iterator[None]:
    yield
    device.settle(Device())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "device.yaml"


def problems(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    return [line.removeprefix(f"{path}:") for line in caught.value.lines()]


def test_every_section_is_read(path: Path) -> None:
    path.write_text(WHOLE, encoding="utf-8")
    office = (
        Network(0x0A010000, 0x0A01FFFF, 32),
        Network(0xFD00 << 112, (0xFD01 << 112) - 1, 128),
    )
    assert load(path) == Device(
        commands={
            "mail-queue": Command(
                "mail-queue", ("/usr/lib/nagios/plugins/check_mailq", "-w", "5", "-c", "10%"), 20
            ),
            "uptime": Command("uptime", (r"C:\tools\uptime.exe",), 30),
        },
        has=("backup-paths", "printer"),
        places={
            "office": Place("office", ("02:00:00:00:ab:01",), office),
            "lab": Place("lab", domains=("lab.example.com",)),
        },
        backups={
            "files": Backup("files", "/srv/backup", "*.tar.zst", 86_400, (0, 1)),
            "shadow": Backup("shadow", r"\\nas\backup", "*", 86_400, (0, 1, 2, 3, 4, 5, 6)),
        },
        jobs={"export": Job("export", 86_400, 7_200), "hourly": Job("hourly", 3_600, 3_600)},
        path=path,
    )


def test_a_file_that_says_nothing_is_whole(path: Path) -> None:
    path.write_text("version: 1\n", encoding="utf-8")
    assert load(path) == Device(path=path)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: the file is empty; it needs version: 1"),
        ("has: [a]\n", "1:1: the file needs version:"),
        ("version: 2\n", "1:10: version cannot be “2”; only 1 is known"),
        ("version: 1\ncomands: {}\n", "2:1: the file has no “comands”; did you mean commands?"),
        (
            "version: 1\ncommands:\n  a: {run: [uptime]}\n",
            "3:12: run begins with a program's whole path, such as /usr/bin/uptime",
        ),
        ("version: 1\ncommands:\n  a: {}\n", "3:6: a command needs run:"),
        (
            "version: 1\ncommands:\n  a: {run: [/bin/a], timeout: 2m}\n",
            "3:31: timeout is at least 1s and at most 1m, not “2m”",
        ),
        (
            "version: 1\ncommands:\n  a: {run: [/bin/a, 5]}\n",
            '3:21: run: “5” without quotes is read as a number by YAML; write "5"',
        ),
        (
            "version: 1\ncommands:\n  a: {run: /bin/a -x}\n",
            "3:12: run is a list; write [/bin/a -x]",
        ),
        (
            'version: 1\ncommands:\n  "a b": {run: [/bin/a]}\n',
            "3:3: “a b” is no name for a command; use letters, digits, - _ and . such as mail-queue",  # noqa: E501
        ),
        ("version: 1\nat: {x: {}}\n", "2:9: a place needs gateway_mac:, networks: or domain:"),
        (
            "version: 1\nat: {x: {gateway_mac: [ab:cd]}}\n",
            '2:23: “ab:cd” is no hardware address; write "aa:bb:cc:dd:ee:ff"',
        ),
        (
            "version: 1\nat: {x: {networks: [10.1.2.3/16]}}\n",
            (
                "2:20: “10.1.2.3/16” is no network; write it as 10.1.0.0/16 or fd00:1::/48, "
                "without bits behind the prefix"
            ),
        ),
        ("version: 1\nbackups: {x: {}}\n", "2:14: a backup needs folder:"),
        (
            "version: 1\nbackups: {x: {folder: backup}}\n",
            "2:23: folder is a whole path, such as /srv/backup",
        ),
        (
            "version: 1\nbackups: {x: {folder: /a, pattern: b/*}}\n",
            "2:36: pattern is of a file's name alone; folder says where",
        ),
        (
            "version: 1\nbackups: {x: {folder: /a, days: [monday]}}\n",
            "2:34: days cannot be “monday”; did you mean mon?",
        ),
        ("version: 1\njobs: {x: {within: 1h}}\n", "2:11: a job needs every:"),
        (
            "version: 1\njobs: {x: 5}\n",
            "2:11: a job is written as members, NAME: VALUE, not as “5”",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(path: Path, text: str, problem: str) -> None:
    assert problems(path, text) == [problem]


def test_all_mistakes_are_told_at_once(path: Path) -> None:
    found = problems(path, "has: x\njobs: []\ncommands:\n  a: {ran: [/bin/a]}\n")
    assert [line.rsplit(":", 1)[0].split(": ")[0] for line in found] == [
        "1:1", "1:6", "2:7", "4:6", "4:7"
    ]  # fmt: skip


def test_what_is_no_yaml_is_told(path: Path) -> None:
    assert problems(path, "version: 1\nhas: [a\n")[0].startswith("3:1: ")


class TestRunning:
    def test_a_device_without_the_file_says_nothing(self, path: Path) -> None:
        assert DeviceFile(path).problems == ()
        assert device.here() == Device(path=path)
        assert device.here().source == str(path)

    def test_a_change_is_taken_and_a_change_for_the_worse_is_not(self, path: Path) -> None:
        path.write_text("version: 1\nhas: [one]\n", encoding="utf-8")
        file = DeviceFile(path)
        now = clock.now()
        assert not file.reread(now), "nothing has changed"
        path.write_text("version: 1\nhas: [one, two]\n", encoding="utf-8")
        assert file.reread(now)
        assert device.here().has == ("one", "two")
        path.write_text("version: 1\nhas: [one, two\n", encoding="utf-8")
        assert not file.reread(now)
        assert device.here().has == ("one", "two")
        assert file.problems[0].startswith(f"{path}:3:1:")
        assert file.problems[-1] == f"what was loaded before {now.label()} stays in force"
        path.unlink()
        assert file.reread(now), "the administrator has taken it away"
        assert device.here() == Device(path=path)
        assert file.problems == ()

    @pytest.mark.needs_root
    @pytest.mark.parametrize(("mode", "owner"), [(0o666, 0), (0o644, 1)])
    def test_only_an_administrator_can_have_written_it(
        self, path: Path, mode: int, owner: int
    ) -> None:
        """Whoever writes it may have any program run with the agent's rights."""
        path.write_text("version: 1\ncommands: {a: {run: [/bin/true]}}\n", encoding="utf-8")
        path.chmod(mode)
        os.chown(path, owner, 0)
        with pytest.raises(ConfigError, match=r"device\.yaml:1:1: .*(chmod go-w|chown root)"):
            DeviceFile(path)
        assert device.here() == Device()

    def test_it_lies_beside_the_rules(self) -> None:
        assert beside(Path("/etc/watchdesk/rules.yaml")) == Path("/etc/watchdesk/device.yaml")


def test_the_pages_examples_load(path: Path) -> None:
    examples = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert examples
    for example in examples:
        if "rules:" in example:
            continue
        path.write_text(example, encoding="utf-8")
        load(path)


def test_the_page_explains_every_member() -> None:
    page = PAGE.read_text(encoding="utf-8")
    names = (
        *device_file.FILE,
        *device_file.COMMAND,
        *device_file.PLACE,
        *device_file.BACKUP,
        *device_file.JOB,
    )
    assert [name for name in names if f"`{name}`" not in page] == []
