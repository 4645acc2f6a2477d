"""What every check owes: its metrics and no others, a word for what it cannot do, a page."""

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import checks
from agent.check_api import (
    Check,
    Measured,
    Metric,
    TargetFilter,
    Unit,
    Unreadable,
    UnsupportedCheckError,
)
from agent.protocol.events import MAX_NAME
from agent.protocol.strict import check_value
from agent.rules.loader import load

ALL = checks.discover()
PAGES = Path(__file__).parents[3] / "docs" / "checks"
EXAMPLES = {
    # Beside this test others mount volumes of their own, and unmount them.
    "disk.inodes": TargetFilter(("/",)),
    "disk.space": TargetFilter(("/",)),
    "disk.writable": TargetFilter(("/",)),
    "raid": TargetFilter(("/dev/md99",)),
    "process": TargetFilter(("python*", "no-such-program")),
    "tcp": TargetFilter(("127.0.0.1:1", "not a place", "[::1]:1")),
}
"""Targets for the checks that need them, or that would look at too much."""
ANYWHERE = {"cpu", "memory", "process", "tcp"}
"""What even a bare container has the means for."""


def probed(check: Check) -> Iterator[Measured | Unreadable]:
    return looked(check, EXAMPLES.get(check.name, TargetFilter()))


def looked(check: Check, targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    return check.probe(targets, {}) if check.remembers else check.probe(targets)


@pytest.fixture(params=ALL.values(), ids=lambda check: check.name)
def check(request: pytest.FixtureRequest) -> Check:
    found = request.param
    assert isinstance(found, Check)
    return found


def test_every_file_of_the_folder_is_one_check_of_its_name() -> None:
    """So that another check is one file more and nothing else."""
    files = {path.stem for path in Path(checks.__file__).parent.glob("*.py")} - {"__init__"}
    assert {name.replace(".", "_") for name in ALL} == files
    assert set(ALL) >= {"cpu", "disk.space", "memory", "process", "service", "tcp"}
    assert list(ALL) == sorted(ALL)


def test_a_check_says_what_it_is(check: Check) -> None:
    assert re.fullmatch(r"[a-z]+(\.[a-z]+)*", check.name)
    assert check.meaning
    assert check.metrics
    assert set(check.platforms) <= {"linux", "darwin", "win32"}
    for metric in check.metrics:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", metric.name)
        assert metric.meaning
        assert bool(metric.words) is (metric.unit is Unit.WORD)
        suffixes = {
            Unit.BYTES: ("_bytes",),
            Unit.SHARE: ("_percent",),
            Unit.SECONDS: ("_s", "_in", "_age", "skew"),
        }
        for unit, endings in suffixes.items():
            assert metric.name.endswith(endings) is (metric.unit is unit), metric


def test_a_probe_yields_declared_metrics_in_their_units(check: Check) -> None:
    try:
        found = list(probed(check))
    except UnsupportedCheckError:
        assert check.name not in ANYWHERE
        return
    assert found or check.name not in ANYWHERE
    for one in found:
        assert 0 < len(one.target) <= MAX_NAME
        check_value(one.target)
        if isinstance(one, Unreadable):
            assert one.reason
            continue
        assert one.values
        for name, value in one.values.items():
            metric = check.metric(name)
            assert metric, f"{name} is not declared"
            assert_fits(metric, value)


def assert_fits(metric: Metric, value: float | str) -> None:
    check_value(value)
    if metric.unit is Unit.WORD:
        assert value in metric.words
        return
    assert isinstance(value, (int, float))
    assert value >= 0
    if metric.unit is Unit.SHARE:
        assert value <= 100
    if metric.unit is Unit.BYTES:
        assert isinstance(value, int)


def test_a_check_can_be_asked_again_and_again(check: Check) -> None:
    """What a check remembers must not change what it tells."""
    targets = []
    for _ in range(3):
        try:
            targets.append([one.target for one in probed(check)])
        except UnsupportedCheckError:
            targets.append(["unsupported"])
    assert targets[0] == targets[1] == targets[2]


def test_a_target_that_is_not_wanted_is_not_told(check: Check) -> None:
    nothing = TargetFilter(exclude=("*",))
    try:
        assert list(looked(check, nothing)) == []
    except UnsupportedCheckError:
        assert check.name not in ANYWHERE


def test_checks_load_nothing_heavy() -> None:
    """Each of these costs the resident agent megabytes; on Linux psutil is one of them."""
    includes = {name: targets.include for name, targets in EXAMPLES.items()}
    code = f"""
import json, sys
from agent.check_api import TargetFilter, UnsupportedCheckError
from agent.checks import discover
for check in discover().values():
    try:
        targets = TargetFilter({includes!r}.get(check.name, ()))
        list(check.probe(targets, {{}}) if check.remembers else check.probe(targets))
    except UnsupportedCheckError:
        pass
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(json.loads(done.stdout))
    heavy = "asyncio ctypes django email hashlib http psutil requests ssl yaml"
    assert not loaded & set(heavy.split())


def test_every_check_has_a_page_and_every_page_a_check() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} - {"README"} == set(ALL)


def test_the_pages_table_of_metrics_is_the_checks(check: Check) -> None:
    page = (PAGES / f"{check.name}.md").read_text(encoding="utf-8")
    told = {}
    for line in page.splitlines():
        row = re.fullmatch(r"\| `(?P<name>\w+)` \| (?P<unit>[^|]+) \| (?P<meaning>[^|]+) \|", line)
        if row:
            told[row["name"]] = (row["unit"], row["meaning"])
    assert told == {metric.name: (in_page(metric), metric.meaning) for metric in check.metrics}


def in_page(metric: Metric) -> str:
    if metric.unit is Unit.WORD:
        return "word: " + ", ".join(f"`{word}`" for word in metric.words)
    return str(metric.unit)


def test_a_page_says_what_one_needs_to_know(check: Check) -> None:
    page = (PAGES / f"{check.name}.md").read_text(encoding="utf-8")
    for heading in (f"# {check.name}", "## Metrics", "## Targets", "## Platforms", "## Example"):
        assert f"\n{heading}\n" in f"\n{page}"
    for option in check.options:
        assert f"`{option}:" in page
    systems = {"linux": "Linux", "win32": "Windows", "darwin": "macOS"}
    supported = page.partition("## Platforms")[2].partition("## ")[0]
    for platform in check.platforms:
        assert systems[platform] in supported


def test_a_module_without_a_check_is_a_mistake_of_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "stray.py").write_text("CHECK = None\n")
    monkeypatch.setattr(checks, "__path__", [str(tmp_path)])
    with pytest.raises(TypeError, match=r"agent\.checks\.stray must hold one CHECK"):
        checks.discover()["stray"]


def test_only_the_checks_that_rules_name_are_loaded(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from agent.checks import discover\n"
        "from agent.rules.loader import load\n"
        "load(Path(sys.argv[1]), discover())\n"
        "print(*sorted(name for name in sys.modules if name.startswith('agent.checks.')))"
    )
    file = tmp_path / "rules.yaml"
    file.write_text(
        "version: 1\nrules:\n- {name: m, check: memory, critical: {when: used_percent > 99}}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, file], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["agent.checks.memory"]


def test_the_pages_example_is_a_rule_that_loads(check: Check, tmp_path: Path) -> None:
    page = (PAGES / f"{check.name}.md").read_text(encoding="utf-8")
    example = tmp_path / "rules.yaml"
    example.write_text(page.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    [rule] = load(example, ALL).rules
    assert rule.check == check.name


def test_the_checks_are_found_in_a_zip_too(tmp_path: Path) -> None:
    """A packed agent has no folder to look into."""
    packed = tmp_path / "agent.zip"
    project = Path(__file__).parents[3]
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted((project / "agent").rglob("*.py")):
            archive.write(path, path.relative_to(project))
    code = (
        f"import sys; sys.path.insert(0, {str(packed)!r})\n"
        "from agent import checks; print(checks.__file__, *checks.discover())"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    file, *found = done.stdout.split()
    assert file.startswith(str(packed))
    assert found == list(ALL)
