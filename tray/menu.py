"""What the icon shows and offers, as a pure function of what the agent knows."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tray.drafts import Waiting
from tray.known import Alert, Desk, Known, Ticket
from tray.language import _, ngettext
from tray.opening import opening
from tray.wording import day_and_time, shortened, status_words

_MOST_ALERTS = 6
_MOST_TICKETS = 8


class Mood(StrEnum):
    """What the icon tells at a glance, by shape and colour."""

    WELL = "well"
    KNOWN = "known"
    ANSWER = "answer"
    NOT_CONNECTED = "not connected"


class Verb(StrEnum):
    """What choosing an item does."""

    REPORT = "report"
    ME_TOO = "me too"
    TICKET = "ticket"
    TICKETS = "tickets"
    CHECK = "check"
    HELP = "help"
    SENT = "sent"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the menu; without a verb it only tells. ``about`` is a fingerprint or number."""

    text: str
    verb: Verb | None = None
    about: str = ""
    items: tuple["Item", ...] = ()
    first: bool = False


SEPARATOR = Item("")
_OF_TICKETS = (Verb.TICKET, Verb.TICKETS)


@dataclass(frozen=True, slots=True)
class Menu:
    """The icon's mood, its tooltip and its menu."""

    mood: Mood
    tooltip: str
    items: tuple[Item, ...]


def menu(
    known: Known | None,
    waiting: Iterable[Waiting],
    now: datetime,
    unread: Collection[int] = (),
    desk: Desk | None = None,
) -> Menu:
    """Return what to show at ``now`` (aware; its time zone is the one shown).

    ``known`` is None while the agent does not answer; ``waiting`` are the reports that it has not
    taken yet; ``unread`` the tickets with an answer that nobody has looked at; ``desk`` what was
    last known of the desk. Nothing here needs the server.
    """
    late = list(waiting)
    mood, tooltip = _mood(known, unread)
    items = (
        Item(_("Report a problem…"), Verb.REPORT, first=True),
        SEPARATOR,
        *_about_computer(known, tooltip),
        SEPARATOR,
        _tickets(known, late, now),
        Item(_("Check this computer now"), Verb.CHECK),
        _help(known.desk if known and known.desk else desk, now),
        Item(_("What is sent…"), Verb.SENT),
    )
    may_quit = known is None or known.desk is None or known.desk.quit
    return Menu(
        mood, tooltip, (*items, SEPARATOR, Item(_("Quit"), Verb.QUIT)) if may_quit else items
    )


def visible(known: Known | None, waiting: Collection[Waiting]) -> bool:
    """Tell whether the icon is wanted now: a policy may keep it for when there is something."""
    if known is None or known.desk is None or known.desk.tray == "always":
        return True
    if known.desk.tray == "menu_only":
        return False
    return (
        _mood(known, ())[0] is not Mood.WELL
        or any(waiting)
        or any(one.open for one in known.tickets)
    )


def lines(shown: Menu) -> list[str]:
    """Return what the menu tells as text, for a terminal: this computer, own tickets, the desk."""
    told = []
    for item in shown.items:
        own = [inner.text for inner in item.items if inner.verb in _OF_TICKETS and inner.about]
        own += [inner.text for inner in item.items if inner.verb is Verb.HELP]
        joins = all(inner.verb is Verb.ME_TOO for inner in item.items)
        if own or (item.text and item.verb is None and joins):
            told.append(item.text)
        told += [f"  {text}" for text in own]
    return told


def _mood(known: Known | None, unread: Collection[int]) -> tuple[Mood, str]:
    if known is None:
        return Mood.NOT_CONNECTED, _("The watchdesk agent does not answer")
    asking = sum(ticket.asks is not None for ticket in known.tickets)
    if asking:
        return Mood.ANSWER, ngettext(
            "{count} ticket waits for your answer", "{count} tickets wait for your answer", asking
        ).format(count=asking)
    if unread:
        return Mood.ANSWER, ngettext(
            "You have an answer", "You have {count} answers", len(unread)
        ).format(count=len(unread))
    if not known.connected:
        return Mood.NOT_CONNECTED, _("Not connected to the support desk; reports are kept")
    if known.alerts:
        return Mood.KNOWN, ngettext(
            "{count} problem is known", "{count} problems are known", len(known.alerts)
        ).format(count=len(known.alerts))
    return Mood.WELL, _("All is well with this computer")


def _about_computer(known: Known | None, tooltip: str) -> Iterable[Item]:
    if known is None or not known.alerts:
        yield Item(tooltip)
        return
    if not known.connected:
        yield Item(tooltip)
    for alert in known.alerts[:_MOST_ALERTS]:
        yield Item(
            alert_line(alert),
            items=(Item(_("This is my problem too…"), Verb.ME_TOO, alert.fingerprint),),
        )
    more = len(known.alerts) - _MOST_ALERTS
    if more > 0:
        yield Item(ngettext("and {count} more", "and {count} more", more).format(count=more))


def alert_line(alert: Alert) -> str:
    """Return an open alert in one line, with its ticket and how it stands."""
    title = shortened(alert.title, 60)
    if alert.ticket is None:
        return title
    return _("{title} (ticket {number}, {status})").format(
        title=title, number=alert.ticket, status=status_words(alert.ticket_status or "new")
    )


def _tickets(known: Known | None, late: list[Waiting], now: datetime) -> Item:
    items = [
        Item(
            _("Waiting here: {title}").format(title=shortened(str(one.report.get("title")), 40)),
            Verb.TICKETS,
            str(one.report.get("id")),
        )
        for one in late
    ]
    tickets = known.tickets if known else ()
    items += [
        Item(ticket_line(one, now), Verb.TICKET, str(one.number or one.report or ""))
        for one in tickets[:_MOST_TICKETS]
    ]
    if not items:
        return Item(_("My tickets"), Verb.TICKETS)
    count = len(late) + sum(one.open for one in tickets)
    title = _("My tickets ({count} open)").format(count=count) if count else _("My tickets")
    return Item(title, items=(*items, SEPARATOR, Item(_("Show all…"), Verb.TICKETS)))


def ticket_line(ticket: Ticket, now: datetime) -> str:
    """Return a ticket in one line: number, title, how it stands, and until when."""
    title = shortened(ticket.title, 40)
    if ticket.number is None:
        state = _("refused") if ticket.state == "refused" else _("saved, will be sent")
        return f"{title}: {state}"
    state = status_words(ticket.status)
    if ticket.asks == "confirm":
        state = _("is it fixed?")
    elif ticket.asks == "rate":
        state = _("how was it?")
    elif ticket.entries and ticket.entries[-1].kind == "reply":
        state = _("{status}, answered").format(status=state)
    elif ticket.due_at and ticket.status not in ("resolved", "closed"):
        state = _("{status}, due {when}").format(
            status=state, when=day_and_time(ticket.due_at, now)
        )
    return f"{ticket.number} {title}: {state}"


def _help(desk: Desk | None, now: datetime) -> Item:
    told = () if desk is None else (desk.provider, desk.phone, desk.email, opening(desk, now))
    items = tuple(Item(text, Verb.HELP) for text in told if text)
    if not items:
        return Item(_("Help and contacts…"), Verb.HELP)
    return Item(_("Help and contacts"), items=items)
