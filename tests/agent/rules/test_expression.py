from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.check_api import Check, Metric, Unit
from agent.rules.comparisons import joined
from agent.rules.expression import OPERATORS, All, AnyOf, Comparison, Node, Not
from agent.rules.parser import DEEPEST, LONGEST, ExpressionError, parse
from agent.rules.units import UNITS, whole
from tests.agent.rules.checks_for_tests import (
    CHECKS,
    CPU,
    DISK_SPACE,
    MEMORY,
    SERVICE,
    TCP,
    TEMPERATURE,
    no_probe,
)

GIB: Final = 2**30
HAS_EVERYTHING: Final = Check(
    name="everything",
    meaning="a metric of each unit",
    metrics=(
        Metric("share", Unit.SHARE, ""),
        Metric("size", Unit.BYTES, ""),
        Metric("age", Unit.SECONDS, ""),
        Metric("heat", Unit.CELSIUS, ""),
        Metric("count", Unit.COUNT, ""),
        Metric("state", Unit.WORD, "", ("on", "off", "half-way")),
    ),
    probe=no_probe,
)


def found(text: str, check: Check) -> list[tuple[int, str]]:
    """Return the mistakes in a text; none when it is an expression."""
    try:
        parse(text, check)
    except ExpressionError as error:
        return [(mistake.offset, mistake.message) for mistake in error.mistakes]
    return []


def mistakes(text: str, check: Check = DISK_SPACE) -> list[tuple[int, str]]:
    told = found(text, check)
    assert told, "this was meant to be no expression"
    return told


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("free_percent < 10", {"free_percent": 9.9}, True),
        ("free_percent < 10", {"free_percent": 10}, False),
        ("free_percent <= 10%", {"free_percent": 10}, True),
        ("free_percent > 10", {"free_percent": 10}, False),
        ("free_percent >= 10", {"free_percent": 10}, True),
        ("free_percent == 10", {"free_percent": 10.0}, True),
        ("free_percent != 10", {"free_percent": 10.5}, True),
        ("free_bytes < 20 GiB", {"free_bytes": 20 * GIB - 1}, True),
        ("free_bytes < 20GB", {"free_bytes": 20 * GIB - 1}, False),
        ("free_bytes == 1.5 KiB", {"free_bytes": 1536}, True),
        ("free_bytes > 0", {"free_bytes": 1}, True),
        ("free_percent<10 and free_bytes<1 GiB", {"free_percent": 5, "free_bytes": 5}, True),
        ("free_percent<10 and free_bytes<1 GiB", {"free_percent": 5, "free_bytes": GIB}, False),
        ("free_percent<10 or free_bytes<1 GiB", {"free_percent": 5, "free_bytes": GIB}, True),
        ("not free_percent < 10", {"free_percent": 5}, False),
        ("not not free_percent < 10", {"free_percent": 5}, True),
        ("not free_percent < 10 and free_percent < 5", {"free_percent": 3}, False),
        ("not (free_percent < 10 and free_percent < 5)", {"free_percent": 7}, True),
    ],
)
def test_an_expression_judges_values(text: str, values: dict[str, float], expected: bool) -> None:  # noqa: FBT001
    assert parse(text, DISK_SPACE).holds(values) is expected


def test_and_binds_tighter_than_or() -> None:
    expression = parse("free_percent < 1 or free_percent > 9 and free_bytes > 5 B", DISK_SPACE)
    assert expression.holds({"free_percent": 0.5, "free_bytes": 0})
    assert not expression.holds({"free_percent": 10, "free_bytes": 0})
    grouped = parse("(free_percent < 1 or free_percent > 9) and free_bytes > 5 B", DISK_SPACE)
    assert not grouped.holds({"free_percent": 0.5, "free_bytes": 0})


@pytest.mark.parametrize(
    ("text", "check", "value"),
    [
        ("connect_s > 500ms", TCP, 0.5),
        ("connect_s > 2s", TCP, 2),
        ("connect_s > 1m", TCP, 60),
        ("connect_s > 2h", TCP, 7_200),
        ("connect_s > 1d", TCP, 86_400),
        ("connect_s > 1w", TCP, 604_800),
        ("temperature > 60 °C", TEMPERATURE, 60),
        ("temperature > 60°C", TEMPERATURE, 60),
        ("temperature < -5 °C", TEMPERATURE, -5),
        ("load_per_cpu > 1.5", CPU, 1.5),
        ("state == stopped", SERVICE, "stopped"),
        ("free_bytes > 2 TiB", DISK_SPACE, 2**41),
        ("free_bytes > 2 TB", DISK_SPACE, 2 * 10**12),
        ("free_bytes > 7 MiB", DISK_SPACE, 7 * 2**20),
        ("free_bytes > 7 KB", DISK_SPACE, 7_000),
        ("free_bytes\u00a0> 7\u00a0KB", DISK_SPACE, 7_000),
    ],
)
def test_a_literal_is_kept_in_the_metrics_own_unit(
    text: str, check: Check, value: float | str
) -> None:
    (comparison,) = parse(text, check).root.comparisons()
    assert comparison.value == value


