"""Asks every route as every principal for what three clients have, and tells each leak.

A leak is: another answer for a foreign thing than for a missing one, a foreign word anywhere in
an answer, a list or count that depends on what others have, a change to a foreign row.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from django.db import connection, transaction

from agent.protocol.ids import uuid7
from server_stub.clients.scope import Scope
from server_stub.desk.actions import new_api_key
from server_stub.errors import ServerError
from server_stub.intake.application import DeviceRoutes
from server_stub.intake.queries import facts_of_hash
from server_stub.quiet.actions import Plan, plan_window
from server_stub.tickets.actions import Draft, open_ticket
from server_stub.tickets.acts import Assignee, assign, watch
from server_stub.tickets.amendment import Actor, amending
from server_stub.tickets.words import Sought, found
from tests.server_stub.isolation.principals import (
    Principal,
    Response,
    a_crossed_key,
    principals,
)
from tests.server_stub.isolation.probe import Probe
from tests.server_stub.isolation.probes import PROBES
from tests.server_stub.isolation.worlds import NOTHING, World, a_world, snapshot
from tests.server_stub.test_isolation import CALLS
from tests.server_stub.test_isolation import found as rows_found
from tests.support import desk_rows
from tests.support.rows import NOW, a_technician

LEARNS = "learns"
"""What leaks say that tell of others without a word or number of theirs."""
_REFUSED = (401, 403, 404)
_ACTOR = Actor("probe@desk.example")


@dataclass(frozen=True)
class Desk:
    """Three clients, and everybody who may call; who is limited is limited to ``own``."""

    routes: DeviceRoutes
    own: World
    foreign: tuple[World, World]
    principals: list[Principal]
    lists_before: dict[tuple[str, str], Response]


def a_desk(routes: DeviceRoutes) -> Desk:
    """Write the rows; note what lists show before there are other clients' rows."""
    policy = desk_rows.policy()
    own = a_world("own", 1, policy)
    everybody = principals(own)
    lists = {
        (who.name, str(probe)): _asked(routes, who, probe, own.names)
        for who in everybody
        if "foreign" not in who.sees
        for probe in PROBES
        if not (probe.named or probe.changes or probe.differs)
    }
    foreign = (a_world("foreigna", 2, policy), a_world("foreignb", 3, policy))
    return Desk(routes, own, foreign, [*everybody, a_crossed_key(own, foreign[0])], lists)


def leaks(desk: Desk) -> Iterator[str]:
    """Yield every leak, the cheapest to find first."""
    yield from _of_functions(desk)
    yield from route_leaks(desk)


def route_leaks(desk: Desk) -> Iterator[str]:
    """Yield every leak of a route."""
    strangers = [who for who in desk.principals if "foreign" not in who.sees]
    before = [snapshot(world) for world in desk.foreign]
    for who in strangers:
        for probe in PROBES:
            yield from _of_lists(desk, who, probe)
            yield from _of_own(desk, who, probe)
    for who in strangers:
        for probe in PROBES:
            yield from _of_names(desk, who, probe)
        after = [snapshot(world) for world in desk.foreign]
        if after != before:
            yield f"{who.name} changed a foreign row"
            before = after


def faults(desk: Desk) -> Iterator[str]:
    """Yield every right that does not work: the matrix means nothing where nobody gets in."""
    for probe in PROBES:
        for who in desk.principals:
            if probe.surface != who.surface or probe.above:
                continue
            worlds = (desk.own, desk.foreign[0])
            answers = _asked_of_each(desk, who, probe, *(world.names for world in worlds))
            for world, answer in zip(worlds, answers, strict=True):
                kind = "own" if world is desk.own else "foreign"
                allowed = kind in who.sees or not (probe.named or probe.changes)
                if allowed and (answer.status in _REFUSED or answer.status >= 500):
                    yield f"{who.name} is refused {probe} of {kind}: {answer.status}"
                if allowed and probe.shows and kind in who.sees and not answer.tells(world.canary):
                    yield f"{who.name} is not shown {probe} of {kind}"


def _of_lists(desk: Desk, who: Principal, probe: Probe) -> Iterator[str]:
    before = desk.lists_before.get((who.name, str(probe)))
    if before is None:
        return
    answer = _asked(desk.routes, who, probe, desk.own.names)
    for world in desk.foreign:
        if told := answer.numbers & world.tickets:
            yield f"{who.name} is told of tickets {told} by {probe}"
    if answer != before:
        how = _difference(before, answer)
        yield f"{who.name} {LEARNS} from {probe} that there are others: {how}"


