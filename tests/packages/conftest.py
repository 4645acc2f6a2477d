"""What ``make packages`` makes, made here from what ``make wheels`` fetched."""

import os
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
def build_deb(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Build the package, not compressed, for speed: ``build_deb(version, **environment)``."""
    if not (WHEELS / "fetched").exists():
        needs.lacking("the dependencies for Linux: make wheels")

    def build(version: str, **environment: str) -> Path:
        made = subprocess.run(
            [
                *(sys.executable, str(PROJECT / "packaging" / "deb.py"), "--wheels", str(WHEELS)),
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
