"""Secrets lie about on every computer; none of them travels with what the agent reports."""

import base64
import os
import re
import secrets
import sqlite3
import subprocess
import sys
import threading
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from agent import identity
from server_stub.database import SQLITE_FILE
from tests.faults.ground import Ground, copied
from tests.faults.station import Station, rule
from tests.support.agent_process import AgentProcess, run_agent
from tests.support.lying_server import Proxy
from tests.support.polling import until
from tests.support.traces import forms

RULES = """
  - name: process
    why: a test
    check: process
    every: 1s
    startup_grace: 0s
    targets: {include: ["python*", "no-such-program"]}
    warning: {when: state == missing or count > 1, for: 0s, priority: low}
    ticket: {title: "{target}: {count}"}
  - name: disk
    why: a test
    check: disk.space
    every: 1s
    startup_grace: 0s
    warning: {when: free_percent > 0%, for: 0s, priority: low}
    ticket: {title: "{target}: {free_bytes}"}
  - name: memory
    why: a test
    check: memory
    every: 1s
    startup_grace: 0s
    warning: {when: available_bytes > 1 MiB, for: 0s, priority: low}
    ticket: {title: "{target}: {available_bytes}"}
"""
ARGUMENTS = (
    "--password={}", "--token {}", "-p{}", "PGPASSWORD={}", "https://user:{}@example.com/",
    "--api-key={}", "Authorization: Bearer {}", "{}", "mysql -uroot -p{}", "--secret={}",
)  # fmt: skip
FOREIGN = (
    "PASSWORD", "MYSQL_PWD", "RESTIC_PASSWORD", "BORG_PASSPHRASE", "DB_URL", "API_TOKEN",
    "SMTP_PASS", "LDAP_BIND_PW", "VAULT_TOKEN", "COOKIE",
)  # fmt: skip
OWN = {
    "AWS_SECRET_ACCESS_KEY": "{}",
    "HTTPS_PROXY": "http://user:{}@127.0.0.1:9",
    "http_proxy": "http://user:{}@127.0.0.1:9",
    "ALL_PROXY": "socks5://user:{}@127.0.0.1:9",
    "WATCHDESK_TOKEN": "wde_{}",
    "DATABASE_URL": "postgresql://user:{}@db/x",
    "GITHUB_TOKEN": "{}",
    "PGPASSWORD": "{}",
    "REQUESTS_CA_BUNDLE": "/nonexistent/{}",
    "SUDO_COMMAND": "/usr/bin/env TOKEN={}",
}
FILES = {
    ".netrc": "machine 127.0.0.1 login user password {}\n",
    ".pgpass": "*:*:*:*:{}\n",
    ".git-credentials": "https://user:{}@example.com\n",
    ".aws/credentials": "[default]\naws_secret_access_key = {}\n",
    ".ssh/id_ed25519": "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n",
    ".my.cnf": "[client]\npassword={}\n",
    ".config/rclone/rclone.conf": "pass = {}\n",
}


class Canaries:
    """Random words, each told by what it was planted as."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}

    def new(self, name: str) -> str:
        """Return a new one."""
        return self.known(name, "canary" + secrets.token_hex(12))

    def known(self, name: str, word: str) -> str:
        """Take one along that somebody else made."""
        self.words[name] = word
        return word

    def in_(self, content: bytes) -> set[str]:
        """Return the names of those that are in ``content``, written in whichever way."""
        found = set()
        for name, word in self.words.items():
            if any(form in content for form in forms(word.encode())):
                found.add(name)
        return found


class Observer:
    """Reads the command lines and environments of a process's children, over and over."""

    def __init__(self, pid: int) -> None:
        self.seen: set[bytes] = set()
        self.senders = 0
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(0.005):
            for task in Path(f"/proc/{self._pid}/task").glob("*/children"):
                self._look(task)

    def _look(self, task: Path) -> None:
        try:
            for child in task.read_text().split():
                words = Path(f"/proc/{child}/cmdline").read_bytes()
                self.senders += b"agent.delivery.sender" in words
                if words.startswith(sys.executable.encode()) and b"\0-I\0" in words:
                    self.seen |= {words, Path(f"/proc/{child}/environ").read_bytes()}
        except OSError:  # it has just gone
            pass


def test_a_canary_is_found_in_whatever_way_it_is_written() -> None:
    canaries = Canaries()
    word = canaries.new("one").encode()
    for before in (b"", b"u", b"us", b"user:"):
        text = before + word + b" and more"
        for form in (text, text.hex().encode(), base64.b64encode(text), repr(text).encode()):
            assert canaries.in_(b"x" + form) == {"one"}
        assert canaries.in_(text.replace(b"canary", b"")) == set()


def plant_in_processes(canaries: Canaries, stack: ExitStack) -> None:
    for argument, variable in zip(ARGUMENTS, FOREIGN, strict=True):
        words = argument.format(canaries.new(f"argument {argument}")).split(" ")
        environment = {variable: canaries.new(f"environment of others {variable}")}
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)", *words],
            env=environment,
        )
        stack.callback(process.wait)
        stack.callback(process.kill)


