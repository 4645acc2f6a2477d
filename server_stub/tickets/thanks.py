"""What a reply to a settled ticket means: thanks, a reason to reopen it, or a new matter."""

from datetime import datetime

from server_stub.tickets.clocks import policy_followed
from server_stub.tickets.models import CloseReason, Ticket
from server_stub.tickets.words import words_of

_LONGEST = 12
"""Words; who writes more says more than thanks."""
_THANKS = frozenset(words_of(
    "thank thanks thx cheers merci danke dankeschon gracias obrigado obrigada grazie tack"
))  # fmt: skip
_BESIDE = frozenset(words_of(
    "a all and again beaucoup bien bye dir fine for good great help her his i ihnen is it kind lot "
    "many mille much muchas muito much nice no now ok okay perfect pour regards schon so support "
    "that the their this to tout tudo tres up very viel vielen votre well with wonderful work "
    "working works you your"
))  # fmt: skip
"""What is said beside thanks and means nothing more. ``not`` and ``but`` are not among them."""

_FOR_GOOD = (CloseReason.CANCELED, CloseReason.OUTSIDE_SCOPE, CloseReason.DUPLICATE)


def is_thanks(text: str) -> bool:
    """Tell whether a text says thanks and nothing else: it reopens nothing.

    Each word must be known for it; in doubt a ticket is open once too often.
    """
    words = words_of(text)
    if not words or len(words) > _LONGEST or "?" in text:
        return False
    return any(word in _THANKS for word in words) and all(
        word in _THANKS or word in _BESIDE for word in words
    )


def is_new_matter(ticket: Ticket, now: datetime) -> bool:
    """Tell whether what is said of a ticket now needs another one.

    So it is once the policy's time for reopening has passed, and of what was closed without
    being settled: what was canceled stays so.
    """
    if ticket.resolved_at is None:
        return False
    if ticket.close_reason in _FOR_GOOD:
        return True
    within = policy_followed(ticket).procedure.reopen_within
    if within is None:
        return False
    return now - ticket.resolved_at > within
