"""Lists of tickets found by words, when the word index says more than it should."""

import pytest
from django.db import connection

from server_stub.clients.scope import ALL, Scope
from server_stub.tickets import search, words
from server_stub.tickets.queries import tickets
from server_stub.tickets.search import Wanted
from server_stub.tickets.words import asked
from tests.support.rows import a_client, a_site, a_ticket

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def _index_without_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the index find everybody's tickets, four at most in two looks."""
    monkeypatch.setattr(words, "_marks", lambda *_: [])
    monkeypatch.setattr(words, "NEWEST", 0)
    monkeypatch.setattr(search, "_LOOKED_UP", 2)
    monkeypatch.setattr(search, "_LOOKS", 2)


@pytest.mark.usefixtures("_index_without_marks")
def test_no_page_begins_below_a_foreign_ticket() -> None:
    """Its number would be told: how many tickets others have, and when they got them."""
    acme, baker = a_client("Acme"), a_client("Baker")
    ours = [a_ticket(acme, "disk").id]
    ours += [a_ticket(of, "disk").id for of in (acme, baker, baker)][:1]
    for _ in range(10):
        a_ticket(baker, "disk")
    wanted = Wanted(words=asked("disk"))
    scope = Scope.of([acme.id])

    page = search.search(scope, wanted, None, 1)
    assert (list(page.tickets), page.next) == ([], None)
    page = search.search(scope, wanted, ours[1] + 2, 1)
    assert [ticket.id for ticket in page.tickets] == [ours[1]]
    assert page.next in (None, ours[1])


def test_a_list_that_is_narrowed_further_goes_on_below_what_it_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The scope shows those tickets, though the list leaves them out."""
    monkeypatch.setattr(search, "_LOOKED_UP", 2)
    monkeypatch.setattr(search, "_LOOKS", 2)
    acme = a_client("Acme")
    site = a_site(acme)
    wanted_one = a_ticket(acme, "disk", site=site)
    others = [a_ticket(acme, "disk").id for _ in range(4)]
    wanted = Wanted(words=asked("disk"), site=site.id)

    page = search.search(Scope.of([acme.id]), wanted, None, 1)
    assert (list(page.tickets), page.next) == ([], others[0])
    page = search.search(Scope.of([acme.id]), wanted, page.next, 1)
    assert [ticket.id for ticket in page.tickets] == [wanted_one.id]


def test_what_the_index_found_is_read_by_its_numbers() -> None:
    """SQLite took an index of all unresolved tickets: 9 ms of 60,000, and more of more."""
    if connection.vendor == "sqlite":
        wanted = Wanted(words=("disk",), statuses=("new",), priorities=("high",))
        plan = wanted.narrow(tickets(ALL)).filter(id__in=range(51)).explain()
        assert "SEARCH tickets_ticket USING INTEGER PRIMARY KEY" in plan
