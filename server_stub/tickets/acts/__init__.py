"""What a person can do to a ticket. Each function returns a step for ``actions.amend``.

A step that changes nothing (the priority it has already) tells nothing. Steps raise InvalidError
for what cannot be right and ConflictError for what cannot be done as the ticket stands.
"""

from server_stub.tickets.acts.accepting import accept, end_acceptance
from server_stub.tickets.acts.accounting import delay, log_work, set_chargeable, set_scope
from server_stub.tickets.acts.approving import decide
from server_stub.tickets.acts.grading import (
    Grading,
    grade,
    graded,
    set_date,
    set_priority,
    set_title,
    set_type,
)
from server_stub.tickets.acts.levels import appeal, consult, escalate
from server_stub.tickets.acts.linking import link, make_duplicate, original_of, unlink
from server_stub.tickets.acts.moving import close, confirm, reopen, resolve, set_stage, set_status
from server_stub.tickets.acts.people import (
    Person,
    add_participant,
    assign,
    join,
    remove_participant,
    set_team,
    usable_person,
    watch,
)
from server_stub.tickets.acts.reaching import attempt, weigh
from server_stub.tickets.acts.step import MAX_REASON, NOT_ASSIGNABLE, Assignee, Reason, Step
from server_stub.tickets.acts.talking import call, note, reply, review, work_around

__all__ = [
    "MAX_REASON",
    "NOT_ASSIGNABLE",
    "Assignee",
    "Grading",
    "Person",
    "Reason",
    "Step",
    "accept",
    "add_participant",
    "appeal",
    "assign",
    "attempt",
    "call",
    "close",
    "confirm",
    "consult",
    "decide",
    "delay",
    "end_acceptance",
    "escalate",
    "grade",
    "graded",
    "join",
    "link",
    "log_work",
    "make_duplicate",
    "note",
    "original_of",
    "remove_participant",
    "reopen",
    "reply",
    "resolve",
    "review",
    "set_chargeable",
    "set_date",
    "set_priority",
    "set_scope",
    "set_stage",
    "set_status",
    "set_team",
    "set_title",
    "set_type",
    "unlink",
    "usable_person",
    "watch",
    "weigh",
    "work_around",
]
