import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agent.rules import tree
from agent.rules.nodes import Document, Mapping, Refused, Scalar, Sequence, read_as
from agent.rules.problems import Problems, TooManyProblemsError
from agent.rules.tree import compose


def composed(text: str) -> tuple[Document, list[tuple[int, int, str]]]:
    problems = Problems()
    try:
        document = compose(text, problems)
    except TooManyProblemsError:
        document = Document(None, cut_short=True)
    return document, [(p.line, p.column, p.message) for p in problems.found]


def only_scalar(text: str) -> Scalar:
    """Return the value of ``a`` in a file that has nothing else."""
    document, problems = composed(text)
    assert not problems
    assert isinstance(document.root, Mapping)
    ((_, value),) = document.root.entries
    assert isinstance(value, Scalar)
    return value


def test_every_node_knows_its_place() -> None:
    document, problems = composed("a: 1\nb:\n  - x\n  - {c: 'y', d: [z]}\n")
    assert problems == []
    assert isinstance(document.root, Mapping)
    (a, one), (b, items) = document.root.entries
    assert (a.text, a.line, a.column) == ("a", 1, 1)
    assert isinstance(one, Scalar)
    assert (one.text, one.plain, one.line, one.column) == ("1", True, 1, 4)
    assert isinstance(items, Sequence)
    assert (b.line, items.line, items.column) == (2, 3, 3)
    x, members = items.items
    assert (x.line, x.column, members.line, members.column) == (3, 5, 4, 5)
    assert isinstance(members, Mapping)
    (_, y), (d, z) = members.entries
    assert isinstance(y, Scalar)
    assert (y.text, y.plain, y.column) == ("y", False, 9)
    assert (d.column, z.column) == (14, 17)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a: &x 1", 1, 4, "anchors are refused"),
        ("a: &x [1]", 1, 4, "anchors are refused"),
        ("a: *x", 1, 4, "aliases are refused"),
        ("a: [1, *x]", 1, 8, "aliases are refused"),
        ("a: !!str 1", 1, 4, "tags are refused"),
        ("a: !!python/object/apply:os.system ['id']", 1, 4, "tags are refused"),
        ("a: !<x> {}", 1, 4, "tags are refused"),
        ("a: 1\n<<: {b: 1}", 2, 1, "merge keys (<<) are refused"),
        ("a: 1\nb: 2\na: 3", 3, 1, "“a” is given twice, first in line 1"),
        ("? [a]\n: 1", 1, 3, "a name is expected here"),
        ("? {a: 1}\n: 1", 1, 3, "a name is expected here"),
        ("a: 1\n---\nb: 1", 2, 1, "one document; remove this ---"),
        ("%YAML 1.2\n---\na: 1", 1, 1, "directives are refused"),
        ("%TAG ! tag:x\n---\na: 1", 1, 1, "directives are refused"),
        ("a:\n\tb: 1", 2, 1, "a tab is not allowed here"),
        ("why: note: this", 1, 10, "a text with “: ” in it needs quotes"),
        ("a: [*.service]", 1, 6, 'needs quotes: "*.service"'),
        ("a: @x", 1, 4, "a text that starts with this character needs quotes"),
        ('a: "C:\\Users"', 1, 9, r"use single quotes: 'C:\Users'"),
        ('a: "x', 1, 6, "the quotes opened in line 1 are not closed"),
        ("a: {b: 1\n", 2, 1, "the bracket of line 1 is not closed"),
        ("a: [1]2", 1, 7, "the indentation differs from line 1, or a bracket is unpaired"),
        ("a:\n  b: 1\n c: 2", 3, 2, "the indentation differs"),
        ("a: [::1]", 1, 5, "a text that starts with : needs quotes"),
        ("a: 1\nbcd\ne: 1", 3, 1, "the colon is missing"),
        ('a: "\\UFFFFFFFF"', 1, 5, "this is no character"),
        ("a: x\u2028y", 1, 5, "the invisible character U+2028"),
        ("a: 1\nb: \x1b[31m", 2, 4, "the invisible character U+001B"),
        ("a: \x00", 1, 4, "the invisible character U+0000"),
        ("a: \ufeff1", 1, 4, "the invisible character U+FEFF"),
        ("a: \x85", 1, 4, "the invisible character U+0085"),
        ("a: \uffff", 1, 4, "the invisible character U+FFFF"),
        ("a: " + "[" * 30 + "]" * 30, 1, 23, "nested more than 20 deep"),
        ("[" * 1_000, 1, 21, "nested more than 20 deep"),
        ("? " * 1_000, 1, 41, "nested more than 20 deep"),
        ("[" + "1," * 60_000 + "]", 1, 99_998, "more than 50000 entries"),
    ],
)
def test_what_a_rules_file_need_not_hold_is_refused(
    text: str, line: int, column: int, message: str
) -> None:
    _, problems = composed(text)
    assert len(problems) == 1
    assert problems[0][:2] == (line, column)
    assert message in problems[0][2]


