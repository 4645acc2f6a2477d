"""What ``make packages`` makes, made here from what ``make wheels`` fetched."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import needs
from tests.support.server_process import PROJECT

WHEN = {"SOURCE_DATE_EPOCH": "1700000000"}
WHEELS = PROJECT / ".cache" / "linux-wheels"


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is packaged: in the one we work in, files may change between two builds."""
    copied = tmp_path_factory.mktemp("checkout")
    for name in ("agent", "tray", "server_stub", "packaging"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / name, copied / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE", "rules.yaml", ".gitignore"):
        shutil.copy(PROJECT / name, copied / name)
    return copied


@pytest.fixture(scope="session")
def build_deb(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Build the package, not compressed, for speed: ``build_deb(version, **environment)``."""
    if not (WHEELS / "fetched").exists():
        needs.lacking("the dependencies for Linux: make wheels")

    def build(version: str, **environment: str) -> Path:
        made = subprocess.run(
            [
                *(sys.executable, str(checkout / "packaging" / "deb.py"), "--wheels", str(WHEELS)),
                *("--to", str(tmp_path_factory.mktemp("deb")), "--compress", "none"),
                *("--version", version),
            ],
            env=os.environ | WHEN | environment,
            cwd="/",
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return Path(made.stdout.strip())

    return build
