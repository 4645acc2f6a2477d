"""Teams of technicians, and the roles that policies name: a role is the team of its name.

What a policy leaves to a role is done by its team once somebody is in it. Until then whoever has
the right does it: a policy that is followed from today on keeps nobody from their work.
"""

from server_stub.errors import ForbiddenError, NotFoundError
from server_stub.sla.policy import Policy
from server_stub.tickets.models import TeamMember
from server_stub.tickets.texts import usable_line

MAX_TEAM = 40
_BY_THEMSELVES = frozenset({"assignee", "team", "dispatcher", "admin"})
"""Words of a policy that are no team: of the ticket, or a role that an account has."""


def join_team(technician_id: int, team: str) -> str:
    """Put a technician into a team and return its name. Raises InvalidError for no name."""
    name = usable_line("team", team, MAX_TEAM)
    TeamMember.objects.get_or_create(technician_id=technician_id, team=_known(name))
    return name


def leave_team(technician_id: int, team: str) -> None:
    """Take a technician out of a team. Raises NotFoundError when they are not in it."""
    rows = TeamMember.objects.filter(technician=technician_id, team__iexact=team.strip())
    if not rows.delete()[0]:
        raise NotFoundError("team of theirs", team)


def members(team: str) -> list[str]:
    """Return the addresses of those in a team who have not left."""
    rows = TeamMember.objects.filter(team__iexact=team, technician__is_active=True)
    return sorted(rows.values_list("technician__email", flat=True))


def demand_member(role: str, email: str, what: str) -> None:
    """Raise ForbiddenError when ``what`` is for a role that others have."""
    there = members(role) if role else []
    if there and email not in there:
        raise ForbiddenError(f"{what} is for the {role} to say: {', '.join(there)}")


def empty_roles(policy: Policy) -> list[str]:
    """Return the roles that a policy names and nobody has."""
    return [role for role in roles_of(policy) if not members(role)]


def roles_of(policy: Policy) -> list[str]:
    """Return the roles that a policy names: whom it tells, asks, and leaves dates to. Pure."""
    duties = policy.procedure
    named = (
        duties.escalation_role,
        *(who for warning in duties.warnings for who in warning.tell),
        *(duties.breach.tell if duties.breach else ()),
        *(terms.approver for terms in policy.types.values()),
        *(target.set_by for row in policy.rows for target in row.targets.values()),
    )
    return sorted({name for name in named if name} - _BY_THEMSELVES)


def _known(name: str) -> str:
    """Return a team's name as it is written already."""
    rows = TeamMember.objects.filter(team__iexact=name)
    return rows.values_list("team", flat=True).first() or name
