"""Finding tickets by words, on both databases."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from server_stub.clients.models import Client, Device
from server_stub.clients.scope import ALL, Scope
from server_stub.tickets import words
from server_stub.tickets.models import Ticket
from server_stub.tickets.words import Sought, asked, found
from tests.support.rows import a_client, a_device, a_ticket

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(params=[0, words.NEWEST], ids=["by index", "newest first"], autouse=True)
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of looking must find the same."""
    monkeypatch.setattr(words, "NEWEST", request.param)


def look(text: str, scope: Scope = ALL, *, before: int | None = None, **only: object) -> list[int]:
    sought = Sought(asked(text), **only)  # type: ignore[arg-type] # as a case gives them
    return found(scope, sought, before, 50)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Low disk space on /volume9: 3.2 GiB free", "disk low"),
        ("Low disk space on /volume9: 3.2 GiB free", "volu"),
        ("Low disk space on C:", "c:"),
        ("Certificate of imaging.harbour.example ends", "harbour certif"),
        ("FRONTDESK-03 does not start", "frontdesk-03"),
        ("L’imprimante du café est éteinte", "Cafe ETEINTE"),
        ("Drucker im Büro streikt", "buro"),
        ("Принтер не печатает", "ПРИНТЕР"),
        ("打印机 坏了", "打印机"),
        ("50 % of memory", "50%"),
    ],
)
def test_a_ticket_is_found_by_its_words_in_any_order_case_and_accent(title: str, text: str) -> None:
    of = a_client("Acme")
    a_ticket(of, "Something else entirely")
    row = a_ticket(of, title)
    assert look(text) == [row.id]


@pytest.mark.parametrize(
    "text", ["", "  ", "%", "'", '"', "*", "AND", "disk OR mail", "NEAR(", "x" * 500]
)
def test_what_is_no_word_finds_nothing_and_nothing_is_an_operator(text: str) -> None:
    a_ticket(a_client("Acme"), "disk is full")
    assert look(text) == []


def test_a_last_word_may_be_a_beginning_others_are_whole() -> None:
    row = a_ticket(a_client("Acme"), "printer service stopped")
    assert look("printer serv") == [row.id]
    assert look("serv print") == []
    assert look("se") == []


def test_tickets_are_found_by_the_names_of_device_and_client_also_new_ones() -> None:
    of = a_client("Harbour Dental")
    device = a_device(of, "FRONTDESK-03")
    row = a_ticket(of, "mail", device=device)
    a_ticket(a_client("Baker"), "mail")
    assert look("mail frontdesk") == look("harbour") == [row.id]
    Device.objects.filter(id=device.id).update(name="RECEPTION-1")
    Client.objects.filter(id=of.id).update(name="Quayside Dental")
    assert look("reception") == look("quayside") == [row.id]
    assert look("frontdesk") == look("harbour") == []


def test_a_ticket_that_changes_is_found_as_it_is_now() -> None:
    row = a_ticket(a_client("Acme"), "disk", status="new")
    Ticket.objects.filter(id=row.id).update(title="mail", status="waiting", priority="urgent")
    assert look("disk") == []
    assert look("mail", status="waiting", priority="urgent") == [row.id]
    assert look("mail", status="new") == look("mail", priority="normal") == []
    number = row.id
    row.delete()
    assert number not in look("mail")


def test_what_is_found_can_be_narrowed_and_is_within_the_scope() -> None:
    acme, baker = a_client("Acme"), a_client("Baker")
    ours, theirs = a_ticket(acme, "disk", priority="high"), a_ticket(baker, "disk")
    assert look("disk") == [theirs.id, ours.id]
    assert look("disk", Scope.of([acme.id])) == look("disk", client=acme.id) == [ours.id]
    assert look("disk", priority="high") == [ours.id]
    assert look("disk", Scope.of([acme.id]), client=baker.id) == []
    assert look("disk", Scope.of([])) == []


FORGED = ["zqclient{0}", "{MARK}client{0}", "{MARK} client{0}", "x{MARK}client{0}{MARK}status new"]


@pytest.mark.parametrize("forged", FORGED)
def test_no_text_makes_a_mark_however_it_came_into_the_index(forged: str) -> None:
    """One that did would put its ticket into the searches of another client."""
    acme, baker = a_client("Acme"), a_client("Baker")
    text = f"zork {forged.format(acme.id, MARK=words.MARK)}"
    by_title = a_ticket(baker, text)
    by_device = a_ticket(baker, device=a_device(baker, text))
    a_ticket(a_client(text))
    inside = Scope.of([acme.id])
    assert look("zork", inside) == look("zork", client=acme.id) == []
    Ticket.objects.filter(id=by_title.id).update(title=f"{text} again")
    Device.objects.filter(id=by_device.device_id).update(name=f"{text} again")
    Client.objects.filter(name=text).update(name=f"{text} again")
    assert len(look("zork again")) == 3
    assert look("zork", inside) == look("zork", client=acme.id) == []
    assert look("zork", status="resolved") == []


def test_pages_of_what_is_found_follow_one_another() -> None:
    of = a_client("Acme")
    numbers = [a_ticket(of, f"disk {n}").id for n in range(7)]
    sought = Sought(asked("dis"))
    first = found(ALL, sought, None, 3)
    second = found(ALL, sought, first[-1], 3)
    third = found(ALL, sought, second[-1], 3)
    assert first + second + third == numbers[::-1]


def test_an_index_made_later_takes_in_the_tickets_that_are_there() -> None:
    words.take_down(connection)
    row = a_ticket(a_client("Acme"), "disk")
    words.put_up(connection)
    assert look("disk") == [row.id]


def test_an_index_of_an_older_version_is_made_anew_by_its_migration() -> None:
    """Its marks were words that a title could hold."""
    acme = a_client("Acme")
    row = a_ticket(acme, "zork")
    old = "'zork zqclient0'" + ("::tsvector" if connection.vendor == "postgresql" else "")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tickets_words")
        key = "rowid" if connection.vendor == "sqlite" else "ticket_id"
        cursor.execute(f"INSERT INTO tickets_words ({key}, words) VALUES (%s, {old})", [row.id])  # noqa: S608 - ours
    migration: Any = import_module("server_stub.tickets.migrations.0006_words_marked")
    with connection.schema_editor() as editor:
        migration.index_again(apps, editor)
    assert look("zork", Scope.of([acme.id])) == [row.id]
    assert look("zqclient") == []


def test_every_trigger_stands_after_all_migrations() -> None:
    """A migration that makes a table anew on SQLite silently drops its triggers."""
    ask = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if connection.vendor == "postgresql":
        ask = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    with connection.cursor() as cursor:
        cursor.execute(ask)
        names = {name for (name,) in cursor.fetchall()}
    assert {f"tickets_words_{n}" for n in ("new", "changed", "gone", "of_device", "of_client")} <= (
        names
    )
