"""Rules against a device's own past: what they would have told, and what cannot be known."""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Final

import pytest

from agent.alerts import AlertState, step
from agent.check_api import Check, Increase, Measured, Metric, Unit, UsedUpIn
from agent.clock import Now
from agent.evaluate import evaluate
from agent.past import Past
from agent.protocol.words import Change, Evaluation
from agent.replay import Replayed, Told, daily, replay
from agent.replay_report import _NOT_REPLAYED, replay_lines, replay_tree
from agent.rules.loader import load
from agent.rules.model import RuleSet
from agent.store.history_file import HistoryFile, SeriesKey
from agent.store.recorded import recorded
from agent.trends import Trends

MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
START: Final = datetime(2026, 6, 1, tzinfo=UTC).timestamp()

CHECKS: Final = {
    "load": Check(
        "load",
        "a test",
        (
            Metric("used_percent", Unit.SHARE, "used"),
            Metric("state", Unit.WORD, "how", ("up", "down")),
            Metric("total", Unit.COUNT, "counted"),
            Metric("total_1h", Unit.COUNT, "", derived=Increase("total", HOUR)),
            Metric("free_bytes", Unit.BYTES, "room"),
            Metric("all_bytes", Unit.BYTES, "all"),
            Metric("full_in", Unit.SECONDS, "", derived=UsedUpIn("free_bytes", "all_bytes")),
        ),
        lambda _: iter(()),
    )
}
Rules = Callable[[str], RuleSet]
Samples = dict[SeriesKey, list[tuple[float, float]]]


@pytest.fixture
def rules(tmp_path: Path) -> Rules:
    def read(text: str) -> RuleSet:
        path = tmp_path / "rules.yaml"
        path.write_text("version: 1\nrules:\n" + dedent(text))
        return load(path, CHECKS)

    return read


BUSY: Final = """
  - name: busy
    check: load
    every: 1m
    warning: {when: used_percent > 90, for: 30m, clear: used_percent < 80, clear_for: 10m}
"""
DOWN: Final = """
  - name: down
    check: load
    every: 1m
    critical: {when: state == down, for: 5m, clear_for: 10m}
"""


def series(metric: str, samples: Iterable[tuple[float, float]], target: str = "it") -> Samples:
    key = SeriesKey("load", target, metric)
    return {key: [(START + at_s, value) for at_s, value in samples]}


def hourly(until_s: float, value: float = 0.0) -> list[tuple[float, float]]:
    return [(n * HOUR, value) for n in range(int(until_s / HOUR) + 1)]


def past_of(*given: Samples) -> Past:
    whole: Samples = {}
    for one in given:
        whole |= one
    return Past(whole, START + 1000 * DAY)


def told_of(found: Replayed) -> Told:
    [told] = found.told
    return told


def times(told: Told) -> list[tuple[float, float | None]]:
    return [
        (ticket.opened_s - START, None if ticket.ended_s is None else ticket.ended_s - START)
        for ticket in told.tickets
    ]


class Recorder:
    """A computer with an agent: what its agent told, and what its history holds of it."""

    def __init__(self, rules: RuleSet) -> None:
        self.rule = rules.rules[0]
        self.kept: Samples = {}
        self._trends = Trends(self)
        self._state: AlertState | None = None
        self._awake_s = 100 * DAY
        self.told: list[tuple[float, Change]] = []

    def append(self, rows: Iterable[tuple[SeriesKey, float, float]]) -> bool:
        for key, at_s, value in rows:
            self.kept.setdefault(key, []).append((at_s, value))
        return True

    def samples(self, key: SeriesKey, since_s: float) -> list[tuple[float, float]]:
        return [one for one in self.kept.get(key, []) if one[0] >= since_s]

    def look(self, at_s: float, values: Mapping[str, float | str]) -> None:
        self._awake_s += self.rule.every_s
        now = Now(self._awake_s, self._awake_s, datetime.fromtimestamp(at_s, UTC))
        check = CHECKS["load"]
        measured = Measured("it", values)
        measured = self._trends.complete(check, measured, self.rule.metrics, now)
        self._trends.write(now, at_once=True)
        found = evaluate(self.rule, check, measured)
        self._state, event = step(self._state, found, self.rule, now, "boot")
        if event is not None:
            self.told.append((at_s, event.change))


