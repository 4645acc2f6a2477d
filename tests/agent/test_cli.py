"""The commands as a person types them, in processes of their own."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.agent.rules.test_loader import TEN_MISTAKES
from tests.support.agent_process import agent_command
from tests.support.server_process import PROJECT, server_environment

WRONG = """
version: 1
rules:
  - name: disk
    check: disk.space
    critical: {when: used_pct > 90, for: 5m}
  - name: disk
    check: disk.spac
    critical: {when: free_percent < 5 GiB, for: 5 minutes}
"""


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        agent_command(*arguments), cwd=PROJECT, env=server_environment(), input=stdin,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


def test_help_shows_examples_and_an_unknown_command_exits_2() -> None:
    assert "examples:" in run("--help").stdout
    assert run("explode").returncode == 2


def test_validate_tells_every_mistake_with_its_place_and_exits_2(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(TEN_MISTAKES)

    done = run("validate", str(file))

    lines = done.stderr.splitlines()
    assert done.returncode == 2
    assert len(lines) >= 10
    assert all(re.match(rf"{re.escape(str(file))}:\d+:\d+: .", line) for line in lines)
    assert any("did you mean free_percent?" in line for line in lines)


def test_validate_of_the_shipped_rules_is_quiet() -> None:
    done = run("validate", "rules.yaml")

    assert (done.returncode, done.stderr) == (0, "")
    assert "no mistakes" in done.stdout
    assert "hint" not in done.stdout


def test_validate_gives_hints_about_what_works_but_should_not_stay(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(
        "version: 1\nrules:\n  - name: cpu\n    check: cpu\n"
        "    warning: {when: busy_percent > 95, priority: low}\n"
    )

    done = run("validate", str(file))

    assert done.returncode == 0
    assert f"{file}:5:" in done.stdout
    assert "no for:" in done.stdout


def test_once_looks_at_this_computer_and_sends_nothing() -> None:
    checks = json.loads(run("once", "--json", "--rules", "rules.yaml").stdout)

    assert {"rule", "check", "target", "evaluation", "since", "summary"} == set(checks[0])
    assert "disk.space" in {check["check"] for check in checks}


def test_checks_lists_metrics_with_units() -> None:
    listed = json.loads(run("checks", "--json").stdout)

    disk = next(check for check in listed if check["name"] == "disk.space")
    assert {"name": "free_bytes", "unit": "bytes"}.items() <= disk["metrics"][2].items()
    assert "free_bytes" in run("checks").stdout


def test_explain_of_an_unknown_rule_names_the_known_ones() -> None:
    done = run("explain", "nope", "--rules", "rules.yaml")

    assert done.returncode == 1
    assert "cpu-server" in done.stderr
    assert "target cpu" in run("explain", "cpu-server", "--rules", "rules.yaml").stdout


def test_schema_is_a_json_schema() -> None:
    assert json.loads(run("schema").stdout)["title"] == "watchdesk rules"


@pytest.mark.parametrize("command", ["status", "outbox"])
def test_without_an_agent_a_question_says_how_to_start_one(command: str, tmp_path: Path) -> None:
    done = run(command, "--state", str(tmp_path))

    assert done.returncode == 1
    assert "no agent runs" in done.stderr
    assert "watchdesk-agent run" in done.stderr


def test_without_an_order_that_waits_enroll_says_how_to_enrol(tmp_path: Path) -> None:
    done = run("enroll", "--state", str(tmp_path / "state"))

    assert done.returncode == 1
    assert "watchdesk-agent enroll --server URL --token-file FILE" in done.stderr
    assert run("enroll", "--server", "https://desk.example").returncode == 2


def test_run_refuses_rules_with_mistakes_and_tells_them(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(WRONG)
    file.chmod(0o600)

    assert run("once", "--rules", str(file)).returncode == 2


def test_doctor_tells_what_is_wrong_and_exits_1(tmp_path: Path) -> None:
    done = run("doctor", "--state", str(tmp_path), "--rules", "rules.yaml")

    assert done.returncode == 1
    assert re.search(r"well   \d+ rules", done.stdout)
    assert "WRONG  no agent runs" in done.stdout
    assert "enroll" in done.stdout


def test_the_enrolment_token_is_never_an_argument(tmp_path: Path) -> None:
    done = run("enroll", "--server", "http://127.0.0.1:9", "--token-file", "-",
               "--state", str(tmp_path / "state"), stdin="wds_no-such-token\n")  # fmt: skip

    assert done.returncode == 1
    assert "not an enrolment token" in done.stderr
