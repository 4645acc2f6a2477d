"""The rules we ship: they load, on the real checks too, and every alert of theirs can end."""

import re
from collections.abc import Iterator
from itertools import product
from typing import Final

import pytest

from agent.check_api import Check, Unit
from agent.checks import discover
from agent.rules.lint import lint
from agent.rules.loader import load
from agent.rules.model import Condition, Rule, RuleSet
from agent.settings import shipped_rules_file
from tests.agent.rules import checks_for_tests

CHECKS: Final = discover()
SHIPPED: Final = load(shipped_rules_file(), CHECKS)
MIB: Final = 2**20
GIB: Final = 2**30
DAY_S: Final = 86_400
INFINITE: Final = float("inf")
DISK_RULES: Final = [rule for rule in SHIPPED.rules if rule.check == "disk.space"]
SHARES: Final = [*range(101), 0.5, 9.9, 10.1, 92.5, 96.5, 97.5]
SIZES: Final = [
    *(0, MIB, 100 * MIB, 121 * MIB, 130 * MIB, 151 * MIB),
    *(GIB * size for size in (0.5, 1, 1.2, 1.6, 3.9, 4, 6, 8.5, 19, 20, 25, 29, 31, 99, 110, 121)),
    *(GIB * size for size in (500, 1_000, 8_000, 80_000)),
]
Values = dict[str, float | int | str]
CONDITIONS: Final = [(rule, condition) for rule in SHIPPED.rules for condition in rule.conditions]
IDS: Final = [f"{rule.name}-{condition.evaluation}" for rule, condition in CONDITIONS]


def sweep(rule: Rule, condition: Condition) -> Iterator[Values]:
    """Yield many readings of a target, the metrics that a condition compares in every mixture."""
    check = CHECKS[rule.check]
    names = dict.fromkeys(
        (*condition.when.metrics, *(condition.clear.metrics if condition.clear else ()))
    )
    for mixture in product(*(possible(check, name) for name in names)):
        yield dict(zip(names, mixture, strict=True))


def possible(check: Check, name: str) -> list[float | int | str]:
    metric = check.metric(name)
    assert metric is not None
    if metric.unit is Unit.WORD:
        return list(metric.words)
    if metric.unit is Unit.BYTES:
        return list(SIZES)
    if metric.unit is Unit.SECONDS:
        return [
            0,
            *(DAY_S * days for days in (0.9, 1.1, 1.9, 2.1, 6.9, 9, 11, 22, 34, 36, 46)),
            INFINITE,
        ]
    if metric.unit is Unit.COUNT and check.name != "cpu":
        return [0, 1, 2, 3, 4, 5, 6, 9, 10, 100, 101]
    if metric.unit is Unit.CELSIUS:
        return [20, 54, 55, 56, 59, 60, 61, 90]
    return list(SHARES) if check.name != "memory" else [0, 5, 9, 15, 21, 50, 84, 88, 93, 96, 98]


@pytest.mark.parametrize(("rule", "condition"), CONDITIONS, ids=IDS)
def test_no_reading_both_fires_and_clears(rule: Rule, condition: Condition) -> None:
    assert condition.clear is not None
    fired = cleared = 0
    for values in sweep(rule, condition):
        fires, clears = condition.when.holds(values), condition.clear.holds(values)
        assert not (fires and clears), values
        fired, cleared = fired + fires, cleared + clears
    assert fired, "a condition that nothing fires is no rule"
    assert cleared, "a condition that nothing clears is a trap"


def readings_of_disk(total: float) -> list[Values]:
    """Return a disk's readings while it is emptied, in steps finer than any rule's limits."""
    steps = {total * step / 1_000 for step in range(1_001)}
    steps |= {5 * MIB * step for step in range(100)} | {GIB * step / 2 for step in range(400)}
    return [
        {"free_bytes": free, "free_percent": 100 * free / total, "full_in": INFINITE}
        for free in sorted(steps)
        if free <= total
    ]


@pytest.mark.parametrize("gib", [0.5, 1, 20, 64, 119, 238, 476, 931, 3_725, 80_000])
@pytest.mark.parametrize("rule", DISK_RULES, ids=lambda rule: rule.name)
def test_a_disk_alert_clears_when_there_is_room_and_not_at_once(rule: Rule, gib: float) -> None:
    total = gib * GIB
    least = min(total / 50, 25 * MIB if rule.name == "disk-boot" else 3 * GIB)
    for condition in rule.conditions:
        assert condition.clear is not None
        readings = readings_of_disk(total)
        fires = [condition.when.holds(values) for values in readings]
        clears = [condition.clear.holds(values) for values in readings]
        assert fires[0], "a full disk fires"
        assert clears[-1], "an empty disk clears"
        assert fires == sorted(fires, reverse=True), "more room never fires"
        assert clears == sorted(clears), "more room never keeps an alert from clearing"
        free = [float(values["free_bytes"]) for values in readings]
        assert free[clears.index(True)] - free[fires.index(False) - 1] >= least


