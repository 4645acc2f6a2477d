"""What the desk holds to be over is looked at again, and told of only while it is still there."""

from pathlib import Path

from agent.protocol.words import Change
from tests.agent.runner_bench import Bench, Level, level_rule


def fired(tmp_path: Path) -> tuple[Bench, Level]:
    """Return a bench on which one alert has been opened."""
    level = Level()
    bench = Bench(level_rule(level, tmp_path), level)
    level.value = 95.0
    bench.turns(31)
    assert [event.change for event in bench.store.events] == [Change.OPENED]
    return bench, level


def doubted(bench: Bench) -> dict[str, int]:
    last = bench.store.events[-1]
    return {last.alert_id: last.sequence}


def test_one_that_is_still_there_is_told_once_more_and_only_once(tmp_path: Path) -> None:
    bench, level = fired(tmp_path)
    runner = bench.runner
    probes = level.probes

    runner.look_again(doubted(bench))
    runner.turn()
    bench.turns(60)

    opened, again = bench.store.events
    assert level.probes > probes
    assert (again.change, again.alert_id, again.sequence) == (Change.CHANGED, opened.alert_id, 2)
    assert again.evaluation is opened.evaluation


def test_it_is_looked_at_at_once(tmp_path: Path) -> None:
    bench, level = fired(tmp_path)
    probes = level.probes
    assert bench.runner.turn() > 0
    assert level.probes == probes, "it is not due"

    bench.runner.look_again(doubted(bench))
    bench.runner.turn()

    assert level.probes == probes + 1


def test_one_that_is_well_resolves_as_always(tmp_path: Path) -> None:
    bench, level = fired(tmp_path)
    level.value = 40.0

    bench.runner.look_again(doubted(bench))
    bench.runner.turn()
    assert len(bench.store.events) == 1
    bench.turns(31)

    assert [event.change for event in bench.store.events] == [Change.OPENED, Change.RESOLVED]


def test_one_that_comes_back_while_it_clears_is_told(tmp_path: Path) -> None:
    bench, level = fired(tmp_path)
    bench.runner.look_again(doubted(bench))
    level.value = 40.0
    bench.runner.turn()
    level.value = 95.0

    bench.turns(31)

    assert [event.change for event in bench.store.events] == [Change.OPENED, Change.CHANGED]


def test_the_desk_may_know_less_than_was_told_meanwhile_or_name_others(tmp_path: Path) -> None:
    bench, level = fired(tmp_path)
    probes = level.probes

    bench.runner.look_again({bench.store.events[0].alert_id: 0, "another": 1})
    bench.runner.turn()

    assert level.probes == probes
    assert len(bench.store.events) == 1
