"""The commands of who writes rules: what can be checked, and what rules make of it.

Each imports what it needs itself: to list the checks takes none of a replay.
"""

import sys
from collections.abc import Callable, Iterable
from types import SimpleNamespace

from agent import clock
from agent.checks import discover
from agent.errors import ConfigError, StateError
from agent.presentation import json_text, metric_lines, metric_trees


def _checks(chosen: SimpleNamespace) -> int:
    checks = [check for _, check in sorted(discover().items())]
    _print(metric_lines(checks) if not chosen.json else [json_text(metric_trees(checks))])
    return 0


def _validate(chosen: SimpleNamespace) -> int:
    from agent.rules.lint import lint  # noqa: PLC0415
    from agent.rules.loader import load  # noqa: PLC0415

    checks = discover()
    wrong = 0
    unread = ""
    for file in chosen.files:
        try:
            rules = load(file, checks)
        except ConfigError as error:
            wrong += 1
            print(error, file=sys.stderr)
        else:
            print(f"{file}: {len(rules.rules)} rules, no mistakes")
            found = lint(rules, checks)
            try:
                if chosen.state:
                    from agent.replay_command import hints  # noqa: PLC0415

                    found += hints(chosen.state, rules, checks, clock.now())
            except StateError as error:
                unread = str(error)
            _print([f"{file}:{h.line}:{h.column}: hint: {h.message}" for h in sorted(found)])
    if unread:
        print(f"watchdesk-agent: no hints from history: {unread}", file=sys.stderr)
    return 2 if wrong else 0


def _replay(chosen: SimpleNamespace) -> int:
    from agent.replay_command import replay_past  # noqa: PLC0415
    from agent.replay_report import replay_lines, replay_tree  # noqa: PLC0415

    found, past = replay_past(chosen.state, chosen.rules, discover(), chosen.days, clock.now())
    if chosen.json:
        _print([json_text(replay_tree(found, past, chosen.days))])
    else:
        _print(replay_lines(found, past, chosen.days))
    return 0


def _test(chosen: SimpleNamespace) -> int:
    from agent.rehearsal import differences, report  # noqa: PLC0415
    from agent.rules.cases import load_cases  # noqa: PLC0415
    from agent.rules.loader import load  # noqa: PLC0415

    checks = discover()
    rules = load(chosen.rules, checks)
    cases = [case for file in chosen.files for case in load_cases(file, rules, checks)]
    found = [(case, differences(case, checks[case.rule.check])) for case in cases]
    wrong = sum(1 for _, differing in found if differing)
    _print([*report(found), f"{len(cases)} cases, {wrong} wrong"])
    return 1 if wrong else 0


def _explain(chosen: SimpleNamespace) -> int:
    from agent.once import explain_rule  # noqa: PLC0415

    _print(explain_rule(chosen.rules, chosen.rule))
    return 0


def _schema(chosen: SimpleNamespace) -> int:  # noqa: ARG001 - it takes no arguments
    from agent.rules.schema import schema  # noqa: PLC0415

    _print([json_text(schema(discover()))])
    return 0


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


COMMANDS: dict[str, Callable[[SimpleNamespace], int]] = {
    "checks": _checks,
    "validate": _validate,
    "replay": _replay,
    "test": _test,
    "explain": _explain,
    "schema": _schema,
}
