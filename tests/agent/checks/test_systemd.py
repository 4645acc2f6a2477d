"""All failed units as one target, of a real systemd in a container."""

from collections.abc import Iterator

import pytest

from agent.check_api import Measured, TargetFilter
from agent.checks.systemd import CHECK
from agent.host import systemd
from tests.agent.checks.probing import Probe, probing
from tests.support.nspawn import Container, booted
from tests.support.polling import until


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    with booted(tmp_path_factory.mktemp("failed-units")) as made:
        made.unit("wd-exits.service", "[Service]\nExecStart=/bin/sh -c 'exit 1'\n")
        made.unit("wd-crashes.service", "[Service]\nExecStart=/bin/sh -c 'kill -SEGV $$'\n")
        made.unit("wd-job.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n")
        made.unit("wd-gone.mount", "[Mount]\nWhat=/dev/no-such-disk\nWhere=/wd/gone\nType=ext4\n")
        made.unit(
            "wd-stalls.service",
            "[Service]\nType=notify\nWatchdogSec=200ms\nNotifyAccess=all\n"
            "ExecStart=/bin/sh -c 'systemd-notify --ready; exec sleep 1000'\n",
        )
        yield made


@pytest.fixture
def probe(container: Container) -> Iterator[Probe]:
    with probing(container, "agent.checks.systemd") as made:
        yield made


@pytest.mark.needs("systemd-nspawn", "nsenter", "pgrep")
@pytest.mark.needs_root
def test_units_that_exit_crash_or_stall_are_counted_until_they_are_well(
    container: Container, probe: Probe
) -> None:
    container.run("systemctl", "reset-failed")
    ours = ("wd-*",)
    assert probe(*ours) == {"units": {"failed_count": 0}}
    names = ["wd-exits", "wd-crashes", "wd-job", "wd-stalls"]
    container.run("systemctl", "start", "--no-block", *names)
    until(lambda: probe(*ours) == {"units": {"failed_count": 4}}, what="four failed units")
    assert probe(exclude=("wd-job*", "wd-st*"))["units"]["failed_count"] >= 2
    assert probe("wd-job.service", "nginx.service") == {"units": {"failed_count": 1}}
    container.run("systemctl", "reset-failed")
    assert probe() == {"units": {"failed_count": 0}}


def told(monkeypatch: pytest.MonkeyPatch, counted: str, listed: str) -> list[str]:
    asked: list[str] = []

    def answer(verb: str, *_: str) -> str:
        asked.append(verb)
        return counted if verb == "show" else listed

    monkeypatch.setattr(systemd, "_systemctl", answer)
    return asked


LISTED = """\
apt-daily.service  loaded failed failed Daily apt download activities
wd.service         loaded failed failed A service of ours
"""


def test_without_a_failed_unit_none_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = told(monkeypatch, "NFailedUnits=0\n", LISTED)
    assert list(CHECK.probe(TargetFilter())) == [Measured("units", {"failed_count": 0})]
    assert asked == ["show"]


@pytest.mark.parametrize(
    ("targets", "names"),
    [
        (TargetFilter(), ["apt-daily.service", "wd.service"]),
        (TargetFilter(exclude=("apt-daily*",)), ["wd.service"]),
        (TargetFilter(exclude=("apt-daily*", "wd.*")), []),
        (TargetFilter(include=("wd.*",)), ["wd.service"]),
        (TargetFilter(include=("nginx.service",)), []),
    ],
)
def test_units_are_left_out_by_name(
    monkeypatch: pytest.MonkeyPatch, targets: TargetFilter, names: list[str]
) -> None:
    told(monkeypatch, "NFailedUnits=2\n", LISTED)
    counted = {"failed_count": len(names)}
    assert list(CHECK.probe(targets)) == [Measured("units", counted, ", ".join(names))]


def test_a_rule_about_no_unit_at_all_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, "NFailedUnits=2\n", LISTED)
    assert list(CHECK.probe(TargetFilter(exclude=("*",)))) == []
