"""docs/procedures.md says of each statement of the written procedures what holds it."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[2]
PAGE = TESTS.parent / "docs" / "procedures.md"
STATEMENTS = {"000": 10, "001": 22, "002": 13, "003": 14, "004": 17}
_NAMED = re.compile(r"def test_(00[0-4])_(\d\d)(?:_to_(\d\d))?_")
_ROW = re.compile(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)


def statements_with_tests() -> set[tuple[str, int]]:
    """Return procedure and number of each statement that a test is named after."""
    found = set()
    for path in TESTS.rglob("test_*.py"):
        for procedure, first, last in _NAMED.findall(path.read_text(encoding="utf-8")):
            found |= {(procedure, n) for n in range(int(first), int(last or first) + 1)}
    return found


def told() -> dict[tuple[str, int], str]:
    """Return what the page says holds each statement."""
    sections = re.split(r"^## (00\d) ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        (procedure, int(number)): held
        for procedure, text in zip(sections[1::2], sections[2::2], strict=True)
        for number, held in _ROW.findall(text)
    }


def test_the_page_has_every_statement_once_and_in_order() -> None:
    wanted = [(procedure, n) for procedure, last in STATEMENTS.items() for n in range(1, last + 1)]
    assert list(told()) == wanted


def test_what_is_said_to_be_held_by_tests_is_and_what_comes_later_is_said_to() -> None:
    assert {
        one for one, held in told().items() if held.startswith("tests")
    } == statements_with_tests()
    assert all("tests" in held or held.startswith("later: ") for held in told().values())
