import os
from pathlib import Path
from textwrap import dedent
from typing import Final

import pytest
import yaml  # noqa: F401 - keeps the loader from importing it anew for each file

from agent.errors import ConfigError
from agent.protocol.words import Evaluation, Priority
from agent.rules.loader import MOST_BYTES, load
from agent.rules.model import RuleSet
from agent.rules.problems import MOST
from tests.agent.rules.checks_for_tests import CHECKS

HEAD: Final = "version: 1\nrules:\n"


def read(folder: Path, text: str | bytes) -> RuleSet:
    path = folder / "rules.yaml"
    path.write_bytes(text if isinstance(text, bytes) else dedent(text).lstrip("\n").encode())
    return load(path, CHECKS)


def problems(folder: Path, text: str | bytes) -> list[str]:
    """Return what is wrong, as ``line:column: message``."""
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    prefix = f"{folder / 'rules.yaml'}:"
    lines = caught.value.lines()
    assert all(line.startswith(prefix) for line in lines)
    return [line.removeprefix(prefix) for line in lines]


def test_a_rule_is_read_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    rules = read(
        tmp_path,
        """
        version: 1
        defaults: {every: 2m, clear_for: 20m, unknown_after: 12h, startup_grace: 5m}
        rules:
          - name: roles
            why: felt at once
            check: service
            every: 30s
            only: {kind: [server], os: [linux, windows], at: [head office], has: [backup]}
            targets:
              {include: [sshd, "*sql*"], exclude: [mysql], absent: ignore, start: [automatic]}
            warning: {when: state == starting, for: 15m, priority: low}
            critical:
              when: state == stopped
                or state == failed
              for: 5m
              clear: state == running
              clear_for: 1m
            ticket: {title: "{target} is {state}", advice: start it}
            mode: watch
        """,
    )
    (rule,) = rules.rules
    assert (rule.name, rule.check, rule.why, rule.mode) == (
        "roles",
        "service",
        "felt at once",
        "watch",
    )
    assert (rule.every_s, rule.unknown_after_s, rule.startup_grace_s) == (30, 43_200, 300)
    assert rule.only.kind == ("server",)
    assert rule.only.os == ("linux", "windows")
    assert (rule.only.at, rule.only.has) == (("head office",), ("backup",))
    assert rule.targets.include == ("sshd", "*sql*")
    assert rule.targets.exclude == ("mysql",)
    assert rule.targets.absent_ignored
    assert rule.targets.options == {"start": ("automatic",)}
    assert rule.warning is not None
    assert rule.critical is not None
    assert (rule.warning.evaluation, rule.warning.priority) == (Evaluation.WARNING, Priority.LOW)
    assert (rule.warning.for_s, rule.warning.clear, rule.warning.clear_for_s) == (900, None, 1_200)
    assert (rule.critical.for_s, rule.critical.clear_for_s) == (300, 60)
    assert rule.critical.when.text == "state == stopped or state == failed"
    assert rule.critical.clear is not None
    assert rule.critical.clear.holds({"state": "running"})
    assert (rule.ticket.title, rule.ticket.advice, rule.ticket.opens) == (
        "{target} is {state}",
        "start it",
        True,
    )
    assert (rule.line, rule.column) == (4, 5)
    assert (rule.critical.line, rule.critical.column) == (13, 7)
    assert rules.rule("roles") is rule
    assert rules.rule("rolls") is None
    assert rules.source_path == tmp_path / "rules.yaml"


def test_a_short_rule_gets_sensible_defaults(tmp_path: Path) -> None:
    rules = read(
        tmp_path,
        HEAD + "- {name: disk-space_C.x, check: disk.space, warning: {when: free_percent < 10}}",
    )
    (rule,) = rules.rules
    assert rule.warning is not None
    assert rule.critical is None
    assert (rule.every_s, rule.clear_for_s) == (60, 600)
    assert (rule.unknown_after_s, rule.startup_grace_s) == (86_400, 900)
    assert (rule.warning.for_s, rule.warning.clear_for_s) == (0, 600)
    assert rule.warning.priority is Priority.NORMAL
    assert rule.ticket.title == "Disk space c x: {target} (free {free_percent})"
    assert rule.ticket.opens
    assert rule.mode == "act"
    assert rule.targets.wants("/")
    assert rules.maintenance == ()


