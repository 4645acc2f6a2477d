"""Debian's Redmine as a peer for the intake: its REST ``create``, on its own defaults.

Redmine does more for a ticket than we do (custom fields, watchers, notices), so its figure is a
landmark, not a verdict. It is installed when root and missing; without it the bench says so.
"""

import http.client
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

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
START_S = 90.0


class Site(NamedTuple):
    """A running Redmine: its port on loopback, an administrator's key, a project's number."""

    port: int
    key: str
    project: int


def available() -> bool:
    """Tell whether Redmine is here, after installing it when that is possible."""
    if not HOME.exists() and os.geteuid() == 0 and shutil.which("apt-get"):
        print("installing redmine to measure beside it…", flush=True)
        subprocess.run(
            ["apt-get", "-qq", "install", "-y", "--no-install-recommends", *PACKAGES],
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    return HOME.exists() and shutil.which("puma") is not None


def creates_per_second(seconds: float, connections: int) -> float:
    """Return how many issues a second it creates over this many kept connections."""
    with running() as site:
        made = [0] * connections
        end = time.monotonic() + seconds
        threads = [
            threading.Thread(target=_create, args=(site, end, made, n)) for n in range(connections)
        ]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(made) / (time.monotonic() - began)


def _create(site: Site, end: float, made: list[int], n: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    while time.monotonic() < end:
        issue = {"project_id": site.project, "subject": f"disk nearly full {n} {made[n]}"}
        connection.request(
            "POST", "/issues.json", json.dumps({"issue": issue}),
            {"Content-Type": "application/json", "X-Redmine-API-Key": site.key},
        )  # fmt: skip
        answer = connection.getresponse()
        answer.read()
        made[n] += answer.status == http.HTTPStatus.CREATED


@contextmanager
def running() -> Iterator[Site]:
    """Start it on a free port and yield where it is."""
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
    try:
        _wait(port)
        yield Site(port, members["key"], int(members["project"]))
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/issues.json")
            connection.getresponse().read()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def _as_its_user() -> list[str]:
    return ["setpriv", "--reuid=www-data", "--regid=www-data", "--init-groups"]


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "RAILS_ENV": "production", "X_DEBIAN_SITEID": "default",
            "HOME": "/var/lib/redmine", "LANG": "C.UTF-8"}  # fmt: skip
