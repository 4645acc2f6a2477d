"""The section ``desk``: what trays tell and ask, every mistake with its place."""

import pytest

from agent.protocol.words import Priority, ReportKind, Urgency
from server_stub.sla import policy
from server_stub.sla.check import desk
from server_stub.sla.contradictions import contradictions
from server_stub.sla.policy import DEFAULT, PolicyError
from server_stub.sla.terms import Desk, Question, Tray
from tests.server_stub.sla.test_policy import TEXT
from tray.report_draft import questions

SECTION = """\
desk:
  provider: Northwind IT
  phone: +44 20 7946 0000
  email: help@northwind.example
  urgent: call +44 1, day and night
  calendar: office
  tray: on_problem
  quit: no
  shared_accounts: [Reception, kiosk]
  priorities: {cannot_work: urgent, can_wait: normal}
  questions:
    printer:
      - {key: which, ask: "Which printer?"}
      - {key: others, ask: "For others, too?", choices: [yes, no]}
"""
FIRST = len(TEXT.splitlines()) + 1


def changed(old: str, new: str) -> list[str]:
    """Return the problems after a change, by their lines within the section."""
    assert SECTION.count(old) == 1
    with pytest.raises(PolicyError) as caught:
        policy.load(TEXT + SECTION.replace(old, new))
    return [f"{p.line - FIRST}:{p.column}: {p.message}" for p in caught.value.problems]


def test_a_policy_describes_the_desk() -> None:
    told = policy.load(TEXT + SECTION).desk

    assert (told.provider, told.phone) == ("Northwind IT", "+44 20 7946 0000")
    assert (told.email, told.urgent) == ("help@northwind.example", "call +44 1, day and night")
    assert (told.calendar, told.tray, told.quit) == ("office", Tray.ON_PROBLEM, False)
    assert told.priorities == {
        Urgency.CANNOT_WORK: Priority.URGENT,
        Urgency.SLOWS_ME: Priority.NORMAL,
        Urgency.CAN_WAIT: Priority.NORMAL,
    }
    assert told.questions["printer"] == (
        Question("which", "Which printer?"),
        Question("others", "For others, too?", ("yes", "no")),
    )


@pytest.mark.parametrize(
    ("name", "is_shared"),
    [("reception", True), ("RECEPTION", True), ("SHOP\\Kiosk", True), ("ann", False), ("", False)],
)
def test_an_account_is_shared_by_its_name(name: str, *, is_shared: bool) -> None:
    assert policy.load(TEXT + SECTION).desk.shares(name) is is_shared


def test_the_section_may_be_left_out() -> None:
    assert policy.load(TEXT).desk == Desk()
    only = policy.load(DEFAULT.read_text().partition("\ndesk:")[0])
    assert only.desk == Desk(calendar="office"), "the only calendar is the desk's"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("provider:", "proivder:", "1:3: 'proivder' is not known here; did you mean provider?"),
        ("calendar: office", "calendar: offce",
         "5:13: 'offce' is not one of office, hotline; did you mean office?"),
        ("tray: on_problem", "tray: never",
         "6:9: 'never' is not one of always, on_problem, menu_only"),
        ("quit: no", "quit: perhaps", "7:9: 'perhaps' is not one of yes, true, no, false"),
        ("+44 20 7946 0000", '"a\\nb"', "2:10: one line of text belongs here"),
        ("Northwind IT", "x" * 201, "1:13: longer than 200 characters"),
        ("cannot_work: urgent", "cannot_work: asap",
         "9:29: 'asap' is not one of urgent, high, normal, low"),
        ("cannot_work: urgent", "cannot_work: low",
         "9:15: cannot_work would be less pressing than slows_me"),
        ("printer:", "priner:", "11:5: 'priner' is not known here; did you mean printer?"),
        ("key: which", "key: Which",
         "12:15: 'Which' is no key: a small letter, then small letters, digits, - and _"),
        ("key: others", "key: which", "13:15: 'which' is asked already, above"),
        ("key: others, ", "", "13:9: 'key' is missing"),
        ("[yes, no]", "[yes]", "13:57: 2 to 20 choices belong here, or leave the line out"),
        ("[yes, no]", "[yes, yes]",
         f"13:63: 'yes' stands there twice; first in line {FIRST + 13}"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(old: str, new: str, problem: str) -> None:
    assert changed(old, new) == [problem]


def test_a_form_that_asks_too_much_is_refused() -> None:
    lines = "".join(f"      - {{key: q{n}, ask: again}}\n" for n in range(9))
    with pytest.raises(PolicyError, match="more than 10 questions"):
        policy.load(TEXT + SECTION + lines)


def test_the_shipped_policy_asks_what_the_tray_asks_by_itself() -> None:
    """So a tray that speaks another language has words for it."""
    shipped = policy.load(DEFAULT)

    for kind in ReportKind:
        own = [(q.key, q.ask, q.choices) for q in questions(kind, None)]
        assert [tuple(q) for q in shipped.desk.questions[kind]] == own != [], kind
    assert contradictions(shipped) == []


def test_policy_check_tells_what_people_will_see() -> None:
    told = "\n".join(desk(policy.load(TEXT + SECTION)))

    assert "Northwind IT, +44 20 7946 0000, help@northwind.example" in told
    assert "cannot_work urgent, slows_me normal, can_wait normal" in told
    assert "kiosk, reception" in told
