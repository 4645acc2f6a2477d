"""What goes with an alert that opens or gets worse."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import evidence_parts
from agent.alert_events import announce
from agent.alert_state import AlertState
from agent.check_api import Check, CheckTimeoutError, Increase, Measured, Metric, Unit, Unreadable
from agent.clock import Now
from agent.evaluate import evaluate
from agent.evidence import Asked, Explainer
from agent.evidence_child import answer, in_words
from agent.evidence_parts import Answer, Questions
from agent.host.installed import Installed
from agent.protocol.events import AlertEvent, parse_event
from agent.protocol.evidence import Evidence
from agent.protocol.strict import parse
from agent.protocol.words import Evaluation
from agent.rules.model import Rule
from agent.rules.parser import parse as expression
from agent.settings import child_command
from agent.store.history_file import HistoryFile, SeriesKey
from agent.storm import Held, Storm
from agent.trends import Trends
from tests.agent.rule_samples import critical, load_rule, warning
from tests.support import volumes as real_volumes

CHECK = Check(
    "load",
    "a test",
    (
        Metric("load", Unit.COUNT, "how much"),
        Metric("load_percent", Unit.SHARE, "the same as a share"),
        Metric("kills_total", Unit.COUNT, "all"),
        Metric("kills_24h", Unit.COUNT, "of a day", derived=Increase("kills_total", 86_400)),
        Metric("state", Unit.WORD, "how", ("off", "on")),
    ),
    lambda _: iter(()),
)
JUDGED = "load > 10 and load_percent > 1 and state == on", "load > 20 or kills_24h > 1"
RULE = load_rule(
    warning=replace(warning(), when=expression(JUDGED[0], CHECK), clear=None),
    critical=replace(critical(), when=expression(JUDGED[1], CHECK), clear=None),
)
START = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = 3600.0


EXPLAINED = """
import sys, tempfile, pathlib
from agent import clock
from agent.alert_events import about_itself
from agent.evaluate import TargetEvaluation
from agent.evidence import Explainer
from agent.protocol.words import Evaluation
from agent.rules.model import Only, Rule, TicketText
from agent.check_api import TargetFilter
from agent.store.history_file import HistoryFile
from agent.trends import Trends
now = clock.now()._replace(boot_s=60.0)
rule = Rule("r", "c", 60.0, "", Only(), TargetFilter(), None, None, TicketText("t"))
explain = Explainer(Trends(HistoryFile(pathlib.Path(tempfile.mkdtemp()))), {})
for target in "ab":
    event = about_itself(target, "happened", "", now)
    told = explain(event, Evaluation.OK, (rule, TargetEvaluation(target)), now)
