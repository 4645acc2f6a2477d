"""The second wall: what PostgreSQL itself shows, whatever the program asks for."""

import itertools
import json
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, connections
from django.db.transaction import atomic
from django.db.utils import ConnectionHandler
from django.test import Client as DjangoClient

from server_stub import walls
from server_stub.audit.record import record
from server_stub.clients.models import Agreement, Client, Covered, Device, EnrolmentToken, Site
from server_stub.clients.scope import Scope
from server_stub.contacts.models import Attachment, Contact, Piece, Report
from server_stub.database import settings_for
from server_stub.desk.actions import new_api_key
from server_stub.fleet.models import Member, Outage, Watch
from server_stub.intake.models import FactsRecord, LastWord, SeenEnvelope
from server_stub.knowledge.models import Solution
from server_stub.quiet.models import HeldBack, MaintenanceWindow
from server_stub.sla.models import Clock
from server_stub.tickets.models import (
    DeviceNews,
    Link,
    Notice,
    Participant,
    Ticket,
    TimelineEntry,
)
from server_stub.walls import NOBODY, seen_by
from tests.support.databases import Databases, ServerDatabase, connect
from tests.support.postgresql import ROLE
from tests.support.rows import (
    NOW,
    a_client,
    a_clock,
    a_device,
    a_note,
    a_site,
    a_technician,
    a_ticket,
    an_entry,
)
from tests.support.server_process import (
    PROJECT,
    ServerProcess,
    server_command,
    server_environment,
)

NO_CLIENTS_ROWS = {
    "tickets_words": "an index: its numbers are told only of tickets behind the wall (isolation)",
    "audit_seal": "numbers and hashes",
    "fleet_lastsweep": "three instants",
    "retention_keep": "how long things are kept",
    "work_duework": "read by workers alone, holds numbers and instants",
    "sla_policyversion": "the provider's own promises",
    "desk_technician": "accounts: who signs in is not known yet",
    "desk_technician_clients": "tells whose rows somebody may see",
    "desk_apikey": "as accounts",
    "desk_apikey_clients": "as above",
    "tickets_teammember": "who is in which team: as accounts",
    "desk_tries": "of sign-ins: who signs in is not known yet",
}
LIBRARIES = {
    "account", "auth", "django", "mfa", "usersessions"
}  # fmt: skip


def a_world() -> Client:
    """Return a new client with a row in every table of clients' rows."""
    client = a_client()
    site = a_site(client)
    device = a_device(client, site=site)
    ticket = a_ticket(client, device=device)
    an_entry(ticket)
    a_clock(ticket)
    Link.objects.create(ticket=ticket, other=ticket, kind="related")
    Participant.objects.create(ticket=ticket, email="a@b.example")
    Notice.objects.create(ticket=ticket, kind="warning", to="a@b.example", text="x", send_at=NOW)
    EnrolmentToken.objects.create(
        client=client, token_hash=f"{client.id:064x}", uses=1, expires_at=NOW
    )
    envelope = f"envelope-{client.id}"
    SeenEnvelope.objects.create(device=device, envelope_id=envelope, body_sha256=b"x")
    FactsRecord.objects.create(device=device, hash="0", text="{}")
    LastWord.objects.create(device=device, word="sleep", at=NOW)
    MaintenanceWindow.objects.create(client=client, reason="a", starts_at=NOW, created_by="a")
    HeldBack.objects.create(client=client, device=device, fingerprint="a", who="a")
    Watch.objects.create(device=device, look_at=NOW)
    record("kim@desk.example", "page", "probe", client_id=client.id)
    outage = Outage.objects.create(client=client, site=site, ticket=ticket)
    Member.objects.create(outage=outage, device=device, joined_at=NOW, missing_since=NOW)
    DeviceNews.objects.create(device=device, version=1, reports=1)
    agreement = Agreement.objects.create(client=client, name="premium", starts=NOW, whole=False)
    Covered.objects.create(agreement=agreement, site=site)
    contact = Contact.objects.create(client=client, device=device, account="1")
    report = Report.objects.create(ticket=ticket, contact=contact, envelope_id=envelope)
    attachment = Attachment.objects.create(
        ticket=ticket, report=report, envelope_id=envelope, name="a", sha256="0", total=1
    )
    Piece.objects.create(attachment=attachment, offset=0, content=b"x")
    Solution.objects.create(note=a_note(client), client=client)
    kept = apps.get_model("api", "KeptAnswer") if apps.is_installed("server_stub.api") else None
    if kept:
        owner = a_technician()
        kept.objects.create(
            owner=owner,
            key="k",
            asked=b"x",
            status=201,
            headers="",
            body="",
            ticket_number=ticket.id,
        )
    return client


