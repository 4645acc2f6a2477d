"""What the linters cannot see: rules of this house that hold for every module."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PACKAGES = ("agent", "server_stub", "tray", "demo")
MODULES = [
    path
    for package in PACKAGES
    for path in sorted((PROJECT / package).rglob("*.py"))
    if "migrations" not in path.parts
]
LONGEST_MODULE = 500
NEVER_NAMED = re.compile(
    r"(?:^|_)(manager|helper|helpers|utils|util|common|misc|info|handle)(?:_|$)"
)
NAMED_BY_OTHERS = {"handle_error", "proxy_manager_for"}
"""Methods of libraries that we override."""
TABLES_OF = {
    "clients": "clients",
    "tickets": "tickets",
    "sla": "sla",
    "desk": "desk",
    "work": "work",
    "intake": "intake",
    "api": "api",
}
"""Each app's tables and string references begin with its label."""

ALLOWED_REFERENCES = {
    "clients": set(),
    "work": {"clients"},
    "sla": {"clients", "tickets"},
    "tickets": {"clients", "sla", "desk"},
    "desk": {"clients", "tickets", "sla"},
    "intake": {"clients", "tickets", "sla", "desk", "work"},
    "api": {"clients", "tickets", "sla", "desk", "work", "intake"},
}
"""Which app's models another app's models may point at by name.

A ticket points up at its assignee and a clock at its ticket: rows, not code. import-linter sees
neither, so they are listed here.
"""


def names_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def calls_of(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield node


def identifier(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@pytest.mark.parametrize("path", MODULES, ids=identifier)
def test_a_module_has_one_job_and_says_which(path: Path) -> None:
    text = path.read_text()

    assert len(text.splitlines()) <= LONGEST_MODULE
    assert ast.get_docstring(ast.parse(text)), "it has no docstring"
    assert not NEVER_NAMED.search(path.stem), "its name says nothing"


@pytest.mark.parametrize("path", MODULES, ids=identifier)
def test_names_say_what_a_thing_does(path: Path) -> None:
    vague = {
        name
        for name in names_of(path)
        if name not in NAMED_BY_OTHERS
        and NEVER_NAMED.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    }

    assert vague == set()


@pytest.mark.parametrize("path", MODULES, ids=identifier)
def test_nothing_runs_a_shell_or_text_as_code(path: Path) -> None:
    for call in calls_of(path):
        name = ast.unparse(call.func)
        assert name not in {"eval", "exec", "compile", "os.system", "os.popen", "yaml.load"}, name
        assert not any(
            keyword.arg == "shell" and ast.unparse(keyword.value) != "False"
            for keyword in call.keywords
        ), name
    assert not re.search(
        r"^\s*(?:import|from) (?:pickle|marshal|shelve)\b", path.read_text(), re.MULTILINE
    )


@pytest.mark.parametrize("path", MODULES, ids=identifier)
def test_broad_excepts_stand_only_where_a_loop_must_go_on(path: Path) -> None:
    """Each of them logs and goes on; anywhere else they hide mistakes."""
    loops = {
        "agent/evidence.py",
        "agent/healing.py",
        "agent/probing.py",
        "agent/runner.py",
        "agent/delivery/courier.py",
        "agent/facts.py",
        "agent/facts_upkeep.py",
        "agent/recording.py",
        "agent/local_link/server.py",
        "agent/delivery/sender.py",
        "server_stub/intake/application.py",
        "server_stub/intake/writer.py",
        "server_stub/work/engine.py",
    }
    broad = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
        and not any(isinstance(child, ast.Raise) and child.exc is None for child in ast.walk(node))
    ]

    assert not broad or identifier(path) in loops


@pytest.mark.parametrize("app", sorted(ALLOWED_REFERENCES))
def test_models_point_by_name_only_where_the_layers_allow(app: str) -> None:
    text = (PROJECT / "server_stub" / app / "models.py").read_text()
    labels = {label for label in TABLES_OF if re.search(rf'"{label}\.[A-Z]\w+"', text)}

    assert labels - {app} <= ALLOWED_REFERENCES[app]


def test_every_check_has_its_page_and_its_test() -> None:
    checks = [p for p in (PROJECT / "agent" / "checks").glob("*.py") if p.stem != "__init__"]

    for check in checks:
        name = check.stem.replace("_", ".")
        assert (PROJECT / "docs" / "checks" / f"{name}.md").exists(), name
        assert list((PROJECT / "tests" / "agent" / "checks").glob(f"test_{check.stem}*.py")), name


def test_the_version_is_written_once() -> None:
    assert "version =" not in (PROJECT / "pyproject.toml").read_text().split("[tool.hatch")[0]


def test_nothing_names_a_registry_or_a_place_on_somebodys_machine() -> None:
    """Requirements are pinned by hash; where they come from is the machine's own affair."""
    for path in [*PROJECT.glob("requirements*.txt"), PROJECT / "Makefile", PROJECT / "README.md"]:
        text = path.read_text()
        assert "index-url" not in text.replace("--no-emit-index-url", "")
        assert "pypi" not in text.lower()
