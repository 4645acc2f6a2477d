"""What the server has for this device to fetch: kept in agent.db, fetched when a cursor moved.

The server tells cursors with every answer; only one that differs from the kept one costs a
request. What was fetched is kept whole, so that it can be shown without a network.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from agent.protocol import strict
from agent.protocol.accounts import is_shared
from agent.protocol.strict import ProtocolError
from agent.store import Store

log = logging.getLogger(__name__)

FEEDS = ("tickets", "profile", "notes")
MAX_DOCUMENT = 1024 * 1024
"""Longest document that is kept, in characters."""


class Feeds:
    """The documents by their names, and which of them are out of date. For one thread at a time.

    ``document`` may be called from any thread.
    """

    def __init__(self, store: Store, taken: Callable[[str], None] = lambda _: None) -> None:
        """Take where they are kept, and who hears the name of one that was fetched."""
        self._store = store
        self._taken = taken
        self._cursors = {name: store.text(_cursor(name)) or "" for name in FEEDS}
        self._told: dict[str, str] = {}

    def note(self, changes: Mapping[str, str | int]) -> None:
        """Take note of the cursors in an answer."""
        for name in FEEDS:
            if name in changes and str(changes[name]) != self._cursors[name]:
                self._told[name] = str(changes[name])

    def look_again(self, name: str) -> None:
        """Fetch a document the next time, whatever its cursor: what it tells has changed."""
        self._told[name] = self._cursors[name]

    def next(self) -> tuple[str, str | None] | None:
        """Return the route to be asked next and since which cursor; None when all is known."""
        name = next(iter(self._told), None)
        return (f"device/{name}", self._cursors[name] or None) if name else None

    def take(self, route: str, document: Any) -> None:  # noqa: ANN401 - a JSON tree
        """Keep what a route answered; what cannot be kept is asked for when it changes again."""
        name = route.removeprefix("device/")
        cursor = self._told.pop(name, "")
        try:
            text, cursor = _checked(document, name, cursor)
        except ProtocolError as error:
            log.warning("the server's %s cannot be used: %s", route, error)
            return
        if self._store.record({}, (), {_name(name): text, _cursor(name): cursor}):
            self._cursors[name] = cursor
            self._taken(name)

    def give_up(self, route: str) -> None:
        """Leave a document as it is until it changes again: the server does not give it."""
        self._told.pop(route.removeprefix("device/"), None)

    def numbers(self) -> set[int]:
        """Return the numbers of the tickets that were fetched."""
        document = self.document("tickets")
        lists = [document.get(name) for name in ("tickets", "alerts")]
        found = (one for told in lists if isinstance(told, list) for one in told)
        return {
            n for one in found if isinstance(one, dict) if isinstance(n := one.get("number"), int)
        }

    def doubted(self) -> dict[str, int]:
        """Return the alerts that the desk holds to be over: the last sequence it knows, by id."""
        found = self.document("tickets").get("look_again")
        return {
            one["alert_id"]: one["sequence"]
            for one in (found if isinstance(found, list) else ())
            if isinstance(one, dict)
            if isinstance(one.get("alert_id"), str) and type(one.get("sequence")) is int
        }

    def is_shared(self, account_name: str) -> bool:
        """Tell whether the desk says that several people use an account."""
        told = self.document("profile").get("shared_accounts")
        return is_shared(account_name, told if isinstance(told, list) else ())

    def document(self, name: str) -> dict[str, Any]:
        """Return what was fetched last; empty when nothing was."""
        text = self._store.text(_name(name))
        tree = strict.parse(text.encode()) if text else {}
        return tree if isinstance(tree, dict) else {}


def _checked(document: object, name: str, cursor: str) -> tuple[str, str]:
    """Return the text to be kept and the cursor that goes with it; raises ProtocolError."""
    if not isinstance(document, dict):
        raise ProtocolError("", "it is not a JSON object")
    strict.check_value(document)
    text = strict.text_of({key: value for key, value in document.items() if key != "changes"})
    if len(text) > MAX_DOCUMENT:
        raise ProtocolError("", f"it is longer than {MAX_DOCUMENT} characters")
    changes = document.get("changes")
    own = changes.get(name) if isinstance(changes, dict) else None
    return text, cursor if own is None else str(own)


def _name(name: str) -> str:
    return f"feed:{name}"


def _cursor(name: str) -> str:
    return f"cursor:{name}"