print(told.to_text())
print(*sys.modules)
"""


def at(seconds: float) -> Now:
    return Now(500_000 + seconds, 500_000 + seconds, START + timedelta(seconds=seconds))


def looked(load: float, **more: float | str) -> Measured:
    values: dict[str, float | str] = {"load": load, "load_percent": 50.0}
    return Measured("a", {**values, "kills_total": 0.0, "state": "on", **more})


def told(wanted: Evaluation, load: float = 30, now: Now | None = None) -> AlertEvent:
    one = evaluate(RULE, CHECK, looked(load))
    state = AlertState("load-high", "load", "a", "boot")
    return announce(state, wanted, one, RULE, now or at(0))[1]


class Child:
    """A child that answers at once, or not at all."""

    def __init__(self, answers: dict[str, list[Answer]] | None = None, takes_s: float = 0) -> None:
        self.questions: list[Sequence[str]] = []
        self.now_s = 1000.0
        self._answers = answers or {}
        self._takes_s = takes_s

    def __call__(self, question: Sequence[str]) -> list[Answer]:
        self.questions.append(question)
        self.now_s += self._takes_s
        if question[0] not in self._answers:
            raise CheckTimeoutError("no answer")
        return self._answers[question[0]]

    def explain(self, event: AlertEvent, *changed: str) -> tuple[Evidence, ...]:
        one = replace(evaluate(RULE, CHECK, looked(30)), target=event.target)
        return Questions(Asked(), self, lambda: self.now_s).evidence(event, one, changed)


class TestSeries:
    @pytest.fixture
    def trends(self, tmp_path: Path) -> Trends:
        return Trends(HistoryFile(tmp_path))

    def charted(
        self, trends: Trends, now: Now, rule: Rule = RULE, load: float = 30
    ) -> dict[str, tuple[tuple[int, float], ...]]:
        one = evaluate(rule, CHECK, looked(load))
        found = evidence_parts.series(trends, told(Evaluation.CRITICAL), rule, one, now)
        return {series.metric: series.points for series in found}

    def test_written_and_unwritten_samples_and_the_value_itself(self, trends: Trends) -> None:
        judged = frozenset({"load"})
        for minute, load in ((0, 2), (10, 4)):
            trends.complete(CHECK, looked(load), judged, at(60 * minute))
        trends.write(at(600))
        trends.complete(CHECK, looked(8), judged, at(1200))
        assert self.charted(trends, at(1500))["load"] == ((1500, 2), (900, 4), (300, 8), (0, 30))

    def test_what_held_when_the_hours_began_is_their_first_point(self, trends: Trends) -> None:
        judged = frozenset({"load"})
        trends.complete(CHECK, looked(2), judged, at(0))
        trends.complete(CHECK, looked(4), judged, at(600))
        assert self.charted(trends, at(8 * HOUR))["load"] == ((21_600, 4), (0, 30))

    def test_a_restless_metric_is_thinned_and_keeps_its_latest_points(self, trends: Trends) -> None:
        rows = [(SeriesKey("load", "a", "load"), START.timestamp() + n * 30, n) for n in range(900)]
        trends._history.append(list(rows))
        points = self.charted(trends, at(899 * 30))["load"]
        assert 50 <= len(points) <= 60
        assert points[-1] == (0, 30)
        assert points[-2][0] < 400
        assert [before for before, _ in points] == sorted({before for before, _ in points})[::-1]
        assert points[0][0] > 21_000

    def test_derived_metrics_show_what_they_come_from_words_nothing_and_none_comes_twice(
        self, trends: Trends
    ) -> None:
        judged = frozenset({"load", "load_percent", "state"})
        for number in range(3):
            trends.complete(CHECK, looked(number, kills_total=number), judged, at(number * 600))
        assert self.charted(trends, at(1800)).keys() == {"load", "kills_total"}

    def test_samples_of_a_clock_that_was_wrong_are_left_out(self, trends: Trends) -> None:
        key = SeriesKey("load", "a", "load")
        trends._history.append([(key, at(99_000).wall.timestamp(), 7.0), (key, 5.0, 9.0)])
        assert self.charted(trends, at(60))["load"] == ((21_600, 9), (0, 30))

    def test_one_point_is_no_series(self, trends: Trends) -> None:
        assert self.charted(trends, at(0)) == {}


class TestWhatChanged:
    def test_the_start_and_files_that_were_written_lately(self, tmp_path: Path) -> None:
        now = Now(7200.0, 7200.0, START)
        for name, age_s in (("rules.yaml", 3 * HOUR), ("old.yaml", 9e6), ("later.yaml", -60.0)):
            (tmp_path / name).touch()
            os.utime(tmp_path / name, (0, START.timestamp() - age_s))
        files = {path.name: path for path in [*tmp_path.iterdir(), tmp_path / "none.yaml"]}
        assert evidence_parts.changed(files, now) == [
            "the computer started 2 h before",
            "rules.yaml was changed 3 h before",
        ]
        assert evidence_parts.changed({}, at(0)) == []

    def test_what_came_in_one_go_is_one_line(self) -> None:
        found = [Installed("kernel", 9_000.0)]
        found += [Installed(f"package-{n}", 1_000.0 - n) for n in range(9)]
        first = ", ".join(f"package-{n}" for n in range(6))
        assert list(in_words(found, 12_600.0)) == [
            "installed or updated 1 h before: kernel",
            f"installed or updated 3 h 13 min before: {first} and 3 more",
        ]


class TestQuestions:
    @pytest.mark.parametrize(
        ("check", "target", "asked"),
        [
            ("memory", "memory", ("memory",)),
            ("oom", "memory", ("memory",)),
            ("log.events", "out-of-memory", ("memory",)),
            ("pressure", "memory", ("memory",)),
            ("pressure", "cpu", ("processor",)),
            ("cpu", "cpu", ("processor",)),
            ("disk.space", "C:", ("bytes", "C:")),
            ("disk.inodes", "/", ("entries", "/")),
        ],
    )
    def test_what_explains_an_alert_depends_on_its_check(
        self, check: str, target: str, asked: Sequence[str]
    ) -> None:
        child = Child()
        event = replace(told(Evaluation.CRITICAL), check=check, target=target)
        assert child.explain(event) == ()
        assert child.questions == [asked, ("installed",)]
        unknown = replace(event, evaluation=Evaluation.UNKNOWN)
        child.explain(unknown)
        assert child.questions[2:] == [("installed",)]

    def test_all_that_changed_is_one_list_and_comes_last(self) -> None:
        child = Child(
            {
                "memory": [("Processes", ("a: 1 GiB",))],
                "installed": [("What changed", ("libc6",))],
            }
        )
        event = replace(told(Evaluation.CRITICAL), check="memory")
        assert child.explain(event, "the computer started 1 h before") == (
            Evidence("Processes", ("a: 1 GiB",)),
            Evidence("What changed", ("the computer started 1 h before", "libc6")),
        )

    def test_whatever_is_answered_fits_the_contract(self) -> None:
        lines = tuple("x\0" * 200 for _ in range(40))
        child = Child({"memory": [(f"{number}" * 300, lines) for number in range(9)]})
        event = replace(told(Evaluation.CRITICAL), check="memory")
        sent = replace(event, evidence=child.explain(event, *lines))
        assert parse_event(parse(sent.to_text().encode())) == sent
        assert len(sent.evidence) == 6
        assert sent.evidence[0].lines[-1] == "and 26 more"

    def test_many_alerts_at_once_ask_once_and_wait_for_no_more_than_a_budget(self) -> None:
        child = Child({}, takes_s=5.0)
        questions = Questions(Asked(), child, lambda: child.now_s)
        one = evaluate(RULE, CHECK, looked(30))
        event = told(Evaluation.CRITICAL)
        for volume in range(60):
            full = replace(event, check="disk.space", target=f"/mnt/{volume}")
            questions.evidence(full, replace(one, target=full.target), ())
        assert len(child.questions) == 3, "15 s of 60 alerts"
        assert len(set(child.questions)) == 3
        child.now_s += 300
        questions.evidence(event, one, ())
        assert child.questions[3:] == [("installed",)], "asked again when it may be different"


class TestExplainer:
    @pytest.fixture
    def explainer(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Explainer:
        child = Child({"installed": [("What changed", ("libc6",))]})
        monkeypatch.setattr(
            evidence_parts, "Questions", lambda asked: Questions(asked, child, lambda: child.now_s)
        )
        return Explainer(
            Trends(HistoryFile(tmp_path)), {}, lambda _: ["memory is 4 GiB, was 8 GiB"]
        )

    def test_an_alert_that_opens_or_gets_worse_is_explained_and_no_other(
        self, explainer: Explainer
    ) -> None:
        one = evaluate(RULE, CHECK, looked(30))
        state = AlertState("load-high", "load", "a", "boot")
        announced = Evaluation.OK
        explained = []
        for wanted in (
            Evaluation.WARNING,
            Evaluation.CRITICAL,
            Evaluation.WARNING,
            Evaluation.UNKNOWN,
            Evaluation.WARNING,
            Evaluation.OK,
        ):
            state, event = announce(state, wanted, one, RULE, at(0))
            got = explainer(event, announced, (RULE, one), at(0))
            assert (got is event) == (not got.evidence)
            explained.append(bool(got.evidence))
            announced = wanted
        assert explained == [True, True, False, False, True, False]

    def test_whatever_goes_wrong_the_alert_goes_out(
        self,
        explainer: Explainer,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def broken(*_: object) -> None:
            raise KeyError("a mistake of ours")

        monkeypatch.setattr(evidence_parts, "series", broken)
        event = told(Evaluation.CRITICAL)
        one = evaluate(RULE, CHECK, looked(30))
        assert explainer(event, Evaluation.OK, (RULE, one), at(0)) is event
        assert "the alert goes without evidence" in caplog.text

    def test_what_cannot_be_read_is_explained_by_what_changed(self, explainer: Explainer) -> None:
        one = evaluate(RULE, CHECK, Unreadable("a", "no right"))
        state = AlertState("load-high", "load", "a", "boot")
        event = announce(state, Evaluation.UNKNOWN, one, RULE, at(0))[1]
        got = explainer(event, Evaluation.OK, (RULE, one), at(0))
        assert (got.series, len(got.evidence)) == ((), 1)

    def test_a_storm_is_explained_by_what_changed_once(self, explainer: Explainer) -> None:
        """Whatever is held back together may have been broken together."""
        storm = Storm()
        for target in "abcdefghi":
            storm.note(("rule", target), Held("rule", target, "bad", "warning", "low"), at(0))
        event, _ = storm.tick(at(0), [("rule", target) for target in "abcdefghi"])
        assert event is not None
        got = explainer(event, Evaluation.OK, None, at(0))
        changed = Evidence("What changed", ("memory is 4 GiB, was 8 GiB", "libc6"))
        assert got.evidence == (*event.evidence, changed)
        assert parse_event(parse(got.to_text().encode())) == got
        storm.note(("rule", "j"), Held("rule", "j", "bad", "warning", "low"), at(90))
        grown, _ = storm.tick(at(90), [("rule", target) for target in "abcdefghij"])
        assert grown is not None
        assert explainer(grown, Evaluation.CRITICAL, None, at(90)) is grown


class TestTheRealChild:
    @pytest.fixture
    def explain(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Callable[[str, str], tuple[Evidence, ...]]:
        monkeypatch.setattr(evidence_parts, "DEADLINE_S", 60.0)  # this machine may be busy

        def explained(check: str, target: str) -> tuple[Evidence, ...]:
            one = replace(evaluate(RULE, CHECK, looked(30)), target=target)
            event = replace(told(Evaluation.CRITICAL), check=check, target=target)
            explainer = Explainer(Trends(HistoryFile(tmp_path)), {})
            return explainer(event, Evaluation.OK, (RULE, one), at(0)).evidence

        return explained

    @pytest.fixture
    def volume(self, tmp_path: Path) -> Iterator[Path]:
        made = real_volumes.ext4(tmp_path, megabytes=32)
        yield made.mount_point
        made.unmount()

    @pytest.mark.needs_root
    @pytest.mark.needs("mkfs.ext4")
    def test_a_full_volume_is_explained_by_its_folders(
        self, explain: Callable[[str, str], tuple[Evidence, ...]], volume: Path
    ) -> None:
        big = volume / "var" / "log" / "token=abcdef123456"
        big.mkdir(parents=True)
        (big / "app.log").write_bytes(os.urandom(4 * 1024 * 1024))
        found = explain("disk.space", str(volume))[0]
        assert found.title == "Largest folders"
        assert found.lines[0] == f"4 MiB in {volume}/var/log/token=[redacted]"
        assert "app.log" not in str(found.lines)
        found = explain("disk.inodes", str(volume))[0]
        assert found.title == "Folders with the most files"

    def test_want_of_memory_is_explained_by_processes(
        self, explain: Callable[[str, str], tuple[Evidence, ...]]
    ) -> None:
        found = explain("memory", "memory")[0]
        assert found.title == "Processes that take the most memory"
        assert len(found.lines) == 5
        assert all(" user " in line or ", for " in line for line in found.lines)

    def test_what_it_took_does_not_stay_in_memory(self) -> None:
        """A process of its own: what this one has loaded would not be given back."""
        done = subprocess.run(
            [sys.executable, "-I", "-c", EXPLAINED], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        [explained, stays] = done.stdout.splitlines()
        assert "What changed" in explained
        assert not {"agent.evidence_parts", "agent.protocol.evidence"} & set(stays.split())

    def test_an_unknown_question_is_an_error(self) -> None:
        command = [*child_command("agent.evidence_child"), "secrets"]
        assert subprocess.run(command, capture_output=True, check=False).returncode != 0
        with pytest.raises(ValueError, match="secrets"):
            answer("secrets")
        assert answer("bytes", "/no/such/volume") == []
        assert sys.executable in command
