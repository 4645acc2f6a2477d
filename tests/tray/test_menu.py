from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tray.drafts import Waiting
from tray.known import Alert, Desk, Entry, Known, Ticket
from tray.menu import Item, Menu, Mood, Verb, lines, menu, visible

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
DISK = Alert("disk-c", "Disk C: is nearly full", "warning", NOW, 1042, "open")
PRINTER = Ticket("r", 1042, "The printer is dead", "open", due_at=NOW + timedelta(hours=3))


def shown(known: Known | None, *waiting: Waiting) -> Menu:
    return menu(known, waiting, NOW)


def texts(items: tuple[Item, ...]) -> list[str]:
    return [text for item in items for text in (item.text, *texts(item.items))]


def test_all_is_well_when_nothing_is_known() -> None:
    assert (shown(Known()).mood, shown(Known()).tooltip) == (
        Mood.WELL, "All is well with this computer",
    )  # fmt: skip


def test_what_is_known_stands_in_the_menu_with_its_ticket_and_an_offer_to_join() -> None:
    told = shown(Known(alerts=(DISK,)))

    assert told.mood is Mood.KNOWN
    (line,) = (item for item in told.items if item.text.startswith("Disk"))
    assert line.text == "Disk C: is nearly full (ticket 1042, being worked on)"
    assert [(item.verb, item.about) for item in line.items] == [(Verb.ME_TOO, "disk-c")]


@pytest.mark.parametrize("known", [None, Known(connected=False)])
def test_without_agent_or_desk_everything_can_still_be_chosen(known: Known | None) -> None:
    """Other trays grey their menu out just when it is needed."""
    verbs = {item.verb for item in shown(known).items}

    assert shown(known).mood is Mood.NOT_CONNECTED
    assert {Verb.REPORT, Verb.CHECK, Verb.SENT, Verb.QUIT} <= verbs


def test_a_left_click_reports_a_problem() -> None:
    assert [item.verb for item in shown(Known()).items if item.first] == [Verb.REPORT]


def test_tickets_are_listed_with_number_state_and_what_is_due() -> None:
    answered = replace(
        PRINTER, number=7, title="Mail", entries=(Entry("e", NOW, "reply", "Ana", "Try again"),)
    )
    tickets = (
        PRINTER,
        answered,
        replace(PRINTER, number=8, title="Fan", status="resolved", asks="confirm"),
        replace(PRINTER, number=None, title="Screen", state="saved"),
        replace(PRINTER, number=None, title="Mouse", state="refused"),
    )
    told = shown(Known(tickets=tickets), Waiting({"id": "w", "title": "Keyboard"}))

    assert texts(told.items)[3:] == [
        *texts(told.items)[3:4],
        "My tickets (6 open)",
        "Waiting here: Keyboard",
        "1042 The printer is dead: being worked on, due today 13:00",
        "7 Mail: being worked on, answered",
        "8 Fan: is it fixed?",
        "Screen: saved, will be sent",
        "Mouse: refused",
        "", "Show all…", "Check this computer now", "Help and contacts…", "What is sent…", "",
        "Quit",
    ]  # fmt: skip
    assert (told.mood, told.tooltip) == (Mood.ANSWER, "1 ticket waits for your answer")


def test_help_shows_telephone_and_hours_without_any_network() -> None:
    desk = Desk.read(
        {
            "provider": "Northwind IT",
            "phone": "+44 20 7946 0000",
            "hours": [{"days": ["mon", "fri"], "from": "09:00", "to": "17:00"}],
            "time_zone": "Europe/London",
            "urgent": "+44 20 7946 0999",
        }
    )
    told = texts(shown(Known(connected=False, desk=desk)).items)

    assert "+44 20 7946 0000" in told
    assert "closed until Monday 09:00; urgent: +44 20 7946 0999" in told


def test_a_policy_can_take_quit_away() -> None:
    told = shown(Known(desk=Desk(quit=False)))

    assert Verb.QUIT not in {item.verb for item in told.items}


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        (None, True),
        (Known(desk=Desk(tray="always")), True),
        (Known(desk=Desk(tray="menu_only"), alerts=(DISK,)), False),
        (Known(desk=Desk(tray="on_problem")), False),
        (Known(desk=Desk(tray="on_problem"), alerts=(DISK,)), True),
        (Known(desk=Desk(tray="on_problem"), tickets=(PRINTER,)), True),
        (Known(desk=Desk(tray="on_problem"), tickets=(replace(PRINTER, status="closed"),)), False),
    ],
)
def test_a_policy_says_when_there_is_an_icon(known: Known | None, wanted: bool) -> None:  # noqa: FBT001 - a case
    assert visible(known, ()) is wanted


def test_a_terminal_is_told_what_is_known() -> None:
    assert lines(shown(Known(alerts=(DISK,)))) == [
        "Disk C: is nearly full (ticket 1042, being worked on)"
    ]


def test_a_terminal_is_told_of_the_persons_own_tickets_and_of_reports_that_wait() -> None:
    told = lines(shown(Known(tickets=(PRINTER,)), Waiting({"id": "w", "title": "Keyboard"})))

    assert told == [
        "All is well with this computer",
        "My tickets (2 open)",
        "  Waiting here: Keyboard",
        "  1042 The printer is dead: being worked on, due today 13:00",
    ]


def test_many_alerts_do_not_fill_the_screen() -> None:
    alerts = tuple(replace(DISK, fingerprint=str(n), title="x" * 500) for n in range(30))
    told = lines(shown(Known(alerts=alerts)))

    assert len(told) == 7
    assert told[-1] == "and 24 more"
    assert max(map(len, told)) < 120