def test_a_critical_condition_is_high_unless_it_says_otherwise(tmp_path: Path) -> None:
    text = "- {name: a, check: cpu, critical: {when: busy_percent > 95}}"
    (rule,) = read(tmp_path, HEAD + text).rules
    assert rule.critical is not None
    assert rule.critical.priority is Priority.HIGH


@pytest.mark.parametrize("written", ["none", "'none'"])
def test_ticket_none_judges_without_opening(tmp_path: Path, written: str) -> None:
    text = f"- {{name: a, check: cpu, warning: {{when: busy_percent > 95}}, ticket: {written}}}"
    (rule,) = read(tmp_path, HEAD + text).rules
    assert not rule.ticket.opens
    assert rule.ticket.title == "A: {target} (busy {busy_percent})"


def test_no_rules_at_all_is_a_choice(tmp_path: Path) -> None:
    assert read(tmp_path, "version: 1\nrules: []\n").rules == ()


def test_the_file_may_come_from_windows(tmp_path: Path) -> None:
    text = (HEAD + "- name: ä\n  check: cpu\n").replace("\n", "\r\n")
    told = problems(tmp_path, b"\xef\xbb\xbf" + text.encode())
    assert told == [
        "3:3: a rule needs warning: or critical:",
        (
            "3:9: “ä” is no name for a rule;"
            " use letters, digits, - _ and . such as disk-space-server"
        ),
    ]


def test_rules_are_chosen_by_the_device(tmp_path: Path) -> None:
    condition = "check: cpu, warning: {when: busy_percent > 95}"
    rules = read(
        tmp_path,
        HEAD
        + f"- {{name: any, {condition}}}\n"
        + f"- {{name: servers, only: {{kind: [server]}}, {condition}}}\n"
        + f"- {{name: mobile, only: {{kind: [laptop], os: [macos, linux]}}, {condition}}}\n"
        + f"- {{name: office, only: {{at: [office, branch]}}, {condition}}}\n"
        + f"- {{name: backed-up, only: {{has: [backup, raid]}}, {condition}}}\n",
    )

    def names(kind: str, os: str, *, has: tuple[str, ...] = ()) -> list[str]:
        return [rule.name for rule in rules.for_device(kind, os, has=has).rules]

    assert names("server", "linux") == ["any", "servers", "office"]
    assert names("laptop", "linux") == ["any", "mobile", "office"]
    assert names("laptop", "windows") == ["any", "office"]
    assert names("workstation", "windows", has=("raid",)) == ["any", "office"]
    assert names("workstation", "windows", has=("raid", "backup")) == ["any", "office", "backed-up"]


def test_a_rule_may_be_for_certain_places_only(tmp_path: Path) -> None:
    condition = "check: cpu, warning: {when: busy_percent > 95}"
    anywhere, office = read(
        tmp_path,
        HEAD
        + f"- {{name: any, {condition}}}\n"
        + f"- {{name: office, only: {{at: [office, branch]}}, {condition}}}\n",
    ).rules

    assert [anywhere.only.is_at(at) for at in ((), ("home",), ("branch",))] == [True] * 3
    assert [office.only.is_at(at) for at in ((), ("home",), ("branch",))] == [False, False, True]


TEN_MISTAKES: Final = dedent("""\
    version: 1
    defaults: {every: 5 minutes}
    rules:
      - name: disk
        check: disk.space
        why: no
        only: {kind: [srver]}
        warning: {when: free_percnt < 10 and free_bytes < 15%, for: 300}
        targets: {include: [C:, /]}
        ticket: {title: "Low on {target}: {free_byte}"}
        name: again
      - name: disk
        check: service
        critical:
          when: >
            state == stopped or
            state == fialed
          priority: &high high
    maintenance:
      - {name: night, days: [tue], from: 22:00, to: "02:00"}
    """)


