"""What a change that nobody makes would do to a ticket's clocks, in plain sentences."""

from dataclasses import dataclass

from django.http import QueryDict

from agent.protocol.words import Priority
from server_stub.clients.standing import NO_AGREEMENT, Importance
from server_stub.errors import InvalidError
from server_stub.staff.access import Viewer
from server_stub.staff.forms import Field, choice, named, options
from server_stub.staff.ground import Ground
from server_stub.tickets.acts.levels import levels_of
from server_stub.tickets.clocks import UnexplainedError, zone_name
from server_stub.tickets.models import Ticket
from server_stub.tickets.supposing import Supposition, supposed_clocks

_ASKED = ("priority", "stage", "type", "level", "agreement", "importance")
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Told:
    """What would become of the clocks, sentence by sentence, or why that cannot be told.

    ``zone`` is the one of the sentences' times when it is not the viewer's.
    """

    sentences: tuple[str, ...] = ()
    problem: str = ""
    zone: str = ""


def asked_change(given: QueryDict) -> Supposition:
    """Return the change that an address asks about; nothing when it asks about none."""
    words = {name: given.get(name, "").replace("\0", "")[:_LONGEST] for name in _ASKED}
    return Supposition(**words)


def supposed_sentences(viewer: Viewer, row: Ticket, change: Supposition) -> Told:
    """Return what a change would do to each clock."""
    if not any(change):
        return Told(problem="Choose what would be different.")
    if change.priority and change.priority not in tuple(Priority):
        return Told(problem="There is no such priority.")
    try:
        found = supposed_clocks(viewer.scope, row, change, viewer.now)
    except InvalidError as error:
        return Told(problem=f"There is no such {error.field}: {error.reason}.")
    except UnexplainedError as error:
        return Told(problem=f"The clocks cannot be reckoned just now: {error}.")
    zone = zone_name(row)
    return Told(tuple(one.sentence for one in found), zone="" if zone == viewer.zone_name else zone)


def what_if_form(ground: Ground, change: Supposition) -> tuple[Field, ...]:
    """Return what may be asked about: each question with other answers than now."""
    found, row, standing = ground.found, ground.ticket, ground.standing
    levels = {one.key: one.name for one in levels_of(found.policy).values()}
    levels.pop(str(row.level), None)
    priorities = named(word for word in Priority if word != row.priority)
    types = {name: title for name, title in found.types.items() if name != row.type}
    held = [*ground.agreements, NO_AGREEMENT]
    asked = (
        ("priority", "Priority", priorities),
        ("stage", "Where it stands", options(found.stages)),
        ("type", "Type", options(types)),
        ("level", "Level", options(levels)),
        ("agreement", "Agreement", named(one for one in held if one != standing.agreement)),
        ("importance", "Importance", named(w for w in Importance if w != standing.importance)),
    )
    return tuple(
        choice(name, label, given, getattr(change, name), empty="as it is")
        for name, label, given in asked
        if given
    )
