"""Monitoring plugins: the device's own commands, run by name and judged by their exit status."""

import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from agent import device
from agent.check_api import (
    Check,
    CheckError,
    CheckTimeoutError,
    Measured,
    Metric,
    TargetFilter,
    Unit,
    Unreadable,
)
from agent.device import Command
from agent.targets import missing

if TYPE_CHECKING:
    from agent.plugin_output import PluginOutput

STATUSES = ("ok", "warning", "critical", "unknown")
"""By exit status, as the Monitoring Plugins define it."""
TOGETHER_S = 60.0
"""The time that all commands of one rule have, however many they are."""

_NOT_FOUND = 127
_LONGEST_SUMMARY = 200


class _Ran(NamedTuple):
    """Exit status, what was printed, and the seconds it took."""

    code: int
    output: "PluginOutput"
    taken_s: float


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield how each command ended that a rule names."""
    mine = device.here()
    chosen = [command for name, command in mine.commands.items() if targets.named(name)]
    for name in missing(targets, mine.commands):
        yield Unreadable(name, f"{mine.source} has no command of this name")
    if not chosen:
        return
    from agent.host import program  # noqa: PLC0415 - most devices have no plugins

    until_s = time.monotonic() + TOGETHER_S
    runs = [partial(_run, command, until_s) for command in chosen]
    for command, ran in zip(chosen, program.together(runs), strict=True):
        yield _told(command.name, ran)


def _told(name: str, ran: _Ran | CheckError) -> Measured | Unreadable:
    if isinstance(ran, CheckError):
        return Unreadable(name, ran.reason)
    code, output, taken_s = ran
    if 0 <= code < len(STATUSES):
        values: dict[str, float | int | str] = {"status": STATUSES[code], "taken_s": taken_s}
        return Measured(name, values | output.values(), about=output.summary)
    if code < 0:
        reason = f"it was ended by signal {-code}"
    elif code == _NOT_FOUND:
        reason = "it ended with 127: a program that it runs is not there"
    else:
        reason = f"it ended with {code}, and a plugin ends with 0 to 3"
    said = f"; it said: {output.summary[:_LONGEST_SUMMARY]}" if output.summary else ""
    return Unreadable(name, reason + said)


def _run(command: Command, until_s: float) -> _Ran | CheckError:
    from agent.host import program, writers  # noqa: PLC0415 - as above
    from agent.plugin_output import parse  # noqa: PLC0415 - the same

    left_s = until_s - time.monotonic()
    if left_s <= 0:
        return CheckTimeoutError(f"the rule's other commands took all its {TOGETHER_S:g} s")
    begun_s = time.monotonic()
    try:
        reason = writers.distrust(command.run)
        if reason:
            return CheckError(f"it is not run: {reason}")
        ended = program.run(command.run, min(command.timeout_s, left_s))
    except CheckError as error:
        return error
    taken_s = time.monotonic() - begun_s
    return _Ran(ended.code, parse(ended.out or ended.err), taken_s)


CHECK = Check(
    name="plugin",
    meaning="monitoring plugins: the device's own commands, judged by their exit status",
    metrics=(
        Metric("status", Unit.WORD, "the plugin's verdict, by its exit status", words=STATUSES),
        Metric("taken_s", Unit.SECONDS, "how long it ran"),
    ),
    probe=probe,
    aside=True,
    needs_targets=True,
    deadline_s=75.0,
    open_metrics="perf_",
)