def test_its_text_and_metrics_can_be_asked_for() -> None:
    expression = parse(
        "free_percent  < 10\n and (free_bytes < 1 GiB or free_percent<2)", DISK_SPACE
    )
    assert expression.text == "free_percent < 10 and (free_bytes < 1 GiB or free_percent<2)"
    assert expression.metrics == ("free_percent", "free_bytes")


class TestLackingMetric:
    """What a device does not measure makes the comparison false, and nothing else."""

    def test_the_comparison_is_false_whatever_the_operator(self) -> None:
        for operator in OPERATORS:
            assert not parse(f"stall_percent {operator} 10", MEMORY).holds({"used_percent": 1})

    def test_under_not_the_comparison_is_false_so_the_whole_is_true(self) -> None:
        """So ``clear: not stall_percent >= 10`` clears on a device without that metric."""
        assert parse("not stall_percent >= 10", MEMORY).holds({})

    def test_the_other_side_of_or_still_counts(self) -> None:
        expression = parse("commit_percent > 92 or stall_percent > 20", MEMORY)
        assert expression.holds({"commit_percent": 95})

    def test_a_value_that_is_no_number_counts_as_lacking(self) -> None:
        assert not parse("used_percent != 10", MEMORY).holds({"used_percent": float("nan")})

    def test_an_infinite_value_is_a_value(self) -> None:
        """A forecast that is flat reads as infinite: it clears what asks for long enough."""
        assert parse("connect_s > 10d", TCP).holds({"connect_s": float("inf")})


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("free_percnt < 10", 0, "no metric “free_percnt”; did you mean free_percent?"),
        ("free-percent < 10", 0, "did you mean free_percent?"),
        ("Free_Percent < 10", 0, "did you mean free_percent?"),
        (
            "zzz < 10",
            0,
            "choose from free_percent, free_bytes, used_percent, total_bytes and full_in",
        ),
        ("free_bytes < 15%", 13, "free_bytes is a size, 15% is a share; write a size such as"),
        ("free_percent < 15 GiB", 15, "free_percent is a share, 15 GiB is a size; write a share"),
        ("free_percent < 15h", 15, "free_percent is a share, 15h is a duration"),
        ("free_bytes < 20", 13, "free_bytes is a size, 20 lacks a unit; write a size such as"),
        ("free_bytes < 20 GIB", 16, "“GIB” is no unit; did you mean 20 GiB?"),
        ("free_percent < 5 percent", 17, "“percent” is no unit; did you mean 5%?"),
        ("free_bytes < 2 parsecs", 15, "“parsecs” is no unit; choose from B, KB"),
        ("free_percent < low", 15, "free_percent is a share, “low” is a word"),
        ("free_percent < free_bytes", 15, "“free_bytes” is another metric"),
        ("free_bytes < 99999999999 TiB", 13, "larger than anything"),
        (f"free_percent < {'9' * 400}", 15, "has too many digits"),
        ("10 < free_percent", 0, "the metric comes first; write free_percent > 10"),
        ("20 GiB >= free_bytes", 0, "the metric comes first; write free_bytes <= 20 GiB"),
        ("5 < free_percent < 10", 0, "the metric comes first"),
        ("free_percent < 10 < 20", 18, "two comparisons in one"),
        ("free_percent", 0, "is compared with nothing; write free_percent < 15%"),
        ("free_percent <", 14, "< needs a literal after it, such as 15%"),
        ("free_percent < and free_bytes", 15, "< needs a literal after it"),
        ("free_percent < -", 15, "- has no meaning here"),
        ("free_percent < 10 and", 21, "a comparison is missing"),
        ("and free_percent < 10", 0, "a comparison is missing"),
        ("not", 3, "a comparison is missing"),
        ("()", 1, "a comparison is missing"),
        ("free_percent = 10", 13, "= has no meaning here; write =="),
        ("free_percent <> 10", 13, "write !="),
        ("free_percent ≤ 10", 13, "≤ has no meaning here; write <="),
        ("free_percent < 10 && free_bytes < 1 GiB", 18, "& has no meaning here; write and"),
        ("free_percent < 10 || free_bytes < 1 GiB", 18, "| has no meaning here; write or"),
        ("!free_percent < 10", 0, "! has no meaning here; write not"),
        ("free_percent < 10 AND free_bytes < 1 GiB", 18, "write and in small letters"),
        ("NOT free_percent < 10", 0, "write not in small letters"),
        ("free_percent < 0,5", 16, "write numbers with a point"),
        ("free_percent * 2 < 5", 13, "there is no arithmetic"),
        ("(free_percent < 10", 0, "this ( is never closed"),
        ("free_percent < 10)", 17, "this ) closes nothing"),
        ("(free_percent < 10 free_bytes", 19, "“free_bytes” does not follow"),
        ("free_percent < 10 5", 18, "“5” does not follow"),
        ("free_percent < 10%%", 18, "“%” does not follow"),
        ("free_percent <\u200b 10", 14, "U+200B has no meaning here"),
        ("free_percent < ٣", 15, "٣ has no meaning here"),
        ("", 0, "empty; write one such as free_percent < 15%"),
        (" \n ", 0, "empty"),
        ("(" * 30 + "free_percent < 1" + ")" * 30, DEEPEST, "nested more than"),
        ("not " * 30 + "free_percent < 1", 4 * DEEPEST, "nested more than"),
        ("x" * (LONGEST + 1), 0, f"at most {LONGEST} characters"),
        ("__import__(os)", 0, "is compared with nothing"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, offset: int, message: str) -> None:
    (told, *_) = mistakes(text)
    assert told[0] == offset
    assert message in told[1]


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("state == stoped", 9, "state is never “stoped”; did you mean stopped?"),
        ("state == zzz", 9, "choose from running, stopped, failed, starting and missing"),
        ("state < running", 6, "state is a word; compare it with == or !="),
        ("state == 5", 9, "state is a word (running, stopped, failed, starting or missing), “5”"),
        ("state == 'running'", 9, "words stand without quotes"),
        ("state == Running", 9, "did you mean running?"),
        ("restarts > 5%", 11, "restarts is a bare number, 5% is a share"),
    ],
)
def test_words_are_judged_as_words(text: str, offset: int, message: str) -> None:
    (told,) = mistakes(text, SERVICE)
    assert told[0] == offset
    assert message in told[1]