def counts() -> dict[str, int]:
    """Return how many rows of each walled table this thread sees."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor)) & set(walls.WALLED)
        found = {}
        for table in sorted(tables):
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own names
            found[table] = cursor.fetchone()[0]
    return found


def test_every_table_is_behind_the_wall_or_known_to_hold_no_clients_rows(
    postgresql: ServerDatabase,
) -> None:
    """A table that is added belongs to one of the two, and somebody has to say to which."""
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
    tables = {name for name in there if name.partition("_")[0] not in LIBRARIES}

    assert set(walls.WALLED) <= tables
    assert tables - set(walls.WALLED) == set(NO_CLIENTS_ROWS)
    assert walls.missing() == []


def test_each_table_shows_the_rows_of_the_clients_named_and_none_while_none_are(
    postgresql: ServerDatabase,
) -> None:
    mine, other, third = a_world(), a_world(), a_world()

    seen = {}
    for name, ids in {
        "nobody": NOBODY,
        "mine": frozenset({mine.id}),
        "two": frozenset({mine.id, other.id}),
        "absent": frozenset({third.id + 100}),
        "all": None,
    }.items():
        with seen_by(ids):
            seen[name] = set(counts().values())

    assert seen == {"nobody": {0}, "mine": {1}, "two": {2}, "absent": {0}, "all": {3}}
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("RESET watchdesk.clients")
    assert set(counts().values()) == {0}, "a connection that was told nothing sees nothing"


@pytest.mark.parametrize("setting", ["**", "1,*", "x", "%", "1 OR true", "'", "0x1", "{1}"])
def test_a_setting_that_is_no_list_of_clients_shows_nothing_and_breaks_nothing(
    postgresql: ServerDatabase, setting: str
) -> None:
    a_world()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('watchdesk.clients', %s, false)", [setting])

    assert {n for t, n in counts().items() if setting != "1,*"} <= {0}
    connection.close()


def test_a_filter_that_is_forgotten_shows_no_foreign_row(
    postgresql: ServerDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wall's reason to be: scopes no longer filter, and nothing foreign is seen."""
    mine, other = a_world(), a_world()
    monkeypatch.setattr(Scope, "filter", lambda _scope, rows, _path="client": rows)

    with seen_by(frozenset({mine.id})):
        found = [
            *Client.objects.values_list("id", flat=True),
            *Site.objects.values_list("client_id", flat=True),
            *Device.objects.values_list("client_id", flat=True),
            *Ticket.objects.values_list("client_id", flat=True),
            *TimelineEntry.objects.values_list("ticket__client_id", flat=True),
            *Clock.objects.values_list("ticket__client_id", flat=True),
        ]

    assert found == [mine.id] * 6
    assert other.id not in found


