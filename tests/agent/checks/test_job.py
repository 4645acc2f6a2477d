"""The jobs of the device's own file, as real runs of the command leave them."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import clock, device, jobs
from agent.check_api import Measured, TargetFilter, Unreadable
from agent.checks.job import CHECK
from agent.device import Device, Job
from agent.jobs import Finished, Report, Running


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    jobs.settle(tmp_path)
    names = ("nightly", "hourly", "never")
    device.settle(
        Device(jobs={name: Job(name, 86_400, 3_600) for name in names}, path=Path("/etc/d.yaml"))
    )
    yield tmp_path / "jobs"
    jobs._Here.folder = None
    device.settle(Device())


def look(*include: str) -> dict[str, dict[str, float | int | str] | str]:
    found = CHECK.probe(TargetFilter(include))
    return {
        one.target: dict(one.values) if isinstance(one, Measured) else one.reason for one in found
    }


def test_each_job_of_the_devices_file_is_told(folder: Path) -> None:
    for name, program in (("nightly", "/bin/true"), ("hourly", "/bin/false")):
        subprocess.run(
            [
                sys.executable,
                "-m",
                "agent",
                "job",
                "--state",
                str(folder.parent),
                name,
                "--",
                program,
            ],
            check=program == "/bin/true",
            timeout=60,
        )
    found = look()
    assert found["never"] == {"state": "missing"}
    nightly, hourly = found["nightly"], found["hourly"]
    assert isinstance(nightly, dict)
    assert isinstance(hourly, dict)
    assert (nightly["state"], nightly["exit_code"]) == ("ok", 0)
    assert 0 <= float(nightly["success_age"]) < 600
    assert (hourly["state"], hourly["exit_code"]) == ("failed", 1)
    assert "success_age" not in hourly


def test_a_run_whose_process_is_gone_has_failed(folder: Path) -> None:
    """Killed, or the computer was restarted: nobody was left to report it."""
    now = clock.now().wall.timestamp()
    ended = subprocess.Popen(["/bin/true"])
    ended.wait()
    jobs.write(folder / "nightly.json", Report(Running(now - 60, ended.pid, _boot())))
    jobs.write(folder / "hourly.json", Report(Running(now - 60, 1, "an earlier boot")))
    found = look("nightly", "hourly")
    assert found == {"nightly": {"state": "failed"}, "hourly": {"state": "failed"}}


def test_a_run_under_way_is_told_with_its_time(folder: Path) -> None:
    now = clock.now().wall.timestamp()
    last = Finished(now - 90_000, now - 89_000, 0)
    jobs.write(folder / "nightly.json", Report(Running(now - 60, 1, _boot()), last, now - 89_000))
    told = look("nightly")["nightly"]
    assert isinstance(told, dict)
    assert told["state"] == "ok"
    assert 60 <= float(told["run_s"]) < 600
    assert 89_000 <= float(told["success_age"]) < 89_600


def test_what_cannot_be_read_is_unknown(folder: Path) -> None:
    folder.mkdir()
    (folder / "nightly.json").write_text("nonsense")
    (folder / "hourly.json").mkdir()
    found = look("nightly", "hourly", "other")
    assert str(found["nightly"]).startswith(f"{folder}/nightly.json cannot be read: ")
    assert found["hourly"] == f"{folder}/hourly.json cannot be read: Is a directory"
    assert found["other"] == "/etc/d.yaml has no job of this name"


def test_a_device_without_jobs_has_none() -> None:
    assert list(CHECK.probe(TargetFilter())) == []
    [gone] = CHECK.probe(TargetFilter(("x",)))
    assert gone == Unreadable("x", "device.yaml has no job of this name")


def _boot() -> str:
    from agent.host.boot import boot_id  # noqa: PLC0415

    return boot_id()
