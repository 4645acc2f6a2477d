"""What a test needs of the machine: without it, it is skipped here and fails in CI."""

import os
import shutil
from typing import NoReturn

import pytest

_SYSTEM_FOLDERS = "/usr/sbin:/sbin"


def lacking(what: str) -> NoReturn:
    """End the running test because this machine lacks ``what``.

    In CI (``CI`` is set) it fails: a test that never runs there proves nothing to anybody.
    """
    if os.environ.get("CI"):
        pytest.fail(f"CI must have what a test needs: {what}", pytrace=False)
    pytest.skip(f"needs {what}")


def tool(name: str) -> str | None:
    """Return the path of a system tool, also of one only root has on its path."""
    return shutil.which(name) or shutil.which(name, path=_SYSTEM_FOLDERS)


def check(item: pytest.Item) -> None:
    """Apply the markers ``needs`` and ``needs_root`` of a test about to run."""
    for mark in item.iter_markers("needs"):
        missing = [name for name in mark.args if tool(name) is None]
        if missing:
            lacking(f"{', '.join(missing)} on this machine")
    if item.get_closest_marker("needs_root") and os.geteuid() != 0:
        lacking("root")