WELL: Final[dict[str, Values]] = {
    "backup": {"missed_runs": 0, "size_drop_percent": 3, "newest_age": 3600},
    "battery": {"full_of_design_percent": 90, "charge_percent": 80},
    "cpu": {"busy_percent": 5},
    "crash": {"crashes_14d": 0},
    "disk.health": {
        "verdict": "passed", "critical_warning": 0, "pending_growth_7d": 0,
        "reallocated_growth_7d": 0, "nvme_wear_percent": 4,
    },
    "disk.inodes": {"free_percent": 90},
    "disk.space": {"free_percent": 60, "free_bytes": 200 * GIB, "full_in": INFINITE},
    "disk.temperature": {"temperature": 35},
    "disk.writable": {"probe": "ok"},
    "ecc": {"corrected_24h": 0, "uncorrected_7d": 0},
    "job": {"state": "ok"},
    "log.events": {"count_24h": 0},
    "memory": {
        "used_percent": 40, "available_bytes": 8 * GIB, "commit_percent": 30, "stall_percent": 0,
    },
    "oom": {"kills_24h": 0},
    "protection.antivirus": {"state": "on", "signatures_age": DAY_S},
    "protection.encryption": {"system_volume": "on"},
    "protection.firewall": {"state": "on"},
    "raid": {"array_state": "healthy", "errors_24h": 0},
    "reboot": {"unexpected_24h": 0},
    "service": {"state": "running", "stopped_count": 0},
    "service.restarts": {"restarts_1h": 0},
    "systemd": {"failed_count": 0},
    "updates": {"last_success_age": 3 * DAY_S},
    "ups": {"source": "mains", "charge_percent": 100},
}  # fmt: skip
"""What each check measures where all is well."""


@pytest.mark.parametrize(("rule", "condition"), CONDITIONS, ids=IDS)
def test_an_alert_clears_when_the_trouble_is_over(rule: Rule, condition: Condition) -> None:
    assert condition.clear is not None
    well = WELL[rule.check]
    assert not condition.when.holds(well)
    assert condition.clear.holds(well)


def test_memory_clears_on_a_device_that_lacks_some_of_its_metrics() -> None:
    """Old kernels tell no stall, Linux mostly no commit limit, Windows no stall."""
    rule = SHIPPED.rule("memory-server")
    assert rule is not None
    assert rule.warning is not None
    assert rule.warning.clear is not None
    short: Values = {"used_percent": 99, "available_bytes": GIB / 2}
    enough: Values = {"used_percent": 60, "available_bytes": 8 * GIB}
    for more in ({}, {"commit_percent": 40}, {"stall_percent": 1}):
        assert rule.warning.when.holds({**short, **more})
        assert rule.warning.clear.holds({**enough, **more})


def test_the_lint_finds_nothing_in_them() -> None:
    assert lint(SHIPPED, CHECKS) == []


def test_the_checks_for_tests_promise_nothing_that_the_real_ones_lack() -> None:
    for name, promising in checks_for_tests.CHECKS.items():
        declared = {(m.name, m.unit, frozenset(m.words)) for m in CHECKS[name].metrics}
        promised = {(m.name, m.unit, frozenset(m.words)) for m in promising.metrics}
        assert promised <= declared
        assert promising.needs_targets == CHECKS[name].needs_targets


@pytest.mark.parametrize("rule", SHIPPED.rules, ids=lambda rule: rule.name)
def test_each_says_why_and_what_to_do(rule: Rule) -> None:
    assert len(rule.why) > 40
    assert len(rule.ticket.advice) > 40
    assert rule.ticket.opens
    assert re.search(r"\{\w+\}", rule.ticket.title) or rule.targets.include


def names(rules: RuleSet) -> set[str]:
    return {rule.name for rule in rules.rules}


def test_no_device_is_without_a_rule_and_none_has_two_for_one_thing() -> None:
    for kind in ("workstation", "laptop", "server"):
        for os in ("linux", "windows", "macos"):
            chosen = names(SHIPPED.for_device(kind, os))
            assert len({"disk-space-workstation", "disk-space-server"} & chosen) == 1
            assert len({"print-spooler", "print-spooler-linux"} & chosen) <= 1
            assert ("server-roles" in chosen) is (kind == "server")


def test_nobody_is_woken_for_a_workstation() -> None:
    """Tickets of workstations wait for office hours, but for what is about to lose data."""
    losing = {"backup-fresh", "disk-health", "disk-writable", "memory-hardware", "raid-degraded"}
    for os in ("linux", "windows"):
        for rule in SHIPPED.for_device("workstation", os).rules:
            priorities = {"low", "normal"} | ({"high"} if rule.name in losing else set())
            assert {c.priority for c in rule.conditions} <= priorities
