"""``watchdesk-agent job``: the job runs as it would alone, and what became of it is reported."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agent import jobs
from tests.support.polling import until


def command(state: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "agent", "job", *arguments[:1], "--state", str(state), "--",
            *arguments[1:]]  # fmt: skip


def run(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(state, *arguments), capture_output=True, text=True, timeout=60, check=False
    )


def report(state: Path, name: str) -> jobs.Report:
    return jobs.read(state / "jobs" / f"{name}.json")


def test_output_status_and_arguments_are_the_jobs_own(tmp_path: Path) -> None:
    done = run(
        tmp_path, "nightly", "/bin/sh", "-c", 'echo "$@"; echo two >&2; exit 3', "x", "--", "-v"
    )
    assert (done.stdout, done.stderr, done.returncode) == ("-- -v\n", "two\n", 3)  # fmt: skip
    told = report(tmp_path, "nightly")
    assert told.running is None
    assert told.ok_at is None
    assert told.last
    assert told.last.code == 3
    assert 0 <= told.last.ended_at - told.last.started_at < 60
    assert run(tmp_path, "nightly", "/bin/true").returncode == 0
    again = report(tmp_path, "nightly")
    assert again.last
    assert again.ok_at == again.last.ended_at


def test_while_it_runs_that_is_reported_and_a_signal_is_passed_on(tmp_path: Path) -> None:
    job = subprocess.Popen(command(tmp_path, "long", "/bin/sleep", "300"))
    try:
        until(lambda: report(tmp_path, "long").running, what="the report of a running job")
        running = report(tmp_path, "long").running
        assert running
        assert running.pid == job.pid
        job.send_signal(signal.SIGTERM)
        assert job.wait(30) == 128 + signal.SIGTERM
    finally:
        job.kill()
    told = report(tmp_path, "long")
    assert told.last
    assert told.last.code == 128 + signal.SIGTERM
    assert told.running is None


@pytest.mark.parametrize(
    ("program", "code", "reason"),
    [
        ("/no/such/program", 127, "No such file or directory"),
        ("/etc/passwd", 126, "Permission denied"),
    ],
)
def test_a_command_that_cannot_be_started_has_failed(
    tmp_path: Path, program: str, code: int, reason: str
) -> None:
    done = run(tmp_path, "nightly", program)
    assert done.returncode == code
    assert done.stderr == f"watchdesk-agent job: {program} cannot be started: {reason}\n"
    told = report(tmp_path, "nightly")
    assert told.last
    assert told.last.code == code


def test_what_keeps_it_from_being_reported_does_not_keep_it_from_running(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_text("a file where a folder should be")
    done = run(state, "nightly", "/bin/echo", "done")
    assert (done.stdout, done.returncode) == ("done\n", 0)
    assert "nightly is not reported: " in done.stderr
    assert "it runs all the same" in done.stderr


def test_a_damaged_report_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir(mode=0o700)
    (tmp_path / "jobs" / "nightly.json").write_text("nonsense")
    done = run(tmp_path, "nightly", "/bin/true")
    assert done.returncode == 0
    assert "it begins anew" in done.stderr
    assert report(tmp_path, "nightly").ok_at


@pytest.mark.parametrize("name", ["../agent", "a/b", ".hidden", "two words", "x" * 101])
def test_a_name_cannot_lead_elsewhere(tmp_path: Path, name: str) -> None:
    done = run(tmp_path, name, "/bin/true")
    assert done.returncode == 2
    assert "is no job's name" in done.stderr
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - the folder itself


def test_a_job_without_a_command_is_a_mistake(tmp_path: Path) -> None:
    assert run(tmp_path, "nightly").returncode == 2