def test_letters_of_every_script_are_let_in() -> None:
    legal = "\u00a0\u2027\u202a\ud7ff\ue000\ufefe\uff00\ufffd\U00010000\U0010ffff"
    assert composed(f"a: x{legal}x")[1] == []


def test_what_was_refused_leaves_the_rest_readable() -> None:
    document, problems = composed("a: &x 1\nb: *x\na: 2\nc: !t 3\nd: 4")
    assert [line for line, _, _ in problems] == [1, 2, 3, 4]
    assert not document.cut_short
    assert isinstance(document.root, Mapping)
    assert [key.text for key, _ in document.root.entries] == ["a", "b", "c", "d"]
    assert isinstance(document.root.entries[1][1], Refused)


def test_what_was_complete_before_an_error_is_kept() -> None:
    """So that the mistakes of the rules above it are told in the same go."""
    document, problems = composed("version: 1\nrules:\n  - name: a\n  - name: b\n    x: [\n\t")
    assert len(problems) == 1
    assert document.cut_short
    assert isinstance(document.root, Mapping)
    (_, _), (_, rules) = document.root.entries
    assert isinstance(rules, Sequence)
    assert len(rules.items) == 1


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        ("a: bc d", 0, (1, 4)),
        ("a: bc d", 3, (1, 7)),
        ("a: bc d", 4, (1, 8)),
        ("a: 'bc d'", 3, (1, 8)),
        ('a: "bc d"', 0, (1, 5)),
        ("a: 'it''s d'", 5, (1, 11)),
        ("a: >\n  bc\n  d e", 3, (3, 3)),
        ("a: >\n  bc\n  d e", 5, (3, 5)),
        ("a: |2 # bc\n  bc\n  d", 3, (3, 3)),
        ("a: >-\n\n   bc\n\n   d", 2, (3, 5)),
        ("a: bc\n  d\n  ef", 5, (3, 3)),
        ("x°: {a: 'b€c d'}".removeprefix("x°: {").removesuffix("}"), 4, (1, 9)),
        ('a: "\\x41 b"', 0, (1, 4)),
    ],
)
def test_the_place_of_a_character_is_found_in_the_file(
    text: str, offset: int, place: tuple[int, int]
) -> None:
    assert only_scalar(text).place(offset) == place


@given(st.text(st.sampled_from("ab c<(\n'\""), min_size=1), st.integers(0, 30))
def test_the_place_of_any_character_lies_within_the_file(text: str, offset: int) -> None:
    scalar = Scalar(1, 1, text, plain=True, source=text, start=0, end=len(text))
    line, column = scalar.place(min(offset, len(text)))
    assert 1 <= line <= text.count("\n") + 1
    assert 1 <= column <= len(text) + 1


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("no", "false"),
        ("Off", "false"),
        ("YES", "true"),
        ("on", "true"),
        ("~", "nothing"),
        ("null", "nothing"),
        ("17:30", "the number 1050"),
        ("22:00", "the number 1320"),
        ("1:2:3", "the number 3723"),
        ("15", "a number"),
        ("1_000", "a number"),
        ("1.5e3", "a number"),
        ("0x1F", "a number"),
        (".inf", "a number"),
        ("2024-01-01", "a date"),
        ("<<", "a sign of its own"),
        ("=", "a sign of its own"),
        ("none", ""),
        ("nobody", ""),
        ("10.0.0.1:22", ""),
        ("db:5432", ""),
        ("15%", ""),
        ("20 GiB", ""),
    ],
)
def test_a_plain_text_that_yaml_reads_otherwise_is_known(text: str, meaning: str) -> None:
    assert read_as(only_scalar(f"a: {text}")) == meaning
    assert read_as(only_scalar(f"a: '{text}'")) == ""


def test_the_yaml_library_is_gone_after_a_file() -> None:
    """The agent stays for months; 0.7 MB for one file at its start is too much."""
    program = (
        "import sys\n"
        "from agent.rules.problems import Problems\n"
        "from agent.rules.tree import compose\n"
        "for text in ('a: [1', 'a: 1'):\n"
        "    problems = Problems()\n"
        "    compose(text, problems)\n"
        "    print(len(problems.found), [name for name in sys.modules if 'yaml' in name])\n"
    )
    root = Path(tree.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["1 []", "0 []"]


def test_a_yaml_library_that_somebody_else_uses_stays() -> None:
    composed("a: 1")
    assert sys.modules["yaml"] is yaml
