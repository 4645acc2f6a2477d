"""Which policy a ticket follows, also while nothing is promised, and what another one would do."""

from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import connection

from agent.protocol.words import Priority
from server_stub.clients.agreements import Terms, agree
from server_stub.clients.scope import ALL, Scope
from server_stub.errors import InvalidError
from server_stub.sla.models import Clock, PolicyVersion
from server_stub.tickets import acts
from server_stub.tickets.clocks import followed, policy_followed, policy_named
from server_stub.tickets.models import Ticket
from server_stub.tickets.supposing import Supposition, supposed_clocks
from tests.server_stub.tickets.desk import LATER, act, opened
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def a_newer_version(name: str) -> PolicyVersion:
    """Store the newest version of a policy again, with another date and without its stages."""
    text = PolicyVersion.objects.filter(name=name).latest("id").text
    text = text.replace("awaiting_parts:", "awaiting_pieces:").replace("2027-11-22", "2027-11-23")
    digest = sha256(text.encode()).hexdigest()
    return PolicyVersion.objects.create(name=name, hash=digest, text=text)


def test_a_ticket_without_clocks_keeps_the_version_it_was_opened_under(
    database: ServerDatabase,
) -> None:
    """3rd line is promised nothing: there is no clock that could name the version."""
    ticket = opened("three-line-helpdesk")
    reason = acts.Reason("project")
    there = act(ticket, acts.escalate("3", "They take it.", "Friday.", reason, direct=True))
    assert not Clock.objects.exists()
    before = policy_named(there)

    newer = a_newer_version("three-line-helpdesk")

    assert policy_named(there) == before
    assert before.startswith("three-line-helpdesk ")
    assert followed(there).version_id < newer.id
    assert "awaiting_parts" in policy_followed(there).stages
    assert act(there, acts.set_stage("awaiting_parts")).stage == "awaiting_parts"


def test_a_ticket_from_before_its_version_was_kept_follows_its_clocks(
    database: ServerDatabase,
) -> None:
    ticket = opened("three-line-helpdesk")
    Ticket.objects.update(policy_version=None)
    a_newer_version("three-line-helpdesk")

    after = act(ticket, acts.note("Looked at it."))

    assert after.policy_version == Clock.objects.get().policy_version_id


def test_what_another_agreement_or_importance_would_do_is_told(database: ServerDatabase) -> None:
    ticket = opened("managed-provider", priority=Priority.HIGH)
    agree(ticket.client, Terms("premium", starts=(NOW - timedelta(days=9)).date()))

    def told(**words: str) -> list[str]:
        found = supposed_clocks(ALL, ticket, Supposition(**words), LATER)
        return [one.sentence for one in found if "stays" not in one.sentence]

    assert any("agreement premium" in sentence for sentence in told(agreement="premium"))
    assert told(importance="vip") == []
    with pytest.raises(InvalidError, match="agreement: there are premium, none today"):
        told(agreement="gold")
    with pytest.raises(InvalidError, match="importance"):
        told(importance="grave")
    assert told(agreement="none") == []


def test_anothers_policy_is_as_if_it_were_not_there(database: ServerDatabase) -> None:
    ticket = opened("managed-provider")
    opened("software-vendor")
    mine = Scope.of([ticket.client_id])

    def told(scope: Scope, policy: str) -> int:
        return len(supposed_clocks(scope, ticket, Supposition(policy=policy), LATER))

    assert told(ALL, "software-vendor") > 0
    assert told(mine, "managed-provider") > 0
    for name in ("software-vendor", "nothing-of-the-kind"):
        with pytest.raises(InvalidError, match=f"policy: there is no policy '{name}'"):
            told(mine, name)


def test_a_ticket_that_is_promised_nothing_is_told_what_would_be(database: ServerDatabase) -> None:
    ticket = opened("three-line-helpdesk")
    reason = acts.Reason("project")
    there = act(ticket, acts.escalate("3", "They take it.", "Friday.", reason, direct=True))

    [dwell] = supposed_clocks(ALL, there, Supposition(level="2"), LATER)

    assert dwell.before is None
    assert dwell.sentence.startswith("Dwell: would be promised, due ")


def test_what_comes_again_is_found_by_indexes(database: ServerDatabase) -> None:
    rows = Ticket.objects.filter(resolved_at__gte=NOW, alert_key__isnull=False).values("id")

    assert "ticket_alert_settled" in rows.explain()
    assert connection.vendor == "sqlite"
