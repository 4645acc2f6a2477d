"""The rarer forms of a ticket's page, folded in groups under “More”."""

from collections.abc import Sequence

from server_stub.staff.forms import Group
from server_stub.staff.ground import Ground
from server_stub.staff.more_around import accounts, client, others, people
from server_stub.staff.more_ticket import grading, levels, standing
from server_stub.tickets.models import Link, Participant, Ticket


def groups(
    ground: Ground,
    links: Sequence[Link],
    participants: Sequence[Participant],
    alike: Sequence[Ticket],
) -> list[Group]:
    """Return what is offered under “More”, without groups that hold nothing."""
    found = [
        standing(ground),
        grading(ground),
        levels(ground),
        client(ground),
        people(ground, participants),
        others(ground, links, alike),
        accounts(ground),
    ]
    return [group for group in found if group.forms or group.lines]
