from dataclasses import replace
from datetime import UTC, datetime

from tray.known import Entry, Known, Ticket
from tray.news import Told, news

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
FILED = Ticket("r", None, "No mail", state="saved")
NUMBERED = replace(FILED, number=7, state="sent")
REPLY = Entry("e1", NOW, "reply", "Ana", "Is the cable in?")
NOTHING = Told()


def texts(told: Told | None, ticket: Ticket) -> list[str]:
    return [f"{one.title} | {one.text}" for one in news(told, Known(tickets=(ticket,)))[0]]


def test_a_number_is_told_once() -> None:
    found, told = news(NOTHING, Known(tickets=(NUMBERED,)))

    assert [(one.title, one.text) for one in found] == [("Your ticket is 7", "No mail")]
    assert news(told, Known(tickets=(NUMBERED,))) == ((), told)
    assert Told.read(told.tree()) == told


def test_an_answer_is_told_and_stays_unread_until_it_is_looked_at() -> None:
    _, told = news(NOTHING, Known(tickets=(NUMBERED,)))

    found, told = news(told, Known(tickets=(replace(NUMBERED, entries=(REPLY,)),)))

    assert [(one.title, one.text) for one in found] == [
        ("Ticket 7: No mail", "Ana wrote: Is the cable in?")
    ]
    assert told.unread == {7}
    assert told.looked_at().unread == frozenset()


def test_the_desk_asks_whether_it_is_fixed_and_how_it_was() -> None:
    _, told = news(NOTHING, Known(tickets=(NUMBERED,)))

    assert texts(told, replace(NUMBERED, status="resolved", asks="confirm")) == [
        "Ticket 7: No mail | Is it fixed? Say so in My tickets."
    ]
    assert texts(told, replace(NUMBERED, status="closed", asks="rate")) == [
        "Ticket 7: No mail | How was it? Say so in My tickets."
    ]


def test_a_refusal_is_told_with_its_reason() -> None:
    refused = replace(FILED, state="refused", problem="the picture is no picture")

    assert texts(NOTHING, refused) == ["Not taken: No mail | the picture is no picture"]


def test_on_a_computer_with_a_past_nothing_old_is_news() -> None:
    known = Known(tickets=(replace(NUMBERED, entries=(REPLY,)),))

    found, told = news(None, known)

    assert found == ()
    assert told.unread == frozenset()
    assert news(told, known)[0] == ()
