"""A request's body → the envelopes in it; a bad one becomes its own refused receipt.

Whatever cannot be read at all (not JSON, no list of events) is a ProtocolError of the whole
request; whatever is wrong with one item costs that item alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from agent.protocol.device import Facts, parse_facts
from agent.protocol.events import AlertEvent, parse_event
from agent.protocol.receipts import MAX_EVENTS, Receipt, ReceiptResult
from agent.protocol.strict import ProtocolError, check_text, parse, text_of

_LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class Arrived:
    """One envelope fit to be stored, and the SHA-256 of its text.

    The hash is taken of ``strict.text_of`` the item as it came, unknown members included: two
    messages that mean the same have the same hash however they were spaced.
    """

    message: AlertEvent | Facts
    body_sha256: bytes


def decode_events(body: bytes) -> list[Arrived | Receipt]:
    """Return the events of a request's body in order, a refused receipt in a bad one's place.

    None at all is how ``doctor`` asks whether the way is open.
    Raises ProtocolError when the body holds no list of at most ``MAX_EVENTS`` events.
    """
    tree = parse(body)
    items = tree.get("events") if isinstance(tree, dict) else None
    if not isinstance(items, list):
        raise ProtocolError("events", "the body is an object with a list of events")
    if len(items) > MAX_EVENTS:
        raise ProtocolError("events", f"more than {MAX_EVENTS} in one request")
    return [_arrived(item, parse_event, f"events[{n}]") for n, item in enumerate(items)]


def decode_facts(body: bytes) -> list[Arrived | Receipt]:
    """Return the one facts envelope of a request's body, or its refused receipt.

    Raises ProtocolError when the body is not a JSON object.
    """
    tree = parse(body)
    if not isinstance(tree, dict):
        raise ProtocolError("", "the body is not a JSON object")
    return [_arrived(tree, _facts, "facts")]


def refused(identifier: str, problem: str) -> Receipt:
    """Return the receipt of an envelope that is not stored and need not come again."""
    return Receipt(identifier, ReceiptResult.REFUSED, None, problem)


def _arrived(
    item: object, read: Callable[[object], AlertEvent | Facts], place: str
) -> Arrived | Receipt:
    try:
        message = read(item)
    except ProtocolError as error:
        identifier = identifier_of(item)
        return refused(identifier, str(error) if identifier else f"{place}: {error}")
    return Arrived(message, sha256(text_of(item).encode()).digest())


def identifier_of(item: object) -> str:
    """Return the id a bad item gives itself, empty when it cannot be told back to its sender."""
    named = item.get("id") if isinstance(item, dict) else None
    if not isinstance(named, str):
        return ""
    try:
        check_text(named, "id", _LONGEST_ID)
    except ProtocolError:
        return ""
    return named


def _facts(tree: object) -> Facts:
    facts = parse_facts(tree)
    if sha256(text_of(facts.facts).encode()).hexdigest() != facts.hash:
        raise ProtocolError("hash", "not the SHA-256 of facts")
    return facts
