"""Who is missing, and what is an outage, as numbers and instants."""

from datetime import timedelta

import pytest

from agent.protocol.words import LastWord
from server_stub.fleet.judgement import Sight, is_outage, is_over, may_become_outage, together
from server_stub.sla.monitor_terms import OutageTerms
from tests.support.rows import NOW

MINUTE = timedelta(minutes=1)
MISSED = 12 * MINUTE
LONG_AGO = NOW - timedelta(days=1)


def test_a_device_is_missing_once_it_missed_its_heartbeats() -> None:
    assert not Sight(NOW).is_missing(NOW + 11 * MINUTE, MISSED, LONG_AGO)
    assert Sight(NOW).is_missing(NOW + 12 * MINUTE, MISSED, LONG_AGO)


@pytest.mark.parametrize("word", [LastWord.SLEEP, LastWord.SHUTDOWN])
def test_a_computer_that_said_it_goes_is_not_missing_however_long(word: LastWord) -> None:
    assert not Sight(NOW, word, NOW).is_missing(NOW + timedelta(days=400), MISSED, LONG_AGO)


def test_an_agent_that_was_stopped_leaves_its_computer_unwatched() -> None:
    assert Sight(NOW, LastWord.STOPPED, NOW).is_missing(NOW + 12 * MINUTE, MISSED, LONG_AGO)


def test_a_last_word_ends_with_the_next_sign_of_life() -> None:
    late = Sight(NOW + MINUTE, LastWord.SLEEP, NOW)
    awake = Sight(NOW + 3 * MINUTE, LastWord.SLEEP, NOW)

    assert late.is_away, "an envelope that was on its way with it"
    assert awake.is_missing(NOW + 15 * MINUTE, MISSED, LONG_AGO)


def test_those_count_together_who_were_last_heard_within_the_time() -> None:
    times = [NOW, NOW + 20 * MINUTE, NOW + 25 * MINUTE, NOW + 34 * MINUTE, NOW + 60 * MINUTE]

    assert together(times, 15 * MINUTE) == (NOW + 20 * MINUTE, 3)
    assert together(times[:1], 15 * MINUTE) == (NOW, 1)
    assert together(times, timedelta(0)) == (NOW + 60 * MINUTE, 1), "of equals the latest"


def test_an_outage_needs_both_a_number_and_a_share() -> None:
    terms = OutageTerms(share_percent=50, at_least=3)

    assert is_outage(3, 6, terms)
    assert not is_outage(3, 7, terms)
    assert not is_outage(2, 2, terms)


def test_nobody_is_told_alone_while_more_may_follow() -> None:
    terms = OutageTerms(at_least=3, within=15 * MINUTE, missed_after=MISSED)

    assert may_become_outage(3, NOW, NOW + 26 * MINUTE, terms)
    assert not may_become_outage(3, NOW, NOW + 27 * MINUTE, terms)
    assert not may_become_outage(2, NOW, NOW, terms)


def test_an_outage_is_over_when_all_are_back_or_no_more_come() -> None:
    terms = OutageTerms(share_percent=50, within=15 * MINUTE)

    assert is_over(0, 300, timedelta(0), terms)
    assert is_over(2, 300, 15 * MINUTE, terms)
    assert not is_over(2, 300, 14 * MINUTE, terms), "more may come"
    assert not is_over(2, 300, None, terms), "none has come"
    assert not is_over(150, 300, 60 * MINUTE, terms), "they are an outage by themselves"