def test_different_mistakes_in_one_file_are_told_at_once_each_with_its_place(
    tmp_path: Path,
) -> None:
    assert problems(tmp_path, TEN_MISTAKES) == [
        "2:19: every: minutes is no unit of time; did you mean 5m?",
        '6:10: why: “no” without quotes is read as false by YAML; write "no"',
        "7:19: kind cannot be “srver”; did you mean server?",
        "8:21: when: disk.space has no metric “free_percnt”; did you mean free_percent?",
        "8:55: when: free_bytes is a size, 15% is a share; write a size such as 20 GiB",
        "8:65: for: 300 of what? a duration has a unit, such as 300s or 300m",
        (
            "9:25: include: a text is expected, not members;"
            ' a text with a colon at its end or “: ” within needs quotes: "C:"'
        ),
        "10:39: title: “{free_byte}” stands for nothing; did you mean free_bytes?",
        "11:5: “name” is given twice, first in line 4",
        "12:11: “disk” is the name of another rule, in line 4",
        "17:18: when: state is never “fialed”; did you mean failed?",
        "18:17: anchors are refused; a text that starts with & needs quotes",
        '20:38: from: “22:00” without quotes is read as the number 1320 by YAML; write "22:00"',
    ]


@pytest.mark.parametrize(
    ("member", "expected"),
    [("", 8), ("storm: 20\n", 20), ("storm: 1000\n", 1000), ("storm: 1\n", 1)],
)
def test_how_many_alerts_are_a_storm_may_be_said(
    tmp_path: Path, member: str, expected: int
) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(f"version: 1\n{member}rules: []\n")
    assert load(file, CHECKS).storm == expected


@pytest.mark.parametrize("count", ["0", "1001", "-3", "few", "[8]"])
def test_a_storm_of_no_or_countless_alerts_is_a_mistake(tmp_path: Path, count: str) -> None:
    [told] = problems(tmp_path, f"version: 1\nstorm: {count}\nrules: []\n")
    assert told.startswith("2:8: storm is a whole number from 1 to 1000")


