"""A form that is served, and pictures without a screen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from PIL import Image

from tests.support.fake_agent import NOW, FakeAgent
from tray.agent_link import Link
from tray.drafts import Drafts
from tray.forms.own_window import Window
from tray.forms.service import Form
from tray.forms.web import WebForm
from tray.screenshot import Picture

GREY = (120, 130, 140)


class Unseen(Window):
    """A window of a test is not on any screen."""

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Need no time."""
        yield


def grey_screen() -> Picture:
    """Return a screen of one colour."""
    return Picture(Image.new("RGB", (640, 400), GREY))


@pytest.fixture
def serve(agent: FakeAgent) -> Iterator[Callable[..., WebForm]]:
    """Serve forms of one person, each over the draft folder as it is; all are closed."""
    served: list[WebForm] = []

    def start(view: str = "") -> WebForm:
        form = Form(Link(agent.path), Drafts(), lambda: NOW, Unseen(), grey_screen)
        served.append(WebForm(form, view))
        return served[-1]

    yield start
    for web in served:
        web.close()
