"""An agent to talk to, and a person with a home of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fake_agent import FakeAgent
from tray import language


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home that is empty, in English, in a session without a desktop."""
    place = tmp_path / "home"
    (place / "run").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("XDG_STATE_HOME", str(place / "state"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(place / "run"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "LANGUAGE", "LC_ALL", "LC_MESSAGES",
                 "WATCHDESK_LINK", "DBUS_SESSION_BUS_ADDRESS"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    language.speak()
    yield place
    language.speak()


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[FakeAgent]:
    """An agent on the folder ``state``."""
    (tmp_path / "state").mkdir()
    started = FakeAgent(tmp_path / "state")
    yield started
    started.stop()
