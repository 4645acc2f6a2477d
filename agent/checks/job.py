"""Jobs that must report: did they run in time, end well, and not take too long?"""

import os
import sys
from collections.abc import Iterator

from agent import clock, device, jobs
from agent.check_api import Check, Measured, Metric, TargetFilter, Unit, Unreadable
from agent.device import Job
from agent.targets import missing


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield how each job stands that the device's own file names."""
    mine = device.here()
    chosen = [job for name, job in mine.jobs.items() if targets.wants(name)]
    for name in missing(targets, mine.jobs):
        yield Unreadable(name, f"{mine.source} has no job of this name")
    for job in chosen:
        yield _look(job)


def _look(job: Job) -> Measured | Unreadable:
    path = jobs.path_of(job.name, jobs.folder())
    try:
        report = jobs.read(path)
    except OSError as error:
        return Unreadable(job.name, f"{path} cannot be read: {error.strerror or error}")
    except ValueError as error:
        return Unreadable(job.name, f"{path} cannot be read: {error}")
    now = clock.now().wall.timestamp()
    alive = report.running is not None and _lives(report.running.pid, report.running.boot)
    values: dict[str, float | int | str] = {"state": jobs.state(job, report, now, alive=alive)}
    if report.running and alive:
        values["run_s"] = max(0.0, now - report.running.started_at)
    elif report.last:
        values["run_s"] = max(0.0, report.last.ended_at - report.last.started_at)
    if report.last:
        values["exit_code"] = report.last.code
    if report.ok_at is not None:
        values["success_age"] = max(0.0, now - report.ok_at)
    return Measured(job.name, values)


def _lives(pid: int, boot: str) -> bool:
    """Tell whether a process lives, as far as the system tells; a restart ended all."""
    if sys.platform == "win32":
        return True  # until it takes too long: there, to ask by kill() would end it
    from agent.host.boot import boot_id  # noqa: PLC0415 - while a job runs

    if sys.platform == "linux" and boot != boot_id():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


CHECK = Check(
    name="job",
    meaning="jobs that must report by `watchdesk-agent job`",
    metrics=(
        Metric("state", Unit.WORD, "how the job stands", words=jobs.STATES),
        Metric("run_s", Unit.SECONDS, "how long the run under way, or the last one, takes"),
        Metric("exit_code", Unit.COUNT, "exit status of the last run that ended"),
        Metric("success_age", Unit.SECONDS, "time since a run last ended well"),
    ),
    probe=probe,
)
