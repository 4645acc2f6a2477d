"""The tray notices another agent at once, and costs nothing while nothing happens."""

import threading
from pathlib import Path

import pytest

from tests.support.polling import until
from tray import link_watch
from tray.link_watch import FolderWatch, LinkWatch

LONG_S = 600.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "link"
    place.mkdir()
    return place


class Waiter(threading.Thread):
    """Waits once, for ten minutes if nothing happens."""

    def __init__(self, watch: LinkWatch) -> None:
        super().__init__(daemon=True)
        self.watch = watch
        self.woken: bool | None = None
        self.start()

    def run(self) -> None:
        self.woken = self.watch.wait(LONG_S)

    def until_ended(self) -> bool | None:
        until(lambda: not self.is_alive(), what="the end of the wait")
        return self.woken


def test_a_wait_ends_when_the_socket_comes_or_goes(folder: Path) -> None:
    watch = FolderWatch(folder)
    assert not watch.wait(LONG_S)  # the first look comes at once
    for change in (
        (folder / "new").touch,
        lambda: (folder / "new").replace(folder / "agent.sock"),
        (folder / "agent.sock").unlink,
    ):
        waiter = Waiter(watch)
        change()
        assert waiter.until_ended() is False
    watch.close()


def test_a_folder_that_goes_away_is_watched_again_when_it_is_back(folder: Path) -> None:
    watch = FolderWatch(folder)
    watch.wait(LONG_S)
    folder.rmdir()
    assert not watch.wait(LONG_S)
    folder.mkdir()
    until(lambda: watch.wait(LONG_S) or watch._watching, what="the new folder's watch")

    waiter = Waiter(watch)
    (folder / "agent.sock").touch()

    assert waiter.until_ended() is False
    watch.close()


@pytest.mark.parametrize("kind", ["folder", "plain"])
def test_whoever_wakes_it_ends_the_wait_and_only_that(folder: Path, kind: str) -> None:
    watch = link_watch.watch(folder / "agent.sock") if kind == "folder" else LinkWatch()
    watch.wait(0)
    watch.wake()
    assert watch.wait(LONG_S)
    assert not watch.wait(0)
