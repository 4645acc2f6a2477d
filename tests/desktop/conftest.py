"""A desktop with a panel, an agent, and a tray that shows itself there."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.desktop import Desktop
from tests.support.fake_agent import FakeAgent


@pytest.fixture
def panel() -> str:
    """The panel of the session; a test that looks at several has it as a parameter."""
    return "xfce4-panel"


@pytest.fixture
def desktop(panel: str) -> Iterator[Desktop]:
    """A session on an X server nobody sees, with Chromium to show forms.

    Its home has a short path: a browser's socket lies deep in it.
    """
    with tempfile.TemporaryDirectory(prefix="wd-", ignore_cleanup_errors=True) as folder:
        made = Desktop(Path(folder) / "home", panel)
        chromium = shutil.which("chromium")
        if chromium:
            made.with_chromium(chromium)
        yield made
        made.close()


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[FakeAgent]:
    """An agent that knows of nothing wrong."""
    (tmp_path / "state").mkdir()
    started = FakeAgent(tmp_path / "state")
    started.alerts = []
    yield started
    started.stop()
