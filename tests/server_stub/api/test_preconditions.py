"""``If-Match`` as RFC 9110 has it, on both databases."""

import pytest

from agent.protocol.problems import ProblemType
from server_stub.tickets.models import Ticket
from tests.server_stub.api.caller import Caller

THESE = [
    "*",
    "{tag}",
    ' "another" , {tag} ',
    '"a,b",{tag}',
    ',, {tag}, "",',
    'W/"weak", {tag}',
    '{tag}, "é"',
]


def test_a_change_goes_through_when_one_of_the_tags_is_the_tickets(
    api: Caller, ticket: Ticket
) -> None:
    for number, these in enumerate(THESE):
        tag = api.get(f"tickets/{ticket.id}").etag
        api.patch(f"tickets/{ticket.id}", {"title": f"Title {number}"}, match=these.format(tag=tag))


def test_a_change_is_refused_when_none_of_the_tags_is_the_tickets(
    api: Caller, ticket: Ticket
) -> None:
    present = api.get(f"tickets/{ticket.id}").etag
    for these in ('"another"', '"another", "0-00000000"', f'W/{present}, "another"', '""'):
        refused = api.patch(f"tickets/{ticket.id}", {"title": "x"}, 412, match=these)
        assert refused.problem is ProblemType.STALE
        assert refused.etag == present
    assert api.get(f"tickets/{ticket.id}").etag == present


def test_who_sends_weak_tags_alone_is_told_that_they_cannot_be_used(
    api: Caller, ticket: Ticket
) -> None:
    """A proxy that changes bodies on the way weakens tags: reading again would not help."""
    present = api.get(f"tickets/{ticket.id}").etag
    for these in (f"W/{present}", f'W/{present}, W/"x"'):
        refused = api.patch(f"tickets/{ticket.id}", {"title": "x"}, 400, match=these)
        assert refused.problem is ProblemType.INVALID_REQUEST
        assert "weak" in refused.tree["detail"]
    assert api.get(f"tickets/{ticket.id}").etag == present


@pytest.mark.parametrize("bare", [True, False])
def test_what_is_no_tag_is_refused(api: Caller, ticket: Ticket, bare: bool) -> None:  # noqa: FBT001 - a case
    present = api.get(f"tickets/{ticket.id}").etag
    broken = [
        '"',
        '"a',
        'a"',
        '"a" "b"',
        '*, "a"',
        '"a b"',
        'w/"a"',
        "W/",
        " ," * 9_000 + "x",
        '"a"b',
        ",",
        "\x7f",
    ]
    for these in [present.strip('"')] if bare else broken:
        refused = api.patch(f"tickets/{ticket.id}", {"title": "x"}, 400, match=these)
        assert refused.problem is ProblemType.INVALID_REQUEST
        assert "quotes" in refused.tree["detail"]


def test_a_foreign_ticket_is_missing_whatever_the_tags(api: Caller) -> None:
    for these in ("*", '"a"', '"a", "b"'):
        api.patch("tickets/99999", {"title": "x"}, 404, match=these)
