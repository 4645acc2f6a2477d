"""What a screen reader is told of the form, by the browser that shows it."""

from pathlib import Path

import pytest

from tests.support import accessible
from tests.support.accessible import Node
from tests.support.desktop import TOOLS, Desktop
from tests.support.fake_agent import DISK, FakeAgent
from tests.support.needs import lacking
from tests.support.polling import until

pytestmark = pytest.mark.needs(*TOOLS, "chromium")
FIELDS = {
    Node("entry", "What is wrong, in a few words"),
    Node("entry", "What happened? optional"),
    Node("radio button", "I cannot work"),
    Node("radio button", "It slows me down"),
    Node("radio button", "It can wait"),
    Node("push button", "Add a picture of my screen"),
    Node("push button", "Attach a file"),
    Node("push button", "Send"),
    Node("push button", "Discard"),
    Node("push button", "This is my problem too"),
}
MORE = {
    Node("combo box", "What is it about?"),
    Node("entry", "The error message, word for word"),
    Node("entry", "What did you do just before?"),
    Node("entry", "What have you tried already?"),
    Node("entry", "Your name"),
    Node("entry", "Telephone"),
    Node("entry", "E-mail address"),
    Node("radio button", "by telephone"),
    Node("check box", "Serial number"),
}
OPERABLE = {
    "toggle button",
    "entry",
    "radio button",
    "push button",
    "check box",
    "combo box",
    "link",
}


def test_every_field_of_the_form_is_named_to_a_screen_reader(
    desktop: Desktop, agent: FakeAgent
) -> None:
    if not Path(accessible.LAUNCHER).exists():
        lacking("at-spi2-core")
    agent.alerts = [DISK]
    for name in ("NO_AT_BRIDGE", "GTK_A11Y"):
        del desktop.environment[name]
    desktop.start(accessible.LAUNCHER, "--launch-immediately")
    desktop.environment["ACCESSIBILITY_ENABLED"] = "1"
    desktop.environment["WATCHDESK_TEST_BROWSER"] = "--force-renderer-accessibility"
    desktop.tray("--state", str(agent.path.parent), "form")
    until(lambda: desktop.windows("Report a problem"), what="the form's window")

    bus = desktop.environment["DBUS_SESSION_BUS_ADDRESS"]

    def told() -> list[Node]:
        return accessible.nodes(bus)

    until(lambda: set(told()) >= FIELDS, what="all fields")
    accessible.press(bus, "toggle button")
    until(lambda: set(told()) >= MORE, what="the fields of the parts that were closed")
    page = told()
    assert [node for node in page if node.role in OPERABLE and not node.name] == []
