"""A real server and real agents for the bench, each in a folder of its own and on loopback."""

import os
import re
import secrets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

PROJECT = Path(__file__).parents[1]
STAFF = "bench@example.com"
_T = TypeVar("_T")
_TICKET = """
SELECT entry.device_at FROM tickets_ticket AS ticket JOIN tickets_timelineentry AS entry
ON entry.ticket_id = ticket.id WHERE ticket.title = ? AND entry.kind = 'opened'
"""


def until(
    what: str, look: Callable[[], _T | None], every_s: float = 0.02, within_s: float = 60
) -> _T:
    """Return what ``look`` finds; fails when it has not within that time."""
    end = time.monotonic() + within_s
    while (found := look()) is None:
        assert time.monotonic() < end, f"{what} did not happen within {within_s:g} s"
        time.sleep(every_s)
    return found


class Program:
    """A program of ours that runs until it is stopped; what it says goes to a file."""

    def __init__(self, log: Path, *arguments: str | Path) -> None:
        """Start Python with these arguments."""
        self.log = log
        self.started_at = datetime.now(UTC)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=PROJECT,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.pid = self._process.pid

    def said(self, words: str) -> str | None:
        """Return the first line with these words."""
        lines = self.log.read_text().splitlines()
        assert self._process.poll() is None, "\n".join(lines[-20:])
        return next((line for line in lines if words in line), None)

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it as its service would."""
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Desk:
    """A server with one client, and a technician who is signed in."""

    def __init__(self, folder: Path, url: str, password: str) -> None:
        """Sign in."""
        self._folder = folder
        self.url = url
        self._browser = build_opener(HTTPCookieProcessor(CookieJar()))
        form = self.page("sign-in")
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert found, "the sign-in page has no form"
        fields = {"login": STAFF, "password": password, "csrfmiddlewaretoken": found[1]}
        signing_in = Request(  # noqa: S310 - our own server
            f"{url}/sign-in", urlencode(fields).encode(), {"Referer": f"{url}/sign-in"}
        )
        self._browser.open(signing_in).read()
        assert "Nothing is waiting" in self.page(), "the technician is not signed in"

    def page(self, path: str = "") -> str:
        """Return a page's HTML, the queue's by default."""
        html: bytes = self._browser.open(f"{self.url}/{path}").read()
        return html.decode()

    def detected_at(self, title: str) -> datetime | None:
        """Return when the device saw what opened this ticket; None while there is none."""
        file = f"file:{self._folder / 'watchdesk.db'}?mode=ro"
        with closing(sqlite3.connect(file, uri=True)) as database:
            row = database.execute(_TICKET, (title,)).fetchone()
        return datetime.fromisoformat(row[0]).replace(tzinfo=UTC) if row else None

    def enrol(self, state: Path) -> None:
        """Make ``state`` the folder of an enrolled device."""
        place = ("--data", str(self._folder))
        token = run("server_stub", "enroll-token", "Bench", "--site", "Here", *place)
        run("agent", "enroll", "--server", self.url, "--token-file", "-", "--state", str(state),
            stdin=token)  # fmt: skip


@contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    """Set up a server with its own SQLite file and run it."""
    folder.mkdir()
    place = ("--data", str(folder))
    password = secrets.token_urlsafe(12)
    run("server_stub", "init", *place)
    run("server_stub", "client", "add", "Bench", *place)
    run("server_stub", "site", "add", "Bench", "Here", *place)
    run("server_stub", "staff", "add", STAFF, "--role", "admin", "--password-file", "-", *place,
        stdin=password + "\n")  # fmt: skip
    log = folder / "server.log"
    with Program(log, "-m", "server_stub", "serve", "--listen", "127.0.0.1:0", *place) as server:
        line = until("the server's start", lambda: server.said("listening on"))
        yield Desk(folder, "http" + line.split("http", 1)[1].split()[0].rstrip("/"), password)


def agent(state: Path, rules: Path, *program: str | Path) -> Program:
    """Start the agent (or another ``program`` that is one) on an enrolled folder."""
    arguments = ("run", "--state", state, "--rules", rules)
    return Program(state.with_suffix(".log"), *(program or ("-m", "agent")), *arguments)


def run(program: str, *arguments: str, stdin: str = "") -> str:
    """Run one command of ours to its end and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", program, *arguments],
        cwd=PROJECT,
        env=_environment(),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{program} {arguments[0]}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("WATCHDESK_")}
