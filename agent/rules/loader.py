"""A rules file → all its rules, or all its problems."""

import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from agent.check_api import Check
from agent.errors import ConfigError
from agent.rules.maintenance import MaintenanceWindow
from agent.rules.members import Members
from agent.rules.model import STORM, Only, Rule, RuleSet
from agent.rules.nodes import Document, Scalar
from agent.rules.problems import Problems, TooManyProblemsError
from agent.rules.sections import (
    FILE,
    LARGEST_STORM,
    RULE,
    TIMES,
    WINDOW,
    read_only,
    read_rule,
    read_times,
    read_window,
)
from agent.rules.suggest import did_you_mean, quoted
from agent.rules.tree import compose

MOST_BYTES: Final = 256 * 1024
VERSION: Final = "1"


def load(
    path: Path, checks: Mapping[str, Check], wanted: Callable[[Only], bool] = lambda _: True
) -> RuleSet:
    """Return what the file at ``path`` says, judged against the metrics of ``checks``.

    Of rules that are not ``wanted``, those for other devices, nothing but their names is read.
    Raises ConfigError with all problems, each with its line and column from 1.
    """
    problems = Problems()
    rules: RuleSet | None = None
    try:
        text = read_text(path, problems)
        if text is not None:
            rules = _rules(compose(text, problems), path, checks, problems, wanted)
    except TooManyProblemsError:
        pass
    if rules is None or problems.found:
        raise ConfigError(path, problems.found)
    return rules


def read_text(path: Path, problems: Problems) -> str | None:
    """Return the file's text, its lines ending in LF, or None after noting the reason."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            problems.at(1, 1, "this is no regular file")
            return None
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        problems.at(1, 1, f"the file cannot be read: {reason}")
        return None
    if len(content) > MOST_BYTES:
        problems.at(1, 1, f"the file is larger than {MOST_BYTES // 1024} KiB")
        return None
    content = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        column = len(before) - before.rfind("\n")
        message = f"the byte 0x{content[error.start]:02X} is not UTF-8; save the file as UTF-8"
        problems.at(before.count("\n") + 1, column, message)
        return None


def _rules(
    document: Document,
    path: Path,
    checks: Mapping[str, Check],
    problems: Problems,
    wanted: Callable[[Only], bool],
) -> RuleSet | None:
    if document.root is None:
        if not document.cut_short:
            problems.at(1, 1, "the file is empty; it needs version: 1 and rules:")
        return None
    file = Members(document.root, "the file", FILE, problems)
    if not document.cut_short:
        file.need("version")
        file.need("rules")
    file.word("version", (VERSION,), VERSION)
    ours = {name: default for name, (_, _, default) in TIMES.items()}
    inherited = read_times(file.section("defaults", "defaults:", tuple(TIMES)), ours)
    rules, names = _read_rules(file, checks, inherited, wanted)
    storm = file.count("storm", 1, LARGEST_STORM, STORM)
    return RuleSet(rules, tuple(_read_windows(file, names)), path, storm)


def _read_windows(file: Members, rules: Collection[str]) -> Iterator[MaintenanceWindow]:
    for section in file.sections("maintenance", "a window", WINDOW):
        window = read_window(section)
        if window is not None:
            _judge_names(section, "rules", window.rules, rules)
            yield window


def _read_rules(
    file: Members,
    checks: Mapping[str, Check],
    inherited: Mapping[str, float],
    wanted: Callable[[Only], bool],
) -> tuple[tuple[Rule, ...], Collection[str]]:
    """Return the rules that can be read and all names; no two have one, for alerts go by it."""
    rules: list[tuple[Members, Rule]] = []
    lines: dict[str, int] = {}
    for section in file.sections("rules", "a rule", RULE):
        name = section.get("name")
        if isinstance(name, Scalar) and name.text in lines:
            message = f"{quoted(name.text)} is the name of another rule, in line {lines[name.text]}"
            section.problem("name", message)
        elif isinstance(name, Scalar):
            lines[name.text] = name.line
        only = read_only(section)
        rule = read_rule(section, checks, inherited, only) if wanted(only) else None
        if rule is not None:
            rules.append((section, rule))
    for section, rule in rules:
        _judge_names(section, "depends_on", rule.depends_on, lines)
    _judge_circles(rules)
    return tuple(rule for _, rule in rules), lines


def _judge_names(
    section: Members, member: str, names: Collection[str], known: Collection[str]
) -> None:
    """Note names of rules that are not there."""
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            section.problem(member, f"{member}: there is no rule {quoted(name)}; {hint}")


def _judge_circles(rules: Sequence[tuple[Members, Rule]]) -> None:
    """Note each rule that depends on itself, by whatever way."""
    parents = {rule.name: rule.depends_on for _, rule in rules}
    for section, rule in rules:
        above, seen = list(rule.depends_on), set[str]()
        while above:
            name = above.pop()
            if name == rule.name:
                section.problem("depends_on", f"depends_on: {quoted(name)} depends on itself")
                break
            if name not in seen:
                seen.add(name)
                above += parents.get(name, ())