RIGHT: Final = {
    "name": "name: a",
    "check": "check: cpu",
    "warning": "warning: {when: busy_percent > 9}",
}


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ("chekc: cpu", "3:4: a rule has no “chekc”; did you mean check?"),
        ("name: ", "3:9: name is empty"),
        ('name: " "', "3:10: name is empty"),
        ("name: a b", "3:10: “a b” is no name for a rule"),
        ("name: 'a:b'", "3:10: “a:b” is no name"),
        (f"name: {'a' * 101}", "3:10: name has at most 100 characters, not 101"),
        ("name: [a]", "3:10: name: a text is expected, not a list"),
        ("name: 2024", "3:10: name: “2024” without quotes is read as a number by YAML; write"),
        ("check: [cpu]", "3:11: check: a text is expected, not a list"),
        ("every: 0s", "3:11: every is at least 1s and at most 7d, not “0s”"),
        ("every: 2w", "3:11: every is at least 1s and at most 7d, not “2w”"),
        ("every: [1m]", "3:11: every is a duration such as 5m, not a list"),
        ("every: ", "3:10: every: a duration is a number and one of"),
        ("startup_grace: 17:30", "3:19: startup_grace: a duration is a number and"),
        ("mode: off", "3:10: mode cannot be “off”; choose from act and watch"),
        ("mode: [act]", "3:10: mode is one word, not a list"),
        ("only: server", "3:10: only: is written as members"),
        ("only: {kind: server}", "3:17: kind is a list; write [server]"),
        ("only: {kind: {a: b}}", "3:17: kind is a list, not members"),
        ("only: {os: [window]}", "3:16: os cannot be “window”; did you mean windows?"),
        ("only: {site: [a]}", "3:11: only: has no “site”; choose from kind, os, at and has"),
        ("targets: [a]", "3:13: targets: is written as members, NAME: VALUE, not as a list"),
        ("targets: {inclde: [a]}", "3:14: targets: has no “inclde”; did you mean include?"),
        ("targets: {start: [automatic]}", "3:14: targets: has no “start”; choose from"),
        ("targets: {absent: report}", "3:22: absent cannot be “report”; only ignore is known"),
        ("targets: {include: [no]}", "3:24: include: “no” without quotes is read as false"),
        ("warning: {for: 5m}", "3:13: warning: needs when:"),
        ("warning: x", "3:13: warning: is written as members, NAME: VALUE, not as “x”"),
        ("warning: {when: }", "3:19: when: empty; write one such as busy_percent < 15%"),
        ("warning: {when: [a]}", "3:20: when is an expression, not a list"),
        ("warning: {when: 95}", "3:20: when: the metric comes first"),
        ("warning: {when: busy > 95}", "3:20: when: cpu has no metric “busy”; choose from"),
        ('warning: {when: "busy_percent > 9 h"}', "3:36: when: busy_percent is a share, 9h is"),
        (
            "warning: {when: busy_percent > 9, clear: busy_percent = 1}",
            "3:58: clear: = has no meaning here",
        ),
        (
            "warning: {when: busy_percent > 9, priority: p1}",
            "3:48: priority cannot be “p1”; choose from urgent, high",
        ),
        (
            "warning: {when: busy_percent > 9, severity: p1}",
            "3:38: warning: has no “severity”; choose from when, for",
        ),
        ("ticket: no", "3:12: ticket is none, or has the members title and advice"),
        ("ticket: {text: a}", "3:13: ticket: has no “text”; choose from title and advice"),
        ('ticket: {title: "{busy"}', "3:21: title: a { without its partner"),
        ('ticket: {title: "busy}"}', "3:25: title: a } without its partner"),
        (
            'ticket: {title: "on {about_it}"}',
            "3:24: title: “{about_it}” stands for nothing; did you mean about?",
        ),
        ('ticket: {title: "on {host}"}', "3:24: title: “{host}” stands for nothing"),
        ('ticket: {title: "{}"}', "3:21: title: “{}” stands for nothing"),
        ('ticket: {title: "{target.x}"}', "3:21: title: “{target.x}” stands for nothing"),
        (f"ticket: {{title: {'a' * 151}}}", "3:20: title has at most 150 characters"),
        ('why: "a\\0b"', "3:9: why holds U+0000, which cannot be stored"),
        ('why: "\\uD800"', "3:9: why holds U+D800, which cannot be stored"),
    ],
)
def test_a_mistake_in_a_rule_is_told_with_its_place(
    tmp_path: Path, member: str, expected: str
) -> None:
    """The rule has all that it needs beside the wrong member, so nothing else is told."""
    right = [text for name, text in RIGHT.items() if not member.startswith(f"{name}:")]
    (told,) = problems(tmp_path, f"{HEAD}- {{{', '.join([member, *right])}}}\n")
    assert told.startswith(expected)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("just text", ["3:3: a rule is written as members, NAME: VALUE, not as “just text”"]),
        ("[a]", ["3:3: a rule is written as members, NAME: VALUE, not as a list"]),
        (
            "{why: b}",
            [
                "3:3: a rule needs check:",
                "3:3: a rule needs name:",
                "3:3: a rule needs warning: or",
            ],
        ),
        (
            "{name: a, check: dsk.space, warning: {when: free_percnt < 9}}",
            ["3:20: there is no check “dsk.space”; did you mean disk.space?", "3:47: when: disk."],
        ),
        (
            "{name: a, check: printer, warning: {when: jobs > 9}}",
            ["3:20: there is no check “printer”; choose from disk.space, memory,"],
        ),
        (
            "{name: a, check: tcp, warning: {when: state != open}}",
            ["3:20: tcp looks at nothing by itself; write targets: {include: […]}"],
        ),
        (
            "{name: a, check: tcp, warning: {when: state != open}, targets: {exclude: [b]}}",
            ["3:20: tcp looks at nothing by itself"],
        ),
    ],
)
def test_what_is_no_rule_is_told_why(tmp_path: Path, rule: str, expected: list[str]) -> None:
    told = problems(tmp_path, f"{HEAD}- {rule}\n")
    assert len(told) == len(expected)
    for line, part in zip(told, expected, strict=True):
        assert part in line


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (
            "{}",
            ["3:3: a window needs from:", "3:3: a window needs name:", "3:3: a window needs to:"],
        ),
        ("{name: a, from: 22:00, to: '23:00'}", ["3:19: from: “22:00” without quotes is read as"]),
        ("{name: a, from: '22:00', to: 1:5}", ["3:32: to: “1:5” without quotes is read as the"]),
        ("{name: a, from: '2200', to: '23:00'}", ["3:19: from is a local time in quotes such as"]),
        ("{name: a, from: '24:00', to: '23:00'}", ['3:19: a window starts by "23:59"; for']),
        ("{name: a, from: '22:00', to: '22:00'}", ["3:32: an empty window; a whole day is from"]),
        ("{name: a, from: '22:00', to: [a]}", ["3:32: to: a text is expected, not a list"]),
        (
            "{name: a, from: '1:00', to: '2:00', days: [tuesday]}",
            ["3:19: ", "3:31: ", "3:46: days"],
        ),
        ("{name: a, from: '01:00', to: '02:00', on: [tue]}", ["3:41: a window has no “on”; "]),
    ],
)
def test_a_mistake_in_a_window_is_told_with_its_place(
    tmp_path: Path, window: str, expected: list[str]
) -> None:
    told = problems(tmp_path, f"version: 1\nmaintenance:\n- {window}\nrules: []\n")
    assert len(told) == len(expected)
    for line, start in zip(told, expected, strict=True):
        assert line.startswith(start)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["1:1: the file is empty; it needs version: 1 and rules:"]),
        ("# only a comment\n", ["1:1: the file is empty"]),
        ("[]", ["1:1: the file is written as members, NAME: VALUE, not as a list"]),
        ("text", ["1:1: the file is written as members, NAME: VALUE, not as “text”"]),
        (
            "a: 1",
            ["1:1: the file has no “a”; ", "1:1: the file needs rules:", "1:1: the file needs"],
        ),
        ("version: 2\nrules: []", ["1:10: version cannot be “2”; only 1 is known"]),
        ("version: [1]\nrules: []", ["1:10: version is one word, not a list"]),
        ("version: 1\nrules: {}", ["2:8: rules is a list, each item starting with -, not members"]),
        ("version: 1\nrules:", ["2:7: rules is a list, each item starting with -, not nothing"]),
        ("version: 1\nrules: *x", ["2:8: aliases are refused"]),
        ("version: &a 1\nrules: []\ndefaults: 1m", ["1:10: anchors", "3:11: defaults: is written"]),
        (b"version: 1\nwhy: caf\xe9", ["2:9: the byte 0xE9 is not UTF-8; save the file as UTF-8"]),
        (b"\xff\xfev\x00", ["1:1: the byte 0xFF is not UTF-8"]),
        (b"a: \xc3", ["1:4: the byte 0xC3 is not UTF-8"]),
        (b"#" * (MOST_BYTES + 1), ["1:1: the file is larger than 256 KiB"]),
    ],
)
def test_a_file_that_is_no_rules_file_is_told_why(
    tmp_path: Path, text: str | bytes, expected: list[str]
) -> None:
    told = problems(tmp_path, text)
    assert len(told) == len(expected)
    for line, start in zip(told, expected, strict=True):
        assert line.startswith(start)


