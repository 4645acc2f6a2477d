"""Where a new ticket begins: its type, and the level that takes it, by the policy.

A level takes what its conditions are met by; above so many waiting tickets what comes to it goes
to the next one that takes it.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from agent.protocol.words import Priority, Source
from server_stub.clients.models import Client
from server_stub.clients.standing import USUAL, Standing
from server_stub.errors import InvalidError, ServerError
from server_stub.sla.clocks import DEFAULT_TYPE, followed_policy
from server_stub.sla.models import PolicyVersion
from server_stub.sla.targets import matches
from server_stub.sla.terms import Level, Matrix, Policy, Traits
from server_stub.tickets.acts.levels import CLIENT, levels_of
from server_stub.tickets.models import Ticket


class Beginning(NamedTuple):
    """What a ticket is at first. ``routed`` says why it is not with the first level."""

    type: str = DEFAULT_TYPE
    level: int = 1
    chargeable: bool = False
    routed: str = ""

    @property
    def told(self) -> dict[str, object]:
        """Return what the first timeline entry says of it: nothing of what is as usual."""
        return {"level": str(self.level), "routed": self.routed} if self.routed else {}


def begin(  # noqa: PLR0917 - what levels choose by
    client: Client,
    type_: str,
    priority: Priority,
    source: Source,
    words: Standing = USUAL,
    level: str = "",
) -> Beginning:
    """Return how a client's new ticket begins; ``level`` is the one that they turned to.

    Raises InvalidError for a type or a level there is not, and for one nobody may turn to.
    """
    try:
        version, policy = followed_policy(client.policy)
    except ServerError:  # a ticket never waits for a policy
        return Beginning(type_ or DEFAULT_TYPE)
    waiting = partial(waiting_at, version)
    found = beginning(policy, type_, priority, source, words, waiting)
    if not level:
        return found
    with_whom = levels_of(policy).get(level)
    if with_whom is None or not with_whom.accepts(CLIENT):
        there = [key for key, one in levels_of(policy).items() if one.accepts(CLIENT)]
        raise InvalidError("level", f"clients turn to one of {', '.join(there)}")
    routed = f"{with_whom.name} was contacted directly"
    return found._replace(level=with_whom.number, routed=routed)


def matrix_of(client: Client) -> Matrix:
    """Return the matrix of the policy that a client's new tickets follow; an empty one of none."""
    try:
        return followed_policy(client.policy).policy.matrix
    except ServerError:
        return Matrix()


def usable_type(client: Client, name: str) -> str:
    """Return a type if a client's tickets may begin as one, empty (the usual one) if not."""
    try:
        terms = followed_policy(client.policy).policy.types.get(name)
    except ServerError:
        return ""
    return name if terms and not terms.approval else ""


def _none(_level: int) -> int:
    return 0


def beginning(  # noqa: PLR0917 - what levels choose by
    policy: Policy,
    type_: str,
    priority: Priority,
    source: Source,
    words: Standing = USUAL,
    waiting: Callable[[int], int] = _none,
) -> Beginning:
    """Return how a new ticket begins by a policy; as ``begin``.

    ``waiting`` as for ``starting_level``. Alerts never overflow: a storm of them would
    carry itself to those who are to be spared it.
    """
    is_alert = source is Source.MONITOR
    name = type_ or (policy.alert_type if is_alert else policy.usual_type)
    terms = policy.types.get(name)
    if terms is None:
        raise InvalidError("type", f"there is none of this name: {', '.join(policy.types)}")
    if terms.approval:
        usual = policy.usual_type
        raise InvalidError(
            "type", f"{terms.title} needs an approval: open it as {usual}, then ask for the change"
        )
    traits = Traits(
        source=source.value,
        type=name,
        priority=priority.value,
        agreement=words.agreement,
        channel=source.value,
        importance=words.importance,
    )
    level, routed = starting_level(policy, traits, _none if is_alert else waiting)
    return Beginning(name, level, terms.chargeable, routed)


def starting_level(
    policy: Policy, traits: Traits, waiting: Callable[[int], int]
) -> tuple[int, str]:
    """Return the level a ticket starts at, and why when that is not the first one. Pure.

    ``waiting`` says how many tickets wait at a level; it is asked only where the policy counts.
    """
    levels = sorted(policy.levels.values(), key=lambda level: level.number)
    if not levels:
        return 1, ""
    taking = [level for level in levels if level.takes and matches(level.takes, traits)]
    start = taking[0] if taking else levels[0]
    why = f"{start.name} takes it" if start is not levels[0] else ""
    while start.overflow and waiting(start.number) >= start.overflow:
        above = _next(levels, start)
        if above is None:
            break
        why = f"{start.overflow} tickets wait with {start.name}"
        start = above
    return start.number, why


def waiting_at(version: int, level: int) -> int:
    """Return how many unresolved tickets are with a level and in nobody's hands.

    Levels are a policy's own: those of one name, in whatever version, count together.
    """
    names = PolicyVersion.objects.filter(id=version).values("name")
    versions = PolicyVersion.objects.filter(name__in=names).values("id")
    rows = Ticket.objects.filter(resolved_at__isnull=True, level=level, assignee__isnull=True)
    return rows.filter(policy_version__in=versions).count()


def _next(levels: list[Level], start: Level) -> Level | None:
    above = (level for level in levels if level.number > start.number)
    return next((level for level in above if level.accepts(start.key)), None)