@pytest.mark.parametrize(
    "path", ["/", "/?q=needle", "/devices/{device}", "/tickets/{ticket}", "/api/v1/tickets",
             "/api/v1/tickets/{ticket}", "/api/v1/tickets/{ticket}/timeline",
             "/api/v1/tickets/{ticket}/clocks", "/api/v1/devices", "/api/v1/clients"]
)  # fmt: skip
def test_pages_and_rest_whose_filters_are_gone_show_nothing_foreign(
    postgresql: ServerDatabase, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """What each kind of caller may see reaches the database by itself, too."""
    mine, other = a_client("Mine Ltd"), a_client("Zebra Ltd")
    device = a_device(other, "zebra-pc")
    ticket = a_ticket(other, "Needle zebra", device=device)
    an_entry(ticket, body="zebra text")
    a_clock(ticket)
    limited = a_technician("limited@example.org", mine)
    full = a_technician("full@example.org")
    monkeypatch.setattr(Scope, "filter", lambda _scope, rows, _path="client": rows)
    monkeypatch.setattr(Scope, "allows", lambda _scope, _client: True)

    told = []
    for technician in (limited, full):
        browser = DjangoClient(raise_request_exception=False)
        browser.force_login(technician, "server_stub.desk.sign_in.Passwords")
        headers = {"Authorization": f"Bearer {new_api_key(technician)}"}
        answer = browser.get(path.format(device=device.id, ticket=ticket.id), headers=headers)
        told.append((answer.status_code, "zebra" in answer.content.decode().lower()))

    of_one = "{" in path
    assert told == [(404 if of_one else 200, False), (200, not path.endswith("/clocks"))]


def test_a_row_of_a_client_out_of_sight_can_neither_be_changed_nor_made(
    postgresql: ServerDatabase,
) -> None:
    mine, other = a_world(), a_world()

    with seen_by(frozenset({mine.id})):
        assert Ticket.objects.update(title="mine now") == 1
        assert TimelineEntry.objects.filter(ticket__client=other).delete()[0] == 0
        with pytest.raises(DatabaseError, match="row-level security"):
            Ticket.objects.create(client_id=other.id, title="smuggled", priority="low")
        with pytest.raises(DatabaseError, match="row-level security"):
            Ticket.objects.filter(client=mine).update(client_id=other.id)

    assert Ticket.objects.filter(title="mine now").count() == 1


def test_a_frame_inside_a_transaction_ends_with_it_whichever_way(
    postgresql: ServerDatabase,
) -> None:
    mine, other = a_world(), a_world()
    of_mine, of_other = frozenset({mine.id}), frozenset({other.id})

    def seen() -> list[int]:
        return list(Client.objects.order_by("id").values_list("id", flat=True))

    with seen_by(of_mine):
        with atomic(), seen_by(of_other):
            assert seen() == [other.id]
        assert seen() == [mine.id]
        with pytest.raises(DatabaseError), atomic(), seen_by(of_other):
            connection.cursor().execute("SELECT 1 / 0")
        assert seen() == [mine.id]
        with atomic():
            with pytest.raises(DatabaseError), atomic(), seen_by(of_other):
                connection.cursor().execute("SELECT 1 / 0")
            assert seen() == [mine.id]
        with pytest.raises(RuntimeError), atomic(), seen_by(of_other):  # noqa: PT012 - the point
            assert seen() == [other.id]
            raise RuntimeError
        assert seen() == [mine.id]
        connection.close()
        assert seen() == [mine.id], "a new connection is told as well"
    assert seen() == [mine.id, other.id]


def test_a_connection_that_breaks_meanwhile_does_not_keep_what_it_saw(
    postgresql: ServerDatabase,
) -> None:
    mine, _ = a_world(), a_world()
    with seen_by(frozenset({mine.id})):
        assert Client.objects.count() == 1
        connection.connection.close()  # as when the server goes away

    assert Client.objects.count() == 2


@pytest.fixture
def pool_of_four(postgresql: ServerDatabase) -> Iterator[None]:
    """Let all threads share four connections, handed from one to the next as they are."""
    made = ConnectionHandler({"default": settings_for(postgresql.data, postgresql.url)})
    settings = made.settings["default"]
    settings["CONN_MAX_AGE"] = 0
    settings["OPTIONS"]["pool"] = {"min_size": 4, "max_size": 4, "timeout": 60}
    connections.close_all()
    connections.settings["default"] = settings
    connections["default"]
    del connections["default"]
    yield
    pool: Any = connection
    connections.close_all()
    pool.close_pool()
    connect(postgresql.data, postgresql.url)


def test_fifty_threads_over_a_thousand_clients_on_four_connections_see_no_foreign_row(
    pool_of_four: None,
) -> None:
    """Each connection passes from client to client, after good ends, errors and rollbacks."""
    Client.objects.bulk_create(Client(name=f"Client {n}") for n in range(1_000))
    every = list(Client.objects.order_by("id").values_list("id", flat=True))
    Site.objects.bulk_create(Site(client_id=client, name="Site") for client in every)
    connection.close()
    turns = iter(every)
    wrong: list[object] = []
    done = itertools.count()
    pids: set[int] = set()
    start = threading.Barrier(50)

    def work(number: int) -> None:
        start.wait()
        while (client := next(turns, None)) is not None:
            try:
                with seen_by(frozenset({client})):
                    found = list(Site.objects.values_list("client_id", flat=True))
                    if found != [client]:
                        wrong.append((client, found))
                    pids.add(connection.connection.info.backend_pid)
                    if client % 3 == 0:
                        with pytest.raises(DatabaseError), atomic():
                            connection.cursor().execute("SELECT 1 / 0")
                    if client % 5 == 0:
                        raise RuntimeError(number)  # noqa: TRY301 - a view that fails
            except RuntimeError:
                pass
            with seen_by(NOBODY):
                if rest := Site.objects.count():
                    wrong.append(("nobody", client, rest))
            connection.close()  # gives it back to the pool
            next(done)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert next(done) == 1_000
    assert len(pids) <= 4


def test_requests_of_all_kinds_share_a_servers_connections_without_a_leak(
    postgresql: ServerDatabase, server_process: Callable[..., ServerProcess]
) -> None:
    """The served process: its threads keep their connections from one caller to the next."""
    worlds = [a_world() for _ in range(4)]
    keys = {w.id: new_api_key(a_technician(f"t{w.id}@example.org", w)) for w in worlds}
    keys[0] = new_api_key(a_technician("all@example.org"))
    server = server_process(postgresql)
    wrong: list[object] = []

    def read(key: str) -> list[str]:
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{server.url}/api/v1/tickets", headers={"Authorization": f"Bearer {key}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
            return [item["client"] for item in json.load(answer)["items"]]

    def work(owner: int) -> None:
        expected = 4 if owner == 0 else 1
        for _ in range(25):
            found = read(keys[owner])
            if len(found) != expected:
                wrong.append((owner, found))

    threads = [threading.Thread(target=work, args=(owner,)) for owner in keys for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


OWN_ALL = """
    DO $$ DECLARE one regclass; BEGIN
        FOR one IN SELECT oid FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        LOOP EXECUTE format('ALTER TABLE %s OWNER TO trespasser', one); END LOOP;
    END $$"""


def started(database: ServerDatabase, url: str, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        server_command(*command),
        cwd=PROJECT,
        env=server_environment(database) | {"WATCHDESK_DATABASE_URL": url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        ("ALTER ROLE trespasser SUPERUSER", "is a superuser"),
        ("ALTER ROLE trespasser BYPASSRLS", "has BYPASSRLS"),
        (
            "SET ROLE trespasser; ALTER TABLE tickets_ticket NO FORCE ROW LEVEL SECURITY",
            "row-level security of tickets_ticket",
        ),
        (
            "SET ROLE trespasser; CREATE POLICY open ON clients_device USING (true)",
            "row-level security of clients_device",
        ),
    ],
)
def test_it_does_not_start_by_a_role_that_walks_through_the_walls(
    databases: Databases, tmp_path: Path, breaks: str, said: str
) -> None:
    fresh = databases.fresh("postgresql", tmp_path / "server")
    name = fresh.url.split("///")[1].split("?")[0]
    admin = databases.administrator(name)
    try:
        admin.execute("CREATE ROLE trespasser LOGIN")
        admin.execute(f"GRANT {ROLE} TO trespasser")
        admin.execute(OWN_ALL)
        admin.execute(breaks)
        url = fresh.url.replace(f"user={ROLE}", "user=trespasser")

        refused = started(fresh, url, "serve", "--listen", "127.0.0.1:0")
        told = started(fresh, url, "doctor")

        assert refused.returncode == 1
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr
        assert told.returncode == 1
        assert said in told.stdout
    finally:
        admin.execute("RESET ROLE")
        connections.close_all()
        databases.drop(fresh)
        admin.close()
        databases.forget_role("trespasser")


def test_init_puts_fallen_walls_up_again(postgresql: ServerDatabase) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sla_clock DISABLE ROW LEVEL SECURITY")
    assert walls.missing() == ["sla_clock"]

    assert started(postgresql, postgresql.url, "init").returncode == 0

    assert walls.missing() == []


def test_on_sqlite_it_does_nothing(sqlite: ServerDatabase) -> None:
    a_client()

    with seen_by(NOBODY):
        assert Client.objects.count() == 1
    assert walls.missing() == []
    assert walls.walks_through() == ""