def test_the_largest_file_is_still_read(tmp_path: Path) -> None:
    text = "version: 1\nrules: []\n#"
    assert read(tmp_path, text + "x" * (MOST_BYTES - len(text))).rules == ()


def test_what_stands_above_a_broken_line_is_judged_too(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        HEAD + "- {name: a, check: cpu, warning: {when: busy > 3}}\n- {name: b\n\tcheck: cpu}\n",
    )
    assert [line.split(" ")[0] for line in told] == ["3:41:", "5:1:"]


def test_a_file_that_is_not_there_or_no_file_is_told(tmp_path: Path) -> None:
    for path, message in (
        (tmp_path / "absent.yaml", "the file cannot be read: No such file"),
        (tmp_path, "this is no regular file"),
        (tmp_path / "nul\0name", "the file cannot be read: "),
    ):
        with pytest.raises(ConfigError, match=message) as caught:
            load(path, CHECKS)
        assert [(p.line, p.column) for p in caught.value.problems] == [(1, 1)]


def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="no regular file"):
        load(tmp_path / "pipe", CHECKS)


def test_nobody_is_shown_thousands_of_problems(tmp_path: Path) -> None:
    told = problems(tmp_path, HEAD + "- x\n" * 5_000)
    assert len(told) == MOST + 1
    assert told[-1].startswith(f"{3 + MOST}:3: there is more")


def test_what_was_typed_is_shown_without_what_a_terminal_obeys(tmp_path: Path) -> None:
    text = HEAD + '- {name: "\\e[31m\\n", check: "\\e]0;x\\a", only: {os: "\\e[2J"}, "\\e": 1}'
    told = "\n".join(problems(tmp_path, text))
    assert "\x1b" not in told
    assert "\a" not in told
    assert "“\ufffd[31m”" in told
