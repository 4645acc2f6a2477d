"""What the forms of a ticket's page are made of, and which of them are offered now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from agent.protocol.words import Evaluation, Status
from server_stub.clients.standing import Standing
from server_stub.desk.rights import Right, may
from server_stub.sla.terms import Policy
from server_stub.staff.access import Viewer
from server_stub.staff.acts import ACTS
from server_stub.staff.clocks import ClockLine
from server_stub.staff.forms import Form, Sent, filled
from server_stub.tickets.acts.levels import levels_of
from server_stub.tickets.models import Approval, Ticket, TimelineEntry
from server_stub.tickets.supposing import Offered

_FIRING = (Evaluation.WARNING, Evaluation.CRITICAL)


@dataclass(frozen=True)
class Ground:
    """A ticket as its viewer looks at it: its policy's offers, its newest entries, what was sent.

    ``entries`` are the timeline as far as it is shown, oldest first; ``agreements`` are the names
    of the client's that are in force today.
    """

    viewer: Viewer
    ticket: Ticket
    found: Offered
    sent: Sent
    entries: Sequence[TimelineEntry]
    standing: Standing
    agreements: Sequence[str]
    clocks: Sequence[ClockLine]

    @property
    def policy(self) -> Policy:
        """Return the policy version that the ticket follows."""
        return self.found.policy

    @property
    def is_closed(self) -> bool:
        """Tell whether most acts wait for it to be reopened."""
        return self.ticket.status == Status.CLOSED

    @property
    def holds(self) -> bool:
        """Tell whether the monitor still finds what the ticket is about."""
        return bool(self.ticket.alert_key) and self.ticket.evaluation in _FIRING

    @property
    def may_hold(self) -> bool:
        """Tell whether there is a condition to accept: it holds, or nobody can look just now."""
        unknown = bool(self.ticket.alert_key) and self.ticket.evaluation == Evaluation.UNKNOWN
        return self.holds or unknown

    @property
    def waits_for_approval(self) -> bool:
        """Tell whether somebody has to approve or decline something."""
        return self.ticket.approval == Approval.ASKED

    @property
    def signs_off(self) -> bool:
        """Tell whether the client is asked whether it works."""
        sign_off = self.policy.procedure.sign_off
        return self.ticket.status == Status.RESOLVED or (
            bool(sign_off) and self.ticket.stage == sign_off
        )

    @property
    def level_title(self) -> str:
        """Return the name of the level that has it."""
        level = levels_of(self.policy).get(str(self.ticket.level))
        return level.name if level else f"level {self.ticket.level}"

    @cached_property
    def at_once(self) -> frozenset[Status]:
        """Return the statuses that one button may bring: no reason is asked for them."""
        found = set()
        for status in Status:
            stages = [self.policy.stages[name] for name in self.found.stages]
            of_it = [stage for stage in stages if stage.status is status]
            of_it.sort(key=lambda stage: stage.name != status.value)
            if of_it and not (of_it[0].reason or of_it[0].reasons in self.policy.reason_required):
                found.add(status)
        return frozenset(found)

    def may(self, right: Right) -> bool:
        """Tell whether the viewer's role has a right."""
        return may(self.viewer.technician.role, right)

    def offered(self, *forms: tuple[object, Form]) -> tuple[Form, ...]:
        """Return the forms whose condition is met and that the viewer may send; what came back.

        A form that came back is there whatever happened meanwhile: it holds what was typed.
        """
        return tuple(self._offered(forms))

    def _offered(self, forms: Iterable[tuple[object, Form]]) -> Iterable[Form]:
        for met, form in forms:
            if form.act == self.sent.act or (met and self.may(ACTS[form.act].right)):
                yield filled(form, self.sent)