def plant_in_files(canaries: Canaries, home: Path) -> None:
    for name, text in FILES.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(canaries.new(f"file {name}")))
        path.chmod(0o600)


def plant_in_a_mount(canaries: Canaries, folder: Path, stack: ExitStack) -> None:
    folder.mkdir()
    source = f"https://user:{canaries.new('source of a mount')}@dav.example.com/share"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", source, folder], check=True)
    stack.callback(lambda: subprocess.run(["umount", folder], check=True))


def database_text(ground: Ground) -> bytes:
    """Return all there is in the server's database."""
    if not ground.reading_url:
        with closing(sqlite3.connect(ground.database.data / SQLITE_FILE)) as file:
            file.execute("PRAGMA wal_checkpoint(FULL)")
        names = (SQLITE_FILE, f"{SQLITE_FILE}-wal")
        paths = [ground.database.data / name for name in names]
        return b"".join(path.read_bytes() for path in paths if path.exists())
    with psycopg.connect(ground.reading_url) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        assert len(tables) > 20
        texts = []
        for (table,) in tables:
            rows = sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table))
            texts += [text for (text,) in connection.execute(rows).fetchall()]
    return "\n".join(texts).encode()


def without_their_headers(wire: bytes) -> bytes:
    """Return what was sent without the two headers in which secrets belong."""
    assert re.search(rb"\r\nAuthorization: Bearer wdd_", wire)
    return re.sub(rb"\r\n(Proxy-)?Authorization: [^\r\n]+", b"", wire)


@pytest.mark.needs("mount")
@pytest.mark.needs_root
def test_of_forty_planted_secrets_none_is_anywhere_it_does_not_belong(
    ground: Ground, tmp_path: Path
) -> None:
    canaries = Canaries()
    home = tmp_path / "home"
    with ExitStack() as stack:
        plant_in_processes(canaries, stack)
        plant_in_files(canaries, home)
        plant_in_a_mount(canaries, tmp_path / "mounted", stack)
        sign_in = f"user:{canaries.new('password of the proxy')}"
        proxy = stack.enter_context(Proxy(sign_in=sign_in))
        station = stack.enter_context(Station(ground, tmp_path / "station", 2))
        canaries.known("enrolment token", ground.token_file(station.folder).read_text().strip())
        station.relay.sent.clear()  # the enrolment, which hands the device's token over
        mine = identity.load(station.state)
        canaries.known("device token", mine.device_token)
        wrong, right = (f"http://{user}@{proxy.url[7:]}" for user in (sign_in + "x", sign_in))
        own = {name: text.format(canaries.new(f"own {name}")) for name, text in OWN.items()}
        assert len(canaries.words) >= 40

        station.write_rules(rule(station.services.ports) + RULES)
        _through_proxy(station, mine, wrong)
        agent = station.start(environment=own | {"HOME": str(home)})
        observer = Observer(agent.process.pid)
        until(lambda: "the proxy asks" in str(station.status()["delivery"]), 60, "a refusal")
        said = str(station.status())
        _through_proxy(station, mine, right)
        station.stop()
        observer.end()
        agent = station.start(environment=own | {"HOME": str(home)})
        observer_of_good = Observer(agent.process.pid)
        station.services.stop(station.services.ports[0])
        station.until_open(station.services.ports[0])
        station.until_at_rest()
        said += str(station.status()) + _told(station, agent)
        observer_of_good.end()
        station.stop()
        assert observer.senders
        assert observer_of_good.senders
        assert len(ground.tickets(station.device)) >= 4, "disk, memory, processes, a service"
        assert b'"volumes"' in station.relay.sent

        line = Path(f"/proc/{os.getpid()}/cmdline").read_bytes()
        with copied(station.state, tmp_path / "copy") as state:
            kept = b"".join(p.read_bytes() for p in state.glob("agent.*") if p.is_file())
        places = {
            "agent.db": kept,
            "the wire": without_their_headers(bytes(station.relay.sent)),
            "answers": bytes(station.relay.answered),
            "the server's database": database_text(ground),
            "the server's log": ground.server.output().encode(),
            "the agent's log": station.log_text().encode(),
            "what the agent says": said.encode(),
            "processes": b"\n".join(observer.seen | observer_of_good.seen) + line,
        }
        assert len(kept) > 4096
        assert {place: canaries.in_(content) for place, content in places.items()} == {
            place: set() for place in places
        }


def _through_proxy(station: Station, mine: identity.Identity, proxy: str) -> None:
    """Set the proxy as ``enroll --proxy-file`` does."""
    identity.save(station.state, replace(mine, proxy=proxy))


def _told(station: Station, agent: AgentProcess) -> str:
    """Return what the commands tell a person, and how the agent looks in a list of processes."""
    line = Path(f"/proc/{agent.process.pid}/cmdline").read_bytes().decode()
    status = run_agent("status", "--state", str(station.state))
    once = run_agent("once", "--json", "--rules", str(station.rules))
    return line + status + once
