"""What the server has to be fetched: asked for when a cursor moved, kept whole, shown offline."""

from pathlib import Path
from typing import Any

import pytest

from agent.delivery.feeds import MAX_DOCUMENT, Feeds
from agent.store import Store

DOCUMENT = {"tickets": [{"number": 7}], "changes": {"tickets": 12}}


@pytest.fixture
def store(tmp_path: Path) -> Any:
    opened = Store(tmp_path / "state")
    yield opened
    opened.close()


def test_nothing_is_asked_for_until_a_cursor_moves(store: Store) -> None:
    feeds = Feeds(store)
    assert feeds.next() is None
    feeds.note({"tickets": 12, "something": 1})
    assert feeds.next() == ("device/tickets", None)


def test_what_was_fetched_is_kept_and_not_asked_for_again(store: Store) -> None:
    feeds = Feeds(store)
    feeds.note({"tickets": 12})
    feeds.take("device/tickets", DOCUMENT)

    again = Feeds(store)  # after a restart
    again.note({"tickets": 12})
    assert again.next() is None
    assert again.document("tickets") == {"tickets": [{"number": 7}]}
    assert again.numbers() == {7}
    again.note({"tickets": 13})
    assert again.next() == ("device/tickets", "12")


def test_the_cursor_is_that_of_the_document(store: Store) -> None:
    """What changes while it is fetched is in it already, or asked for next time."""
    feeds = Feeds(store)
    feeds.note({"tickets": 11})
    feeds.take("device/tickets", DOCUMENT)
    feeds.note({"tickets": 12})
    assert feeds.next() is None


def test_one_that_the_server_does_not_give_waits_for_the_next_answer(store: Store) -> None:
    feeds = Feeds(store)
    feeds.note({"tickets": 12})
    feeds.give_up("device/tickets")
    assert feeds.next() is None
    feeds.note({"tickets": 12})
    assert feeds.next() is not None


def test_look_again_asks_whatever_the_cursor(store: Store) -> None:
    feeds = Feeds(store)
    feeds.note({"tickets": 12})
    feeds.take("device/tickets", DOCUMENT)
    feeds.look_again("tickets")
    assert feeds.next() == ("device/tickets", "12")


@pytest.mark.parametrize(
    "document",
    [None, [], "x", {"a": float("nan")}, {"a": "x" * 20_000}, {"a": ["x" * 10_000] * 200}],
    ids=["null", "a list", "a text", "NaN", "a long text", "too long"],
)
def test_a_document_that_cannot_be_used_is_not_kept(store: Store, document: Any) -> None:
    feeds = Feeds(store)
    feeds.note({"tickets": 12})
    feeds.take("device/tickets", document)
    assert feeds.document("tickets") == {}
    assert feeds.next() is None
    assert MAX_DOCUMENT < 2_000_000


@pytest.mark.parametrize("told", [None, 5, "root", [5, {}, None], {"root": 1}])
def test_shared_accounts_are_those_the_profile_names_and_oddities_are_none(
    store: Store, told: Any
) -> None:
    feeds = Feeds(store)
    assert not feeds.is_shared("root")
    feeds.take("device/profile", {"shared_accounts": told})
    assert not feeds.is_shared("root")
    feeds.take("device/profile", {"shared_accounts": ["root", "kiosk"]})
    assert feeds.is_shared("root")
    assert feeds.is_shared("SHOP\\Kiosk")
    assert not feeds.is_shared("ann")


def test_what_the_desk_holds_to_be_over_is_known_also_after_a_restart(store: Store) -> None:
    heard = list[str]()
    feeds = Feeds(store, heard.append)
    assert feeds.doubted() == {}
    look = [{"alert_id": "a", "sequence": 3, "fingerprint": "f"}]
    wrong = ["?", {"alert_id": 1, "sequence": 1}, {"alert_id": "b", "sequence": True}, {}]
    feeds.note({"tickets": 1})
    feeds.take("device/tickets", {"tickets": [], "look_again": [*look, *wrong]})

    assert heard == ["tickets"]
    assert Feeds(store).doubted() == {"a": 3}

    feeds.note({"tickets": 2})
    feeds.take("device/tickets", {"tickets": [], "look_again": "?"})
    assert feeds.doubted() == {}
