"""Debian's Request Tracker 5 as a peer for the intake: its REST 2 ``create``, with four workers.

It has a configuration and an SQLite database of its own in a folder of the bench's; mail goes to
a file. Like Redmine it does more for a ticket than we do: a landmark, not a verdict.
"""

import base64
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.rest_peer import Peer, install, wait_for

NAME = "request-tracker5"
SERVER = Path("/usr/share/request-tracker5/libexec/rt-server")
SET_UP = "rt-setup-database-5"
PACKAGES = ("request-tracker5", "rt5-db-sqlite", "rt5-standalone", "starman")
_FIRST_PASSWORD = "password"  # noqa: S105 - what its own set-up gives root
_CONFIGURATION = """
Set($rtname, 'bench');
Set($Organization, 'bench');
Set($WebBaseURL, 'http://127.0.0.1:{port}');
Set($WebPort, {port});
Set($WebPath, '');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{folder}/rt.sqlite');
Set($DatabaseUser, '');
Set($DatabasePassword, '');
Set($MailCommand, 'testfile');
Set($LogToSyslog, undef);
Set($LogToSTDERR, 'critical');
Set($Timezone, 'UTC');
1;
"""


def available() -> bool:
    """Tell whether it is here, after installing it when that is possible."""
    if not (SERVER.exists() and shutil.which("starman")):
        install(NAME, PACKAGES)
    return SERVER.exists() and all(shutil.which(name) for name in (SET_UP, "starman"))


@contextmanager
def running() -> Iterator[Peer]:
    """Start it on a free port with an empty database and yield how to use it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="wd-rt-") as folder:
        configuration = Path(folder, "RT_SiteConfig.pm")
        configuration.write_text(_CONFIGURATION.format(port=port, folder=folder))
        Path(folder, "more").mkdir()
        environment = os.environ | {
            "RT_SITE_CONFIG": str(configuration),
            "RT_SITE_CONFIG_DIR": f"{folder}/more",
        }
        subprocess.run(
            [SET_UP, "--action", "init", "--skip-create"], env=environment, check=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        process = subprocess.Popen(
            [SERVER, "--server", "Starman", "--workers", "4", "--port", str(port)],
            env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        secret = base64.b64encode(f"root:{_FIRST_PASSWORD}".encode()).decode()
        try:
            wait_for(port, "/")
            yield Peer(
                port,
                "/REST/2.0/ticket",
                {"Authorization": f"Basic {secret}"},
                lambda subject: {"Queue": "General", "Subject": subject, "Content": "bench"},
            )
        finally:
            process.terminate()
            process.wait()