@pytest.mark.parametrize("seed", range(12))
def test_a_replay_tells_what_the_agent_told_then(rules: Rules, seed: int) -> None:
    """Give or take five minutes, for what changes gets no sample more often than that."""
    dice = random.Random(seed)  # noqa: S311 - to be repeated
    ours = rules(BUSY)
    recorder = Recorder(ours)
    at_s = START
    while at_s < START + 6 * DAY:
        lasts_s = dice.choice((15 * MINUTE, 50 * MINUTE, 3 * HOUR, 9 * HOUR))
        used = dice.choice((20.0, 50.0, 85.0, 97.0))
        for _ in range(int(lasts_s / MINUTE)):
            recorder.look(at_s, {"used_percent": used + dice.choice((-0.3, 0.0, 0.3))})
            at_s += MINUTE

    told = told_of(replay(ours, CHECKS, Past(recorder.kept, at_s), START)[0])

    found = [(t.opened_s, Change.OPENED) for t in told.tickets]
    found += [(t.ended_s, Change.RESOLVED) for t in told.tickets if t.ended_s is not None]
    assert [change for _, change in sorted(found)] == [change for _, change in recorder.told]
    for (then_s, _), (now_s, _) in zip(recorder.told, sorted(found), strict=True):
        assert abs(then_s - now_s) <= 6 * MINUTE


def test_a_value_holds_until_the_next_sample_of_its_series(rules: Rules) -> None:
    used = [*hourly(DAY, 50.0), (DAY + HOUR, 99.0), *((DAY + n * HOUR, 99.0) for n in range(2, 5)),
            (DAY + 5 * HOUR, 50.0), (DAY + 6 * HOUR, 50.0)]  # fmt: skip

    found = told_of(replay(rules(BUSY), CHECKS, past_of(series("used_percent", used)), START)[0])

    assert times(found) == [(DAY + 1.5 * HOUR, DAY + 5 * HOUR + 10 * MINUTE)]


def test_where_the_next_sample_is_far_nobody_looked_and_nothing_is_made_up(rules: Rules) -> None:
    used = [*hourly(DAY, 50.0), (DAY + HOUR, 99.0), (3 * DAY, 50.0), (3 * DAY + HOUR, 50.0)]
    past = past_of(series("used_percent", used))

    found = told_of(replay(rules(BUSY), CHECKS, past, START)[0])

    assert times(found) == []
    assert past.unseen_s(START) == 2 * DAY - HOUR
    assert found.looked_s < DAY + 3 * HOUR


def test_a_word_is_known_to_the_look(rules: Rules) -> None:
    changes = [(0.0, 0.0), (1000.0, 1.0), (1200.0, 0.0), (2000.0, 1.0), (3000.0, 0.0), (9000.0, 0)]

    found = told_of(replay(rules(DOWN), CHECKS, past_of(series("state", changes)), START)[0])

    [(opened_s, ended_s)] = times(found)
    assert opened_s == pytest.approx(2300, abs=60)
    assert ended_s == pytest.approx(3600, abs=60)


def test_what_comes_and_goes_is_one_ticket_that_flaps(rules: Rules) -> None:
    text = DOWN.replace("for: 5m", "for: 0s")
    changes = [(n * 10 * MINUTE, float(n % 2)) for n in range(20)]

    found = told_of(replay(rules(text), CHECKS, past_of(series("state", changes)), START)[0])

    assert [ticket.flapping for ticket in found.tickets] == [True]


def test_a_metric_that_follows_from_others_is_derived_again(rules: Rules) -> None:
    text = """
  - name: counted
    check: load
    every: 5m
    warning: {when: total_1h >= 3, for: 0s, clear: total_1h == 0, clear_for: 0s}
"""
    counted = [*hourly(DAY, 7.0), (DAY + 60, 8.0), (DAY + 400, 10.0),
               *((DAY + n * HOUR, 10.0) for n in range(1, 6))]  # fmt: skip

    found = told_of(replay(rules(text), CHECKS, past_of(series("total", counted)), START)[0])

    [(opened_s, ended_s)] = times(found)
    assert opened_s == pytest.approx(DAY + 400, abs=300)
    assert ended_s == pytest.approx(DAY + 400 + HOUR, abs=300)


