"""What the agent answers on the local link, verb by verb, and who may ask it.

Ordinary users see what they filed themselves, and on a workstation or laptop the computer's own
open alerts; on a server its alerts are not their business.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from agent.delivery.courier import Courier
from agent.delivery.feeds import Feeds
from agent.errors import AgentError, NotNowError
from agent.facts_upkeep import FactsUpkeep
from agent.host import computer
from agent.identity import Identity
from agent.protocol import VERSION
from agent.protocol.link import OWNER_VERBS, VERBS
from agent.protocol.strict import need
from agent.protocol.words import DeviceKind, ReplyKind
from agent.reports import Account, Reports
from agent.runner import Runner
from agent.schedule import judged
from agent.status import check_states, check_trees
from agent.store import Parked, Store

CHECK_EVERY_S = 10.0
CHECK_S = 6.0
"""How long somebody who asked for a check waits for all rules to have looked."""
MOST_TICKETS = 50

Request = Mapping[str, Any]
Tree = dict[str, Any]
_PRIORITIES = {"cannot_work": "high", "slows_me": "normal", "can_wait": "low"}


class Parts(Protocol):
    """The running agent, as far as it is asked about."""

    @property
    def identity(self) -> Identity: ...  # noqa: D102
    @property
    def kind(self) -> DeviceKind: ...  # noqa: D102
    @property
    def store(self) -> Store: ...  # noqa: D102
    @property
    def runner(self) -> Runner: ...  # noqa: D102
    @property
    def courier(self) -> Courier: ...  # noqa: D102
    @property
    def facts(self) -> FactsUpkeep: ...  # noqa: D102
    @property
    def reports(self) -> Reports: ...  # noqa: D102
    @property
    def feeds(self) -> Feeds: ...  # noqa: D102

    def status(self) -> Tree:
        """Return all that the owner may know."""


class LinkVerbs:
    """Answers requests; called from several threads."""

    def __init__(self, parts: Parts) -> None:
        """Take who knows the answers."""
        self._parts = parts
        self._lock = threading.Lock()
        self._checked_s = float("-inf")
        self._answers: Mapping[str, Callable[[Request, Account, bool], Tree]] = {
            "known": self._known,
            "check": self._check,
            "verdict": lambda _, __, owns: {"verdict": self._verdict(owns)},
            "facts": lambda *_: self._facts(),
            "submit": lambda request, who, _: parts.reports.submit(who, _without_verb(request)),
            "attach": lambda request, who, _: parts.reports.attach(who, request),
            "tickets": lambda _, who, __: {"tickets": self._tickets(who)},
            "reply": lambda request, who, _: self._say(request, who, ReplyKind.REPLY),
            "confirm": lambda request, who, _: self._say(request, who, ReplyKind.CONFIRM),
            "rate": lambda request, who, _: self._say(request, who, ReplyKind.RATE),
            "solved": lambda request, who, _: self._say(request, who, ReplyKind.SOLVED),
            "notes": lambda *_: {"notes": _members(parts.feeds.document("notes"), "notes")},
        }

    def answer(self, request: Request, who: Account, *, owns: bool) -> Tree:
        """Return the answer to a request of this account; ``owns``: the agent's user, or root.

        Raises AgentError or ProtocolError for what cannot be answered.
        """
        verb = request["verb"]
        if verb in OWNER_VERBS:
            if not owns:
                raise AgentError(f"{verb} is for the agent's own user and root")
            return self._for_owner(verb, request)
        if verb not in self._answers:
            raise AgentError(f"there is no verb {verb!r}; there are {', '.join(VERBS)}")
        return self._answers[verb](request, who, owns)

    def _for_owner(self, verb: str, request: Request) -> Tree:
        parts = self._parts
        if verb == "status":
            return parts.status()
        if verb == "parked":
            return {"parked": [_parked(one) for one in parts.store.parked()]}
        identifier: str = need(request, "id", str, 64)
        decide = parts.store.requeue if verb == "requeue" else parts.store.drop
        done = decide(identifier)
        if done:
            if verb == "requeue":
                parts.reports.requeued(identifier)
            parts.courier.wake()
        return {"done": done}

    def _known(self, _request: Request, who: Account, owns: bool) -> Tree:  # noqa: FBT001 - one kind of answer
        delivery = self._parts.courier.status()
        return {
            "agent": {
                "version": VERSION,
                "connected": delivery["outcome"] is None
                and delivery["last_success_at"] is not None,
                "last_success_at": delivery["last_success_at"],
                "problem": delivery["last_problem"],
            },
            "device": {"name": computer.name(), "kind": self._parts.kind.value},
            "alerts": self._alerts(owns),
            "desk": self._desk(who),
            "tickets": self._tickets(who),
        }

    def _desk(self, who: Account) -> Tree | None:
        """Return the desk as the server described it, for who asks; None before it has."""
        feeds = self._parts.feeds
        desk = feeds.document("profile")
        desk.pop("shared_accounts", None)
        return {**desk, "shared_account": feeds.is_shared(who.name)} if desk else None

    def _check(self, _request: Request, _who: Account, owns: bool) -> Tree:  # noqa: FBT001 - the same
        with self._lock:
            now_s = time.monotonic()
            if now_s - self._checked_s < CHECK_EVERY_S:
                raise NotNowError("this computer was checked a moment ago; try again in 10 seconds")
            self._checked_s = now_s
        runner = self._parts.runner
        runner.check_now()
        while runner.is_due() and time.monotonic() - now_s < CHECK_S:
            time.sleep(0.05)
        shown = ("rule", "target", "evaluation", "summary")
        checks = (
            check_trees(check_states(judged(runner.schedules))) if self._shows_alerts(owns) else []
        )
        return {
            "checks": [{name: check[name] for name in shown} for check in checks],
            "verdict": self._verdict(owns),
        }

    def _verdict(self, owns: bool) -> Tree:  # noqa: FBT001 - the same
        from agent.diagnosis import Known, verdict  # noqa: PLC0415 - when a person asks

        open_now = self._parts.runner.open_alerts() if self._shows_alerts(owns) else []
        alerts = [Known(one.title, one.check, one.target) for one in open_now]
        return verdict(self._parts.identity.server, alerts)

    def _facts(self) -> Tree:
        kept = self._parts.facts
        return {"hash": kept.hash(), "facts": kept.facts()}

    def _say(self, request: Request, who: Account, kind: ReplyKind) -> Tree:
        if kind is not ReplyKind.SOLVED:
            number = need(request, "ticket", int)
            if all(ticket.get("number") != number for ticket in self._tickets(who)):
                raise AgentError(f"you have no ticket {number}")
        self._parts.reports.say(who, _without_verb(request), kind)
        return {}

    def _shows_alerts(self, owns: bool) -> bool:  # noqa: FBT001 - the same
        """Tell whether somebody may know what is wrong: a server's users may not, its owner may."""
        return owns or self._parts.kind is not DeviceKind.SERVER

    def _alerts(self, owns: bool) -> list[Tree]:  # noqa: FBT001 - the same
        if not self._shows_alerts(owns):
            return []
        told = _members(self._parts.feeds.document("tickets"), "alerts")
        tickets = {one.get("fingerprint"): one for one in told}
        return [
            {
                "fingerprint": alert.fingerprint,
                "title": alert.title,
                "evaluation": alert.announced.value,
                "since": alert.opened_at,
                "ticket": ticket.get("number"),
                "ticket_status": ticket.get("status"),
            }
            for alert in self._parts.runner.open_alerts()
            for ticket in [tickets.get(alert.fingerprint, {})]
        ]

    def _tickets(self, who: Account) -> list[Tree]:
        """Return an account's tickets, newest first: the server's word, else what is kept here."""
        own = [
            {**one, "state": "sent", "problem": None}
            for one in _members(self._parts.feeds.document("tickets"), "tickets")
            if one.get("account") == who.id
        ]
        known = {one.get("report") for one in own}
        own += [
            _kept(record)
            for record in self._parts.reports.of_account(who.id)
            if record["id"] not in known
        ]
        for one in own:
            one.pop("account", None)
        return sorted(own, key=_made, reverse=True)[:MOST_TICKETS]


def _parked(parked: Parked) -> Tree:
    return {
        "id": parked.envelope.id,
        "kind": parked.envelope.kind,
        "problem": parked.problem,
        "parked_at": parked.parked_at,
    }


def _kept(record: Mapping[str, Any]) -> Tree:
    """Return a ticket as far as this computer knows it."""
    return {
        "report": record["id"],
        "number": record["number"],
        "title": record["title"],
        "status": "new",
        "priority": _PRIORITIES[record["urgency"]],
        "created_at": record["created_at"],
        "due_at": None,
        "state": record["state"],
        "problem": record["problem"],
        "entries": [],
        "asks": None,
    }


def _made(ticket: Tree) -> float:
    try:
        return datetime.fromisoformat(ticket["created_at"]).timestamp()
    except (KeyError, ValueError, TypeError, OverflowError):
        return 0.0


def _members(document: Mapping[str, Any], name: str) -> list[Tree]:
    """Return a list of objects in what a server told; what is none is left out."""
    found = document.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _without_verb(request: Request) -> Tree:
    return {name: value for name, value in request.items() if name != "verb"}
