"""What is said: replies and calls to the client, notes for colleagues, a work-around for all."""

from agent.protocol.strict import MAX_TEXT
from server_stub.tickets.acts.moving import taken_up
from server_stub.tickets.acts.step import Step, not_closed
from server_stub.tickets.amendment import Amendment
from server_stub.tickets.models import EntryKind, NoticeKind
from server_stub.tickets.texts import usable_text


def reply(body: str) -> Step:
    """Answer the client. A new ticket is open from then on."""
    text = usable_text("body", body, MAX_TEXT)

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        one.tell(EntryKind.REPLY, text)
        taken_up(one)

    return step


def note(body: str) -> Step:
    """Note something for colleagues; the client does not see it."""
    text = usable_text("body", body, MAX_TEXT)

    def step(one: Amendment) -> None:
        one.tell(EntryKind.NOTE, text)

    return step


def call(body: str) -> Step:
    """Note what was said in a call with the client: as good an answer as a reply."""
    text = usable_text("body", body, MAX_TEXT)

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        one.tell(EntryKind.CALL, text)
        taken_up(one)

    return step


def review(body: str) -> Step:
    """Tell the client what was found and what comes next; it is an answer, too."""
    text = usable_text("body", body, MAX_TEXT)

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        one.tell(EntryKind.REVIEW, text)
        taken_up(one)

    return step


def work_around(body: str) -> Step:
    """Tell all participants how to get on until it is solved; empty takes it back."""
    text = body.strip() and usable_text("body", body, MAX_TEXT)

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        if text == one.ticket.workaround:
            return
        one.ticket.workaround = text
        one.tell(EntryKind.WORKAROUND, text)
        if text:
            one.notify_participants(NoticeKind.UPDATE, f"Until it is solved: {text}")
            taken_up(one)

    return step