def _of_own(desk: Desk, who: Principal, probe: Probe) -> Iterator[str]:
    """Ask for what may be seen: nothing foreign stands beside it."""
    if not probe.named or probe.changes or probe.surface != who.surface:
        return
    answer = _asked(desk.routes, who, probe, desk.own.names)
    for world in desk.foreign:
        if answer.tells(world.canary):
            yield f"{who.name} reads {world.canary} beside their own rows in {probe}"


def _of_names(desk: Desk, who: Principal, probe: Probe) -> Iterator[str]:
    foreign = (world.names for world in desk.foreign)
    missing, *answers = _asked_of_each(desk, who, probe, NOTHING, *foreign)
    for world, answer in zip(desk.foreign, answers, strict=True):
        for other in desk.foreign:
            if answer.tells(other.canary) and not (probe.repeats and other is world):
                yield f"{who.name} reads {other.canary} in {probe}"
        if not probe.named:
            continue
        if missing.status == HTTPStatus.NOT_FOUND and answer.body != missing.body:
            yield f"{who.name} can tell foreign from missing by the body of {probe}"
        told, told_of_nothing = answer.without(world.names), missing.without(NOTHING)
        if told != told_of_nothing:
            how = _difference(told_of_nothing, told)
            yield f"{who.name} can tell foreign from missing by {probe}: {how}"


def _asked(routes: DeviceRoutes, who: Principal, probe: Probe, names: dict[str, str]) -> Response:
    headers = dict(probe.headers)
    if "Idempotency-Key" in headers:
        headers["Idempotency-Key"] = uuid7()
    return who.ask(routes, probe.method, probe.address(names), probe.body(names), headers)


def _asked_of_each(
    desk: Desk, who: Principal, probe: Probe, *named: dict[str, str]
) -> Iterator[Response]:
    """Ask with each names; what changes nothing and is the same request again is asked once."""
    answers: dict[tuple[str, bytes], Response] = {}
    for names in named:
        request = (probe.address(names), probe.body(names))
        if probe.changes or request not in answers:
            answers[request] = _asked(desk.routes, who, probe, names)
        yield answers[request]


def _difference(one: Response, other: Response) -> str:
    if one.status != other.status:
        return f"{one.status} or {other.status}"
    if one.headers != other.headers:
        return f"{set(one.headers) ^ set(other.headers)}"
    place = next(
        (n for n, (a, b) in enumerate(zip(one.body, other.body, strict=False)) if a != b),
        min(len(one.body), len(other.body)),
    )
    start = max(0, place - 60)
    return f"{one.body[start : place + 60]!r} or {other.body[start : place + 60]!r}"


def _of_functions(desk: Desk) -> Iterator[str]:
    """Ask the functions below the routes: some stand behind another one that asks first."""
    own = Scope.of([desk.own.client.id])
    for world in desk.foreign:
        for name, (call, row) in CALLS.items():
            if row(world) in rows_found(call, own, world):  # type: ignore[arg-type] # has the same members
                yield f"{name}() shows a foreign row"
        facts = world.ticket.facts_hash
        if facts_of_hash(own, world.device.id, facts) is not None:
            yield "facts_of_hash() shows foreign facts"
        for sought in (Sought((world.canary,)), Sought((world.canary,), client=world.client.id)):
            if found(own, sought, None, 1):
                yield "the word index finds a foreign ticket"
        for name, act in _forbidden(desk, world).items():
            if _succeeds(act):
                yield f"{name} goes through"


def _forbidden(desk: Desk, world: World) -> dict[str, Callable[[], object]]:
    """Return what must be refused below the routes."""
    own = Scope.of([desk.own.client.id])
    limited = a_technician("", desk.own.client)
    blind = Assignee(limited.id, limited.email, own)

    def given_away() -> None:
        with amending(Scope(None), world.ticket.id, _ACTOR, NOW) as one:
            assign(blind)(one)

    def watched() -> None:
        with amending(Scope(None), world.ticket.id, _ACTOR, NOW) as one:
            watch(blind)(one)

    return {
        "a ticket watched by a technician who does not see it": watched,
        "opening a ticket for a foreign client": lambda: open_ticket(
            own, _ACTOR, Draft(world.client, "by a probe"), NOW
        ),
        "maintenance for a foreign client": lambda: plan_window(
            own, _ACTOR.email, Plan(world.client, "by a probe", NOW, NOW + timedelta(hours=1)), NOW
        ),
        "a key for a foreign client": lambda: new_api_key(limited, [world.client]),
        "a ticket for a technician who does not see it": given_away,
    }


def _succeeds(act: Callable[[], object]) -> bool:
    """Try and take back."""
    done = False
    with suppress(ServerError), transaction.atomic():
        act()
        done = True
        transaction.set_rollback(True)
    assert not connection.in_atomic_block
    return done
