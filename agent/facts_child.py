"""The child's side of ``facts_upkeep``: all facts as one line of JSON, then it leaves.

Run by ``child_start`` with the parts that the agent has read itself on its
standard input, and with the facts of ``before`` to tell what is otherwise now.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.facts import collect, facts_hash
from agent.protocol import strict
from agent.protocol.human import human
from agent.protocol.words import Unit

Facts = Mapping[str, Any]


def differences(before: Facts, now: Facts) -> list[str]:
    """Return what a technician would want to know of a change, a line each.

    Who is signed in, how full volumes are and the start of the computer are not among it. Facts of
    another version of ours have none.
    """
    try:
        return [*_system(before, now), *_volumes(before, now), *_network(before, now)]
    except (AttributeError, KeyError, TypeError):
        return []


def _system(before: Facts, now: Facts) -> Iterator[str]:
    was, this = before.get("os", {}), now.get("os", {})
    yield from _became(
        "the system", _words(was, "name", "version"), _words(this, "name", "version")
    )
    yield from _became("the system's build", was.get("build"), this.get("build"))
    was, this = before.get("computer", {}), now.get("computer", {})
    yield from _became("the computer's name", was.get("name"), this.get("name"))
    was, this = before.get("memory", {}), now.get("memory", {})
    yield from _became("memory", _size(was), _size(this))


def _volumes(before: Facts, now: Facts) -> Iterator[str]:
    was, these = _by(before, "volumes", "target"), _by(now, "volumes", "target")
    yield from _came_and_went("the volume", was, these)
    for name in was.keys() & these.keys():
        yield from _became(f"the size of {name}", _size(was[name]), _size(these[name]))


def _network(before: Facts, now: Facts) -> Iterator[str]:
    was, these = _by(before, "network", "name"), _by(now, "network", "name")
    yield from _came_and_went("the interface", was, these)
    for name in was.keys() & these.keys():
        for member, called in _OF_AN_INTERFACE.items():
            yield from _became(
                f"{called} of {name}", _lasting(was[name], member), _lasting(these[name], member)
            )


_OF_AN_INTERFACE = {
    "addresses": "the address",
    "gateways": "the gateway",
    "dns": "the name servers",
}


def _lasting(interface: Facts, member: str) -> str:
    """Return addresses in words; of IPv6 ones many come and go with each day."""
    return ", ".join(one for one in interface.get(member, ()) if ":" not in one)


def _became(what: str, was: str | None, now: str | None) -> Iterator[str]:
    if was and now and was != now:
        yield f"{what} is {now}, was {was}"
    elif was and not now:
        yield f"{what} is unknown, was {was}"


def _came_and_went(what: str, was: Facts, these: Facts) -> Iterator[str]:
    yield from (f"{what} {name} is gone" for name in sorted(was.keys() - these.keys()))
    yield from (f"{what} {name} is new" for name in sorted(these.keys() - was.keys()))


def _by(facts: Facts, part: str, member: str) -> dict[str, Facts]:
    return {str(one[member]): one for one in facts.get(part, ())}


def _words(members: Facts, *names: str) -> str:
    return " ".join(str(members[name]) for name in names if members.get(name))


def _size(members: Facts) -> str | None:
    size = members.get("total_bytes")
    return human(size, Unit.BYTES) if size else None


def main(_: Sequence[str] = ()) -> int:
    """Read the known parts as JSON, print the members ``hash``, ``facts`` and ``changes``."""
    known = strict.parse(sys.stdin.buffer.read())
    facts = collect(known)
    before = known.get("before") if isinstance(known, dict) else None
    changes = differences(before, facts) if before else []
    line = strict.text_of({"hash": facts_hash(facts), "facts": facts, "changes": changes})
    sys.stdout.buffer.write(line.encode() + b"\n")
    return 0
