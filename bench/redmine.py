"""Debian's Redmine as a peer for the intake: its REST ``create``, on its own defaults.

Redmine does more for a ticket than we do (custom fields, watchers, notices), so its figure is a
landmark, not a verdict. It is installed when root and missing; without it the bench says so.
"""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.rest_peer import Peer, install, wait_for

NAME = "redmine"
HOME = Path("/usr/share/redmine")
PACKAGES = ("redmine", "redmine-sqlite", "ruby-sqlite3", "puma")
SETUP = """
Setting.rest_api_enabled = '1'
admin = User.find_by(login: 'admin')
admin.update!(must_change_passwd: false)
IssuePriority.create!(name: 'Normal', is_default: true) unless IssuePriority.any?
status = IssueStatus.first || IssueStatus.create!(name: 'New')
tracker = Tracker.first || Tracker.create!(name: 'Bug', default_status: status)
project = Project.find_by(identifier: 'bench') ||
          Project.create!(name: 'Bench', identifier: 'bench', trackers: [tracker])
puts "key=#{admin.api_key} project=#{project.id}"
"""


def available() -> bool:
    """Tell whether Redmine is here, after installing it when that is possible."""
    if not HOME.exists():
        install(NAME, PACKAGES)
    return HOME.exists() and shutil.which("puma") is not None


@contextmanager
def running() -> Iterator[Peer]:
    """Start it on a free port and yield how to use it."""
    told = subprocess.run(
        [*_as_its_user(), "ruby", "bin/rails", "runner", SETUP], cwd=HOME, env=_environment(),
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    members = dict(word.split("=") for word in told.split() if "=" in word)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [*_as_its_user(), "puma", "-w", "2", "-t", "3:3", "-b", f"tcp://127.0.0.1:{port}",
         "config.ru"],
        cwd=HOME, env=_environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    project = int(members["project"])
    try:
        wait_for(port, "/issues.json")
        yield Peer(
            port,
            "/issues.json",
            {"X-Redmine-API-Key": members["key"]},
            lambda subject: {"issue": {"project_id": project, "subject": subject}},
        )
    finally:
        process.terminate()
        process.wait()


def _as_its_user() -> list[str]:
    return ["setpriv", "--reuid=www-data", "--regid=www-data", "--init-groups"]


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "RAILS_ENV": "production", "X_DEBIAN_SITEID": "default",
            "HOME": "/var/lib/redmine", "LANG": "C.UTF-8"}  # fmt: skip
