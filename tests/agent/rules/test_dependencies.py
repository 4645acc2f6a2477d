"""Rules that depend on others must be there, and not go round in a circle."""

from pathlib import Path

from tests.agent.rules.test_loader import problems, read


def test_rules_may_depend_on_each_other_in_any_order(tmp_path: Path) -> None:
    rules = read(
        tmp_path,
        """
        version: 1
        rules:
          - {name: shop, check: cpu, depends_on: [line, net], critical: {when: busy_percent > 9}}
          - {name: line, check: cpu, depends_on: [net], critical: {when: busy_percent > 9}}
          - {name: net, check: cpu, critical: {when: busy_percent > 9}}
        maintenance:
          - {name: night, weeks: ["1", last], from: "22:00", to: "23:00", rules: [net]}
        """,
    )

    assert [rule.depends_on for rule in rules.rules] == [("line", "net"), ("net",), ()]
    assert rules.maintenance[0].weeks == ("1", "last")
    assert rules.maintenance[0].rules == ("net",)


def test_names_of_rules_that_are_not_there_are_told(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        version: 1
        rules:
          - name: shop
            check: cpu
            depends_on: [nett]
            critical: {when: busy_percent > 9}
          - {name: net, check: cpu, critical: {when: busy_percent > 9}}
        maintenance:
          - {name: night, from: "22:00", to: "23:00", rules: [shopp]}
        """,
    )

    assert found == [
        "5:17: depends_on: there is no rule “nett”; did you mean net?",
        "9:54: rules: there is no rule “shopp”; did you mean shop?",
    ]


def test_a_circle_is_told_at_each_rule_in_it(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        version: 1
        rules:
          - {name: a, check: cpu, depends_on: [b], critical: {when: busy_percent > 9}}
          - {name: b, check: cpu, depends_on: [c], critical: {when: busy_percent > 9}}
          - {name: c, check: cpu, depends_on: [a, d], critical: {when: busy_percent > 9}}
          - {name: d, check: cpu, critical: {when: busy_percent > 9}}
        """,
    )

    assert [one.partition(": ")[2] for one in found] == [
        f"depends_on: “{name}” depends on itself" for name in "abc"
    ]
