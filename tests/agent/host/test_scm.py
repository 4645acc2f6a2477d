"""What Windows' service manager tells, in our words; how it is asked is seen in tests/windows."""

import pytest

from agent.host.scm import DELAY_S, start_word, state_word

STOPPED, START_PENDING, STOP_PENDING, RUNNING, CONTINUE_PENDING, PAUSE_PENDING, PAUSED = range(1, 8)
CRASHED, NEVER_STARTED = 1067, 1077
LONG_UP = DELAY_S + 1


@pytest.mark.parametrize(
    ("state", "exit_code", "word"),
    [
        (RUNNING, 0, "running"),
        (RUNNING, CRASHED, "running"),
        (START_PENDING, NEVER_STARTED, "starting"),
        (CONTINUE_PENDING, 0, "starting"),
        (STOP_PENDING, 0, "stopped"),
        (PAUSED, 0, "stopped"),
        (PAUSE_PENDING, 0, "stopped"),
        (STOPPED, 0, "stopped"),
        (STOPPED, NEVER_STARTED, "stopped"),
        (STOPPED, CRASHED, "failed"),
        (STOPPED, 1066, "failed"),
    ],
)
def test_each_state_has_its_word(state: int, exit_code: int, word: str) -> None:
    assert state_word(state, exit_code, "automatic", LONG_UP) == word


def test_one_with_a_delayed_start_waits_for_its_turn_after_the_boot_alone() -> None:
    assert state_word(STOPPED, NEVER_STARTED, "delayed", DELAY_S - 1) == "starting"
    assert state_word(STOPPED, NEVER_STARTED, "delayed", LONG_UP) == "stopped"
    assert state_word(STOPPED, 0, "delayed", 60) == "stopped", "it was stopped since"


@pytest.mark.parametrize(
    ("start", "delayed", "word"),
    [
        (2, False, "automatic"),
        (2, True, "delayed"),
        (3, True, "manual"),
        (4, True, "disabled"),
        (0, False, "automatic"),
        (77, False, "manual"),
    ],
)
def test_how_it_starts_has_its_word(start: int, *, delayed: bool, word: str) -> None:
    assert start_word(start, delayed=delayed) == word