def test_a_temperature_of_zero_needs_its_unit() -> None:
    """Nothing is nothing in bytes and seconds, but not in degrees."""
    ((_, message),) = mistakes("temperature > 0", TEMPERATURE)
    assert "temperature, 0 lacks a unit" in message


def test_all_mistakes_of_an_expression_are_told_at_once() -> None:
    text = "free_percnt < 10 and free_bytes < 15% or (free_bites > 3 furlongs"
    assert [offset for offset, _ in mistakes(text)] == [0, 34, 42, 57, 41]


def quantity(number: str, unit: str) -> str:
    return joined(number, unit) if unit else number


NUMBERS = st.one_of(
    st.integers(0, 8_000).map(str),
    st.decimals(0, 8_000, places=3).map(lambda number: f"{number:.3f}"),
)


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    metric = draw(st.sampled_from(HAS_EVERYTHING.metrics))
    if metric.unit is Unit.WORD:
        word = draw(st.sampled_from(metric.words))
        return Comparison(metric.name, draw(st.sampled_from(["==", "!="])), word, word)
    operator = draw(st.sampled_from(list(OPERATORS)))
    number = draw(NUMBERS)
    fitting = [name for name, (kind, _) in UNITS.items() if kind is metric.unit]
    bare = [""] if metric.unit in (Unit.SHARE, Unit.COUNT) else []
    unit = draw(st.sampled_from(fitting + bare))
    value = whole(float(number) * (UNITS[unit][1] if unit else 1))
    return Comparison(metric.name, operator, value, quantity(number, unit))


def grown(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    parts = st.lists(children, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Not, children),
        st.builds(All, parts),
        st.builds(AnyOf, parts),
    )


TREES: st.SearchStrategy[Node] = st.recursive(comparisons(), grown, max_leaves=8)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "share": st.floats(0, 100),
        "size": st.integers(0, 2**50),
        "age": st.floats(min_value=0),
        "heat": st.floats(-50, 150),
        "count": st.integers(0, 1_000_000),
        "state": st.sampled_from(["on", "off", "half-way"]),
    },
)


@given(TREES)
def test_a_tree_written_as_text_parses_to_the_same_tree(tree: Node) -> None:
    assert parse(str(tree), HAS_EVERYTHING).root == tree


def reference(node: Node, values: dict[str, float | int | str]) -> bool:
    """Judge a tree the plainest way, as the specification reads."""
    match node:
        case Comparison(metric, operator, literal):
            return metric in values and OPERATORS[operator](values[metric], literal)
        case Not(part):
            return not reference(part, values)
        case All(parts):
            return all(reference(part, values) for part in parts)
        case AnyOf(parts):
            return any(reference(part, values) for part in parts)


@given(TREES, VALUES)
def test_a_parsed_expression_judges_as_the_plain_reading_does(
    tree: Node, values: dict[str, float | int | str]
) -> None:
    assert parse(str(tree), HAS_EVERYTHING).holds(values) is reference(tree, values)


@given(st.text(max_size=60))
def test_any_text_is_an_expression_or_told_why_not(text: str) -> None:
    assert all(0 <= offset <= len(text) for offset, _ in found(text, HAS_EVERYTHING))


WORDS = st.sampled_from(
    ["free_percent", "free_bytes", "and", "or", "not", "(", ")", "<", "==", "10", "15%", "GiB", "-"]
)


@given(st.lists(WORDS, max_size=12).map(" ".join))
def test_any_order_of_words_is_an_expression_or_told_why_not(text: str) -> None:
    assert all(0 <= offset <= len(text) for offset, _ in found(text, DISK_SPACE))


def test_the_checks_for_tests_have_names_of_their_own() -> None:
    assert {name for name, check in CHECKS.items() if check.name == name} == set(CHECKS)
