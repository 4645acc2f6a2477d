"""What checks remember between looks."""

import json
from pathlib import Path

import pytest

from agent.errors import NotNowError
from agent.protocol.words import Evaluation
from tests.agent.runner_bench import Bench, Level, Log, level_rule


@pytest.fixture
def log_bench(tmp_path: Path) -> tuple[Bench, Log]:
    log = Log()
    return Bench(level_rule(Level(), tmp_path), log), log


def test_what_a_check_remembers_is_stored_with_what_it_leads_to(
    log_bench: tuple[Bench, Log],
) -> None:
    bench, log = log_bench
    log.lines = ["bad"] * 95
    bench.turns(31)

    assert bench.store.events[-1].evaluation is Evaluation.CRITICAL
    assert json.loads(bench.store.remembered["memory:level"] or "") == {
        "cursor": "95",
        "count": "95",
    }


def test_each_line_counts_once_over_a_kill(log_bench: tuple[Bench, Log]) -> None:
    bench, log = log_bench
    log.lines = ["fine"] * 5
    bench.turns(1)
    stored = dict(bench.store.remembered)
    log.lines += ["fine"] * 2
    bench.turns(20)
    bench.schedule.memory = None  # killed: what was not stored is forgotten

    bench.runner = bench.another(recall=stored.get)
    bench.turns(11)

    assert bench.schedule.memory == {"cursor": "7", "count": "7"}


def test_a_probe_that_breaks_off_has_remembered_nothing(log_bench: tuple[Bench, Log]) -> None:
    bench, log = log_bench
    log.lines = ["fine"] * 5
    log.broken = True
    bench.turns(11)
    log.broken = False
    bench.turns(11)

    assert bench.schedule.memory == {"cursor": "5", "count": "5"}


def test_what_is_remembered_alone_is_stored_once_in_five_minutes(
    log_bench: tuple[Bench, Log],
) -> None:
    bench, log = log_bench
    for _ in range(900):
        log.lines = [*log.lines, "fine"][:40]
        bench.turns(1)
    commits = bench.store.commits

    assert commits <= 4


def test_what_was_remembered_and_cannot_be_read_yet_is_waited_for(
    log_bench: tuple[Bench, Log],
) -> None:
    """To begin anew would be to pass over the lines that came while the agent was away."""
    bench, log = log_bench
    log.lines = ["fine"] * 5
    bench.turns(31)
    stored, failing = dict(bench.store.remembered), [True]
    log.lines += ["fine"] * 2
    bench.schedule.memory = None

    def recall(name: str) -> str | None:
        if failing:
            raise NotNowError("the agent's store cannot be read just now (the disk fails)")
        return stored.get(name)

    bench.runner = bench.another(recall=recall)
    bench.turns(11)
    [unknown] = bench.schedule.evaluations.values()
    assert (unknown.evaluation, bench.schedule.memory) == (Evaluation.UNKNOWN, None)
    assert "cannot be read just now" in unknown.reason
    failing.clear()
    bench.turns(11)

    assert bench.schedule.memory == {"cursor": "7", "count": "7"}


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"cursor": 5}', "null"])
def test_a_memory_that_cannot_be_read_is_begun_anew(
    log_bench: tuple[Bench, Log], text: str
) -> None:
    bench, _ = log_bench
    bench.runner = bench.another(recall=lambda _: text)
    bench.turns(1)