def test_a_forecast_is_made_of_what_was_known_then(rules: Rules) -> None:
    text = """
  - name: fills
    check: load
    every: 1h
    warning: {when: full_in < 4d, for: 0s}
"""
    days = 10
    free = [(at_s, 1e12 * (1 - at_s / (days * DAY))) for at_s, _ in hourly((days - 1) * DAY)]
    past = past_of(series("free_bytes", free), series("all_bytes", hourly(9 * DAY, 1e12)))

    found = told_of(replay(rules(text), CHECKS, past, START)[0])

    [(opened_s, ended_s)] = times(found)
    assert opened_s == pytest.approx(6 * DAY, abs=DAY)
    assert ended_s is None


def test_a_rule_is_silent_while_another_explains_it_or_in_a_maintenance_window(
    rules: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = rules(f"""
  - name: parent
    check: load
    targets: {{include: [parent]}}
    critical: {{when: state == down, for: 0s}}
    ticket: none
{DOWN}    depends_on: [parent]
    targets: {{exclude: [parent]}}
  - name: quiet
    check: load
    targets: {{exclude: [parent]}}
    critical: {{when: state == down, for: 5m}}
maintenance:
  - {{name: always, from: "00:00", to: "24:00", rules: [quiet]}}
""")
    child = [(0.0, 0.0), (1 * HOUR, 1.0), (2 * HOUR, 1.0), (3 * HOUR, 0.0), (5 * HOUR, 0.0)]
    parent = [(0.0, 0.0), (0.9 * HOUR, 1.0), (2 * HOUR, 1.0), (3.1 * HOUR, 0.0), (5 * HOUR, 0.0)]
    past = past_of(series("state", child), series("state", parent, "parent"))

    first, second, third = replay(ours, CHECKS, past, START)

    assert told_of(first).trouble == [(START + 0.9 * HOUR, START + 3.1 * HOUR)]
    assert (told_of(first).tickets, told_of(second).tickets, told_of(third).tickets) == ([], [], [])
    assert (told_of(second).held_back, told_of(third).held_back) == (1, 1)


@pytest.mark.parametrize("because", ["explained", "in a maintenance window"])
def test_what_was_held_back_opens_when_that_ends_though_no_sample_comes(
    rules: Rules, because: str
) -> None:
    """Samples of what stays as it is come once an hour; the agent looked each minute."""
    explained = because == "explained"
    begins, ends = (
        datetime.fromtimestamp(START + hours * HOUR, UTC).astimezone().strftime("%H:%M")
        for hours in (0.5, 1.5)
    )
    ours = rules(f"""
  - name: parent
    check: load
    targets: {{include: [parent]}}
    critical: {{when: state == down, for: 0s}}
    ticket: none
{DOWN}    targets: {{exclude: [parent]}}
    depends_on: [{"parent" if explained else ""}]
maintenance:
  - {{name: window, from: "{begins}", to: "{ends}", rules: [{"parent" if explained else "down"}]}}
""")
    child = [(0.0, 0.0), (1 * HOUR, 1.0), (2 * HOUR, 1.0), (3 * HOUR, 0.0), (5 * HOUR, 0.0)]
    parent = [(0.0, 0.0), (0.9 * HOUR, 1.0), (1.5 * HOUR, 0.0), (3.5 * HOUR, 0.0)]
    past = past_of(series("state", child), series("state", parent, "parent"))

    down = told_of(replay(ours, CHECKS, past, START)[1])

    [(opened_s, ended_s)] = times(down)
    begun = 1.5 * HOUR + (5 * MINUTE if explained else 0)
    assert opened_s == pytest.approx(begun, abs=MINUTE)
    assert ended_s == pytest.approx(3 * HOUR + 10 * MINUTE, abs=MINUTE)


def test_what_the_history_does_not_hold_is_said(rules: Rules) -> None:
    ours = rules(BUSY + DOWN.replace("state == down", "state == down or used_percent > 99"))
    past = past_of(series("state", hourly(40 * DAY)))

    found = replay(ours, CHECKS, past, past.until_s - 30 * DAY)

    assert [one.lacking for one in found] == [("used_percent",), ("used_percent",)]
    lines = replay_lines(found, past, 30)
    assert "busy: cannot be replayed, for the history holds nothing of used_percent" in lines
    assert (
        "down: would have opened no ticket in 30 days; without used_percent, of which the "
        "history holds nothing"
    ) in lines


def test_a_history_of_one_look_is_a_short_one(rules: Rules) -> None:
    past = past_of(series("used_percent", [(0.0, 50.0)]))

    lines = replay_lines(replay(rules(BUSY), CHECKS, past, START), past, 30)

    assert lines[1] == "it goes back 0 s, not 30 d: so much is replayed"
    assert lines[-1] == "busy: would have opened no ticket in 0 s"


def test_the_report_tells_how_much_history_there_is_and_what_was_told(rules: Rules) -> None:
    ours = rules(BUSY.replace("every: 1m", "every: 1m\n    mode: watch"))
    used = [*hourly(DAY, 50.0), (DAY + HOUR, 99.0), (DAY + 2 * HOUR, 99.0), (DAY + 3 * HOUR, 9.0),
            (DAY + 4 * HOUR, 9.0), (2 * DAY, 9.0)]  # fmt: skip
    past = past_of(series("used_percent", used))

    found = replay(ours, CHECKS, past, past.until_s - 30 * DAY)

    assert replay_lines(found, past, 30) == [
        "history: 30 samples from 2026-06-01 00:00 UTC to 2026-06-03 00:00 UTC",
        "it goes back 2 d, not 30 d: so much is replayed",
        "nobody looked for 20 h of it: the agent or the computer was off or asleep",
        _NOT_REPLAYED,
        "",
        (
            "busy: would have opened 1 ticket in 2 d (it looked for 1 d 4 h of them); the longest "
            "was open for 1 h 40 min; it only watches so far"
        ),
        (
            "  it: 1 ticket, the longest 1 h 40 min; the last warning, 2026-06-02 01:30 UTC, open "
            "for 1 h 40 min"
        ),
    ]
    tree = replay_tree(found, past, 30)
    [ticket] = tree["rules"][0]["targets"][0]["tickets"]
    assert ticket["opened_at"] == "2026-06-02T01:30:00.000Z"
    assert (ticket["lasted_s"], ticket["flapping"]) == (100 * MINUTE, False)


def test_what_comes_true_every_day_is_hinted_at_by_its_condition(rules: Rules) -> None:
    ours = rules(BUSY + DOWN)
    busy_hour = [(at_s, 97.0 if at_s % DAY // HOUR == 9 else 20.0) for at_s, _ in hourly(10 * DAY)]
    past = past_of(series("used_percent", busy_hour), series("state", hourly(10 * DAY)))

    [hint] = daily(replay(ours, CHECKS, past, START))

    assert hint.line == 7
    assert hint.message == (
        "busy: warning: it came true 10 times in 10 days of this computer's history (it): what "
        "happens every day is no alarm"
    )


def test_a_spell_shorter_than_its_for_is_no_crossing(rules: Rules) -> None:
    short = [(n * DAY / 2 + k, v) for n in range(20) for k, v in ((0, 97.0), (1200, 20.0))]
    between = [(at_s, 20.0) for at_s, _ in hourly(10 * DAY) if at_s % (DAY / 2)]
    past = past_of(series("used_percent", sorted([*short, *between])))

    assert daily(replay(rules(BUSY), CHECKS, past, START)) == []


def test_samples_of_a_wrong_clock_are_left_out_or_put_in_order(rules: Rules) -> None:
    used = [*hourly(DAY, 50.0), (4000 * DAY, 99.0), (DAY - 1000, 50.0), (DAY + HOUR, 50.0)]

    found = told_of(replay(rules(BUSY), CHECKS, past_of(series("used_percent", used)), START)[0])

    assert times(found) == []
    assert found.looked_s == pytest.approx(DAY + HOUR, abs=120)


def test_the_evaluation_is_the_worst_of_an_opening(rules: Rules) -> None:
    text = """
  - name: both
    check: load
    warning: {when: used_percent > 80, for: 0s}
    critical: {when: used_percent > 95, for: 0s}
"""
    used = [(0.0, 10.0), (HOUR, 85.0), (2 * HOUR, 99.0), (3 * HOUR, 85.0), (4 * HOUR, 10.0),
            (5 * HOUR, 10.0)]  # fmt: skip

    found = told_of(replay(rules(text), CHECKS, past_of(series("used_percent", used)), START)[0])

    assert [ticket.evaluation for ticket in found.tickets] == [Evaluation.CRITICAL]


def test_thirty_days_of_minutes_are_replayed_from_a_real_file(rules: Rules, tmp_path: Path) -> None:
    file = HistoryFile(tmp_path)
    file.append([(SeriesKey("load", "it", "state"), START + at_s, 0.0)
                 for at_s, _ in hourly(30 * DAY)])  # fmt: skip
    before = (tmp_path / "history.db").read_bytes()

    past = Past(recorded(tmp_path), START + 31 * DAY)
    found = told_of(replay(rules(DOWN), CHECKS, past, START)[0])

    assert found.looked_s == 30 * DAY
    assert found.tickets == []
    assert (tmp_path / "history.db").read_bytes() == before


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder whose history tells of a disk that was too full for ten days."""
    folder = tmp_path / "state"
    folder.mkdir()
    free = SeriesKey("disk.space", "/srv", "free_percent")
    HistoryFile(folder).append([(free, START + at_s, 3.0) for at_s, _ in hourly(10 * DAY)])
    (tmp_path / "rules.yaml").write_text(
        "version: 1\nrules:\n  - name: full\n    check: disk.space\n"
        "    warning: {when: free_percent < 5, for: 1h, clear: free_percent > 8}\n"
    )
    return folder


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "agent", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_replays_what_is_stored_in_words_and_for_programs(
    state: Path, tmp_path: Path
) -> None:
    rules = str(tmp_path / "rules.yaml")

    told = run("replay", "--state", str(state), "--rules", rules, "--days", "5")
    tree = json.loads(run("replay", "--state", str(state), "--rules", rules, "--json").stdout)

    assert told.returncode == 0, told.stderr
    assert "full: would have opened 1 ticket in 5 days; the longest was" in told.stdout
    assert [len(target["tickets"]) for target in tree["rules"][0]["targets"]] == [1]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("replay", "--state", "{empty}", "--rules", "{rules}"), 1, "there is no"),
        (("replay", "--state", "{state}", "--rules", "{wrong}"), 2, "wrong.yaml:1:1:"),
        (("replay", "--state", "{state}", "--rules", "{rules}", "--days", "0"), 2, "--days"),
        (("validate", "--state", "{empty}", "{rules}"), 0, "no hints from history: there is no"),
    ],
)
def test_what_cannot_be_done_is_said(
    state: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "wrong.yaml").write_text("rulez: []\n")
    places = {
        "empty": tmp_path / "empty",
        "rules": tmp_path / "rules.yaml",
        "state": state,
        "wrong": tmp_path / "wrong.yaml",
    }

    done = run(*(word.format(**places) for word in arguments))

    assert (done.returncode, says in done.stderr) == (code, True), done
    assert "Traceback" not in done.stderr


def test_validate_hints_at_what_history_crosses_daily(state: Path, tmp_path: Path) -> None:
    used = SeriesKey("memory", "memory", "used_percent")
    HistoryFile(state).append(
        [(used, START + at_s, 97.0 if at_s % DAY < 2 * HOUR else 20.0)
         for at_s, _ in hourly(10 * DAY)]
    )  # fmt: skip
    file = tmp_path / "rules.yaml"
    file.write_text(
        "version: 1\nrules:\n  - name: short\n    check: memory\n"
        "    warning: {when: used_percent > 90, for: 10m, clear: used_percent < 80}\n"
    )

    done = run("validate", "--state", str(state), str(file))

    assert done.returncode == 0
    assert f"{file}:5:14: hint: short: warning: it came true 10 times in 10 days" in done.stdout
