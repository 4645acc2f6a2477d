from datetime import UTC, datetime
from pathlib import Path

from agent.check_api import Metric, TargetFilter
from agent.clock import Now
from agent.evaluate import TargetEvaluation
from agent.protocol import strict
from agent.protocol.device import MAX_CHECKS, parse_heartbeat
from agent.protocol.words import Evaluation, Unit
from agent.rules.model import Only, Rule, TicketText
from agent.settings import default_rules_file, os_word, shipped_rules_file
from agent.status import check_states, check_trees, heartbeat_text

NOW = Now(1.0, 1.0, datetime(2026, 11, 21, 12, tzinfo=UTC))
RULE = Rule("disk", "disk.space", 60, "", Only(), TargetFilter(), None, None, TicketText("t"))


def judged(target: str, reason: str = "") -> tuple[Rule, TargetEvaluation, str]:
    one = TargetEvaluation(
        target,
        reason=reason,
        metrics=(Metric("free_percent", Unit.SHARE, "free"),),
        values={"free_percent": 12.0},
    )
    return RULE, one, "2026-11-21T12:00:00.000Z"


def test_the_graver_states_come_first_and_tell_their_values_or_reason() -> None:
    states = check_states([judged("/"), judged("/mnt", "it hangs")])

    assert [(state.target, state.summary) for state in states] == [
        ("/mnt", "it hangs"),
        ("/", "free_percent 12 %"),
    ]
    assert check_trees(states)[0]["evaluation"] is Evaluation.UNKNOWN


def test_a_heartbeat_of_very_many_odd_targets_still_parses() -> None:
    states = check_states([judged(f"/vol\ud800\0/{n}{'x' * 300}") for n in range(MAX_CHECKS + 50)])

    text = heartbeat_text(
        NOW, NOW.label(), waiting=1, oldest_s=2.0, counters={"parked": 1}, facts_hash="",
        states=states,
    )  # fmt: skip

    assert len(parse_heartbeat(strict.parse(text.encode())).checks) == MAX_CHECKS


def test_the_shipped_rules_are_found_from_a_checkout() -> None:
    assert shipped_rules_file() == Path(__file__).parents[2] / "rules.yaml"
    assert default_rules_file().exists()
    assert os_word() in {"linux", "windows", "macos"}
