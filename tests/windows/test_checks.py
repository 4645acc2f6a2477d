"""Every check on the real Python for Windows: what Wine lacks is unknown or unsupported."""

import json
from pathlib import Path

from agent.check_api import Check, Unit
from agent.checks import discover
from tests.support.windows import Windows, windows_path

TARGETS = {
    "certificate": "127.0.0.1:1",
    "clock": "127.0.0.1",
    "dns": "localhost",
    "http": "http://127.0.0.1:1/",
    "ping": "127.0.0.1",
    "process": "python*",
    "tcp": "127.0.0.1:1",
}
LITERALS = {
    Unit.SHARE: "1%",
    Unit.BYTES: "1 GiB",
    Unit.SECONDS: "1h",
    Unit.CELSIUS: "1 °C",
    Unit.COUNT: "1",
}


def rule(check: Check) -> str:
    """Return a rule that asks for the check's first metric."""
    metric = check.metrics[0]
    literal = metric.words[0] if metric.unit is Unit.WORD else LITERALS[metric.unit]
    name = check.name.replace(".", "-")
    targets = f", targets: {{include: ['{TARGETS[check.name]}']}}" if check.needs_targets else ""
    return (
        f"  - {{name: {name}, check: {check.name}{targets}, warning: {{when: {metric.name} == "
        f"{literal}, priority: low}}, ticket: {{title: '-'}}}}\n"
    )


def test_what_wine_lacks_is_unknown_or_unsupported_never_a_crash(
    windows: Windows, tmp_path: Path
) -> None:
    checks = [
        check
        for check in discover().values()
        if check.name != "plugin" and (not check.needs_targets or check.name in TARGETS)
    ]
    rules = tmp_path / "rules.yaml"
    rules.write_text(f"version: 1\nrules:\n{''.join(map(rule, checks))}", encoding="utf-8")
    said = windows.run("-m", "agent", "once", "--rules", windows_path(rules))
    assert "the check failed" not in said, "an error that no check foresaw"
    assert "Traceback" not in said
    for told in ("disk-space", "memory", "service"):
        assert f"\n{told} " in said
    for name in ("log-events", "crash"):
        assert f"not checked here: {name}: this system's event log cannot be read" in said


def test_a_recording_of_a_windows_is_made(windows: Windows, tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    windows.run("-m", "agent", "doctor", "--record", windows_path(folder))
    answers = json.loads((folder / "answers.json").read_text())
    assert json.loads(answers["services"]["text"])["Spooler"]["state"] in {"running", "stopped"}
    assert json.loads(answers["drives"]["text"])[0]["drive"]["number"] == 0
    assert answers["events"]["error"].startswith("UnsupportedCheckError")
    assert "it failed" not in (folder / "checks.json").read_text()
