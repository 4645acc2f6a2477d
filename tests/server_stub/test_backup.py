"""A backup is made while devices report; what it restores, with what they send again, is all."""

import contextlib
import errno
import json
import stat
import subprocess
import tarfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from agent.protocol.credentials import CredentialPrefix, credential_hash, new_credential
from agent.protocol.events import AlertEvent
from server_stub import backup
from server_stub.audit.models import AuditEntry
from server_stub.clients.models import Client
from server_stub.contacts.attachments import path_of
from server_stub.desk.actions import new_api_key
from server_stub.errors import InvalidError, SetupError
from server_stub.intake.models import SeenEnvelope
from server_stub.sla.models import PolicyVersion
from server_stub.sla.policy import DEFAULT, load
from server_stub.tickets.models import Ticket
from tests.server_stub.intake.messages import an_event
from tests.support.databases import VENDORS, Databases, ServerDatabase, connect
from tests.support.filed_reports import a_filed_report, a_kept_file
from tests.support.polling import until
from tests.support.rows import a_client, a_device, a_technician, a_ticket
from tests.support.server_process import (
    PROJECT,
    ServerProcess,
    server_command,
    server_environment,
)

Start = Callable[..., ServerProcess]
DEVICES = 6


def run(database: ServerDatabase, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        server_command(*words),
        cwd=PROJECT,
        env=server_environment(database, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def done(database: ServerDatabase, *words: str) -> str:
    ended = run(database, *words)
    assert ended.returncode == 0, ended
    return ended.stdout


def refused(database: ServerDatabase, *words: str) -> str:
    ended = run(database, *words)
    assert ended.returncode in (1, 2), ended
    assert "Traceback" not in ended.stderr
    return ended.stderr


def send(url: str, token: str, *events: AlertEvent) -> list[dict[str, Any]]:
    body = json.dumps({"events": [json.loads(event.to_text()) for event in events]})
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{url}/api/v1/events",
        data=body.encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
        receipts: list[dict[str, Any]] = json.load(answer)["receipts"]
    return receipts


class Reporter(threading.Thread):
    """A device that reports until told to stop, and keeps the truth of what it sent."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__()
        self.url = url
        self.token = token
        self.sent: list[AlertEvent] = []
        self.acknowledged = 0
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.is_set():
            event = an_event(target=f"/volume{len(self.sent)}")
            self.sent.append(event)
            try:
                send(self.url, self.token, event)
            except (urllib.error.URLError, ConnectionError):
                self.stopping.wait(0.05)
                continue
            self.acknowledged += 1


def tokens_of_new_devices() -> list[str]:
    found = load(DEFAULT)
    PolicyVersion.objects.create(name="default", hash=found.hash, text=found.text)
    client = a_client("Acme")
    tokens = [new_credential(CredentialPrefix.DEVICE) for _ in range(DEVICES)]
    for token in tokens:
        a_device(client, token_hash=credential_hash(token))
    return tokens


@pytest.mark.needs("pg_dump")
@pytest.mark.parametrize("vendor", VENDORS)
def test_a_backup_under_load_and_what_devices_send_again_are_the_whole_truth(
    databases: Databases, tmp_path: Path, server_process: Start, vendor: str
) -> None:
    first = databases.fresh(vendor, tmp_path / "first")
    reporters = [Reporter("", token) for token in tokens_of_new_devices()]
    server = server_process(first)
    for one in reporters:
        one.url = server.url
        one.start()
    until(lambda: min(one.acknowledged for one in reporters) >= 5, what="the load")
    before = [one.acknowledged for one in reporters]
    file = tmp_path / "backup.tar"
    said = done(first, "backup", str(file))
    for one in reporters:
        one.stopping.set()
    for one in reporters:
        one.join()
    server.stop()
    during = [one.acknowledged - count for one, count in zip(reporters, before, strict=True)]
    assert sum(during) > 0, "there was no load"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert str(file) in said
    databases.drop(first)

    second = databases.empty(vendor, tmp_path / "second")
    done(second, "restore", str(file))
    assert (second.data / "secret-key").read_text() == (first.data / "secret-key").read_text()
    again = server_process(second)
    for one, count in zip(reporters, before, strict=True):
        receipts = [r for n in range(0, len(one.sent), 50)
                    for r in send(again.url, one.token, *one.sent[n : n + 50])]  # fmt: skip
        results = [receipt["result"] for receipt in receipts]
        assert set(results) <= {"accepted", "duplicate"}
        assert results[:count] == ["duplicate"] * count, "it was acknowledged before the backup"
    again.stop()

    truth = sorted(event.id for one in reporters for event in one.sent)
    connect(second.data, second.url)
    assert sorted(SeenEnvelope.objects.values_list("envelope_id", flat=True)) == truth
    assert Ticket.objects.count() == len(truth)
    assert set(Ticket.objects.values_list("id", flat=True)) == set(
        SeenEnvelope.objects.values_list("ticket_number", flat=True)
    )
    databases.drop(second)


@pytest.mark.needs("pg_dump")
@pytest.mark.parametrize("vendor", VENDORS)
def test_a_restored_server_gives_the_pictures_that_came_with_reports(
    databases: Databases, tmp_path: Path, server_process: Start, vendor: str
) -> None:
    first = databases.fresh(vendor, tmp_path / "first")
    client = a_client()
    report = a_filed_report(a_ticket(client, device=a_device(client), source="tray"), "Ann")
    kept = a_kept_file(report, "as sharp as on the day\n")
    half_written = path_of(kept.stored).with_name(".new-1")
    half_written.write_text("not yet")
    key = new_api_key(a_technician())
    done(first, "backup", str(tmp_path / "b.tar"))
    databases.drop(first)

    second = databases.empty(vendor, tmp_path / "second")
    done(second, "restore", str(tmp_path / "b.tar"))
    files = [path for path in (second.data / "attachments").rglob("*") if path.is_file()]
    assert [path.name for path in files] == [kept.stored]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    asked = urllib.request.Request(  # noqa: S310 - loopback
        f"{server_process(second).url}/api/v1/tickets/{kept.ticket_id}/attachments/{kept.id}",
        headers={"Authorization": f"Bearer {key}"},
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 - loopback
        assert answer.read() == b"as sharp as on the day\n"
    databases.drop(second)


@pytest.mark.parametrize("how", ["other bytes", "one too few", "elsewhere"])
def test_a_backup_whose_attachments_are_not_what_was_kept_changes_nothing(
    sqlite: ServerDatabase, tmp_path: Path, how: str
) -> None:
    client = a_client()
    report = a_filed_report(a_ticket(client, device=a_device(client), source="tray"), "Ann")
    kept = a_kept_file(report, "as it was")
    file = tmp_path / "backup.tar"
    done(sqlite, "backup", str(file))
    name = f"attachments/{kept.stored}"
    if how == "other bytes":
        file.write_bytes(file.read_bytes().replace(b"as it was", b"otherwise"))
    else:
        rewritten(file, **({name: None} if how == "one too few" else {name: "attachments/../x"}))
    nowhere = ServerDatabase("sqlite", tmp_path / "nowhere", "")

    said = refused(nowhere, "restore", str(file))

    assert "damaged" in said or "no whole backup" in said
    assert list(nowhere.data.iterdir()) == []
    assert not (tmp_path / "x").exists()


@pytest.mark.needs("pg_dump")
def test_a_restored_database_has_its_walls_and_its_numbers_go_on(
    databases: Databases, postgresql: ServerDatabase, tmp_path: Path
) -> None:
    last = max(a_client(f"Client {n}").id for n in range(3))
    done(postgresql, "backup", str(tmp_path / "b.tar"))
    second = databases.empty("postgresql", tmp_path / "second")
    done(second, "restore", str(tmp_path / "b.tar"))

    told = run(second, "doctor")
    connect(second.data, second.url)
    assert told.returncode == 0, told
    assert AuditEntry.objects.latest("id").act == "restore"
    assert a_client("Fourth").id > last
    databases.drop(second)
    connect(postgresql.data, postgresql.url)


def test_nothing_is_overwritten(sqlite: ServerDatabase, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    done(sqlite, "backup", str(file))
    kept = file.read_bytes()

    assert "it is there already" in refused(sqlite, "backup", str(file))
    assert "nothing was changed" in refused(sqlite, "restore", str(file))
    assert "its folder does not exist" in refused(sqlite, "backup", str(tmp_path / "no" / "b"))
    assert file.read_bytes() == kept
    assert {path.name for path in tmp_path.iterdir()} == {"backup.tar"}


def no_links(*_: object) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")  # as FAT says it


def test_a_file_system_without_links_gets_its_backup(
    sqlite: ServerDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAT, some network shares; the sticks and disks that backups are carried away on."""
    monkeypatch.setattr("os.link", no_links)
    to = tmp_path / "backup.tar"

    size = backup.write(to, sqlite.data, lambda _: None)

    assert to.stat().st_size == size > 0
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("*backup*")] == ["backup.tar"]
    with tarfile.open(to) as archive:
        assert archive.getnames() == ["backup.json", "secret-key", "database"]


@pytest.mark.parametrize("links", [True, False])
def test_who_takes_the_name_meanwhile_keeps_it(
    sqlite: ServerDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, links: bool
) -> None:
    to = tmp_path / "backup.tar"
    if not links:
        monkeypatch.setattr("os.link", no_links)

    def taken(_how_far: str) -> None:
        to.write_text("another's")

    with pytest.raises(InvalidError, match="overwrites nothing"):
        backup.write(to, sqlite.data, taken)

    assert to.read_text() == "another's"
    assert [path.name for path in tmp_path.glob("*backup*")] == ["backup.tar"]


def test_a_name_that_cannot_be_given_leaves_nothing(
    sqlite: ServerDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_renames(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("os.link", no_links)
    monkeypatch.setattr("pathlib.Path.replace", no_renames)

    with pytest.raises(SetupError, match="Input/output error"):
        backup.write(tmp_path / "backup.tar", sqlite.data, lambda _: None)

    assert list(tmp_path.glob("*backup*")) == []


def test_a_filled_postgresql_database_is_not_restored_into(
    postgresql: ServerDatabase, tmp_path: Path
) -> None:
    file = tmp_path / "backup.tar"
    a_client("Kept")
    done(postgresql, "backup", str(file))
    elsewhere = ServerDatabase("postgresql", tmp_path / "elsewhere", postgresql.url)

    said = refused(elsewhere, "restore", str(file))

    assert "tables already" in said
    assert Client.objects.filter(name="Kept").count() == 1
    assert not (elsewhere.data / "secret-key").exists()


def damaged(file: Path, how: str) -> None:
    content = bytearray(file.read_bytes())
    if how == "cut":
        content = content[: len(content) // 2]
    elif how == "flipped":
        content[len(content) // 2] ^= 0xFF
    elif how == "not ours":
        content = bytearray(b"something else\n" * 1000)
    elif how == "empty":
        content = bytearray()
    file.write_bytes(bytes(content))


@pytest.mark.parametrize("how", ["cut", "flipped", "not ours", "empty"])
def test_a_damaged_backup_changes_nothing(sqlite: ServerDatabase, tmp_path: Path, how: str) -> None:
    file = tmp_path / "backup.tar"
    done(sqlite, "backup", str(file))
    damaged(file, how)
    nowhere = ServerDatabase("sqlite", tmp_path / "nowhere", "")

    said = refused(nowhere, "restore", str(file))

    assert "damaged" in said or "no whole backup" in said
    assert list(nowhere.data.iterdir()) == []


def rewritten(file: Path, **changes: object) -> None:
    """Change what a backup says of itself, or a member's name (None: it is left out)."""
    folder = file.with_suffix(".d")
    with tarfile.open(file) as archive:
        archive.extractall(folder, filter="data")
    with tarfile.open(file) as archive:
        names = {name: changes.pop(name, name) for name in archive.getnames()}
    description = json.loads((folder / "backup.json").read_text()) | changes
    (folder / "backup.json").write_text(json.dumps(description))
    with tarfile.open(file, "w") as archive:
        for name, to in names.items():
            if to is not None:
                archive.add(folder / name, str(to))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"vendor": "postgresql"}, "name one with --database-url"),
        ({"format": 2}, "its format is 2"),
        ({"version": "9.0", "migrations": ["tickets.0999_future"]}, "made by version 9.0"),
    ],
)
def test_a_backup_of_something_else_says_of_what(
    sqlite: ServerDatabase, tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    file = tmp_path / "backup.tar"
    done(sqlite, "backup", str(file))
    rewritten(file, **changes)
    nowhere = ServerDatabase("sqlite", tmp_path / "nowhere", "")

    assert said in refused(nowhere, "restore", str(file))
    assert list(nowhere.data.iterdir()) == []


def test_a_damaged_database_is_not_backed_up(sqlite: ServerDatabase, tmp_path: Path) -> None:
    """A backup that cannot be restored is worse than none."""
    for number in range(300):
        a_client(f"Client {number}")
    with connection.cursor() as cursor, contextlib.suppress(Exception):
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connections.close_all()
    database = sqlite.data / "watchdesk.db"
    content = bytearray(database.read_bytes())
    for at in range(4096 * 4, len(content), 4096):
        content[at : at + 16] = b"\xff" * 16
    database.write_bytes(bytes(content))

    refused(sqlite, "backup", str(tmp_path / "backup.tar"))

    assert not (tmp_path / "backup.tar").exists()


@pytest.mark.needs("pg_dump")
def test_without_postgresqls_programs_it_says_what_to_install(
    postgresql: ServerDatabase, tmp_path: Path
) -> None:
    ended = run(postgresql, "backup", str(tmp_path / "b.tar"), PATH="/nonexistent")

    assert ended.returncode == 1
    assert "apt-get install postgresql-client" in ended.stderr
