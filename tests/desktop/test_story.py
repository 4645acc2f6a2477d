"""From a click on the icon to a ticket with a picture and its answer, with all parts real.

A panel, the tray, Chromium, the agent, a relay that records the wire, the server. On the screen
is noise that the person hides; all around lie secrets that nobody gave to anybody. Whatever is
stored or sent is looked through for both, and for noise that was left to be seen: that it is
found shows that the search finds.
"""

import io
import json
import secrets
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from PIL import Image

from server_stub.clients.models import Device
from server_stub.clients.scope import ALL
from server_stub.contacts.attachments import path_of
from server_stub.contacts.models import Attachment
from server_stub.tickets import acts
from server_stub.tickets.actions import amend
from server_stub.tickets.amendment import Actor
from server_stub.tickets.models import Ticket
from tests.end_to_end.conftest import Desk
from tests.support.agent_process import AgentProcess
from tests.support.databases import ServerDatabase
from tests.support.desktop import PANELS, TOOLS, WALLPAPER, Desktop
from tests.support.polling import until
from tests.support.relay import Relay
from tests.support.seeds import long_run
from tests.support.server_process import ServerProcess
from tests.support.traces import Patch, forms, stored_in
from tray.picture import _BLUE, _GREEN, _GREY

pytestmark = pytest.mark.needs(*TOOLS, "chromium")
PATIENCE_S = 90.0
WINDOW = (10, 60, 740, 700)
"""A part of the screen that the form's window covers."""
MIDDLE, CORNER = (470, 360), (800, 60)
RULES = """
version: 1
rules:
  - name: memory
    check: memory
    every: 5s
    warning: {when: available_bytes < 1 KiB, priority: low}
    ticket: {title: "No memory left", advice: "Look what uses it."}
"""
FILES = (
    ".netrc", ".pgpass", ".git-credentials", ".aws/credentials", ".ssh/id_ed25519", ".my.cnf",
    ".bash_history", "Documents/passwords.txt", ".config/chromium-old/Login Data", ".env",
)  # fmt: skip


class Secrets:
    """200 words that lie about on a computer, all with one mark in them."""

    def __init__(self, folder: Path) -> None:
        """Plant those in files; the rest is taken from ``words``."""
        self.mark = "kanary" + secrets.token_hex(9)
        self.count = 0
        self.planted = [folder / name for name in FILES]
        for path in self.planted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(self.words(5)))

    def words(self, count: int) -> list[str]:
        """Return so many new ones."""
        self.count += count
        return [f"password={self.mark}{one}" for one in range(self.count - count, self.count)]

    def in_(self, content: bytes) -> bool:
        """Tell whether any of them is in ``content``."""
        return any(form in content for form in forms(self.mark.encode()))


class Office:
    """A person's desktop, the agent of the computer, and the desk behind a relay."""

    def __init__(self, desktop: Desktop, desk: Desk, *folders: Path) -> None:
        self.desktop, self.desk = desktop, desk
        self.folders = [*folders, desktop.home]
        self.secrets = Secrets(desktop.home)
        self.hidden, self.seen = Patch(1, 96, 60), Patch(2, 96, 60)
        self.relay = Relay(int(desk.url.rpartition(":")[2]))
        desk.enrol("--kind", "workstation", server=self.relay.url)
        self.rules = desk.rules(RULES)
        self.start_agent()

    def start_agent(self) -> None:
        environment = {f"APP_{n}": word for n, word in enumerate(self.secrets.words(10))}
        self.agent = AgentProcess(self.desk.state, self.rules, environment=environment)

    def plant(self) -> dict[str, str]:
        """Put secrets where they lie in life; return those of the tray's own environment."""
        for _ in range(5):
            idle = "import time; time.sleep(600)"
            self.desktop.start(sys.executable, "-I", "-S", "-c", idle, *self.secrets.words(10))
        self.desktop.show_titles(self.secrets.words(50))
        return {f"APP_{n}": word for n, word in enumerate(self.secrets.words(30))}

    def found(self, patch: Patch | Secrets) -> set[str]:
        """Return where a trace is, in all that is stored here and was sent."""
        connection.close()  # reading its file would take its locks away
        stored = stored_in(self.folders, leaving_out=self.secrets.planted)
        stored["wire"] = bytes(self.relay.sent + self.relay.answered)
        return {place for place, content in stored.items() if patch.in_(content)}

    def draft(self) -> dict[str, Any]:
        """Return what the form has kept so far."""
        for file in self.desktop.home.glob("state/watchdesk/drafts/*/draft.json"):
            tree: dict[str, Any] = json.loads(file.read_text())
            return tree
        return {"title": "", "text": "", "attachments": []}


@pytest.fixture
def office(
    desktop: Desktop,
    sqlite: ServerDatabase,
    server_process: Callable[..., ServerProcess],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Office]:
    """All of it, started; temporary files of every process lie in the test's own folder."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    made = Office(desktop, Desk(sqlite, server_process, tmp_path), tmp_path, sqlite.data)
    yield made
    made.agent.stop()
    made.relay.close()


@pytest.mark.parametrize(
    "panel",
    [
        pytest.param(name, marks=pytest.mark.needs(name))
        for name in (PANELS if long_run() else ["xfce4-panel"])
    ],
)
def test_a_person_reports_a_problem_with_a_picture_and_is_answered(office: Office) -> None:
    desktop = office.desktop
    desktop.paint((office.hidden.image, MIDDLE), (office.seen.image, CORNER))
    panel = desktop.start_panel()
    desktop.tray("--state", str(office.desk.state), **office.plant())
    place = until(lambda: desktop.icon_at(_GREEN), PATIENCE_S, "the icon") or (0, 0)

    write_a_report(office, place)
    add_a_picture(office)
    send_it_while_all_is_down(office)
    number = until_it_is_a_ticket(office)
    look_at_the_ticket(office, number)
    answer_it(office, number)

    panel.send_signal(signal.SIGKILL)
    panel.wait()
    until(lambda: not desktop.icon_at(_BLUE), PATIENCE_S, "no panel, no icon")
    desktop.start_panel()
    until(lambda: desktop.icon_at(_BLUE), PATIENCE_S, "the icon in the new panel")

    desktop.keys("Escape")
    until(lambda: not desktop.windows("watchdesk"), PATIENCE_S, "the window's end")
    assert not list(desktop.home.glob("run/watchdesk/form-*.html"))
    assert office.secrets.count >= 200
    assert office.found(office.secrets) == set()
    assert office.found(office.hidden) == set()


def write_a_report(office: Office, place: tuple[int, int]) -> None:
    """Open the form from the menu, by mouse and keyboard, and fill it in by keyboard."""
    desktop = office.desktop
    desktop.open_menu(place)
    desktop.keys("Down", "Return")
    until(lambda: desktop.windows("Report a problem"), PATIENCE_S, "the form's window")
    until(lambda: desktop.shows(WINDOW, xf6f7f9=20_000), PATIENCE_S, "the form")
    desktop.choose("Report a problem…")  # a second click raises the window that is open
    desktop.type("Till is stuck")
    desktop.keys("Tab")
    desktop.type("since this morning")
    desktop.keys("Tab", "Up")
    until(
        lambda: (
            (office.draft()["text"], office.draft().get("urgency"))
            == ("since this morning", "cannot_work")
        ),
        PATIENCE_S,
        "the draft",
    )


def add_a_picture(office: Office) -> None:
    """Take one without this window and hide the middle of it."""
    desktop = office.desktop
    desktop.keys("Tab", "space")
    until(lambda: desktop.shows(WINDOW, x35546b=20_000, xf6f7f9=20_000), PATIENCE_S, "the preview")
    assert office.found(office.seen) == office.found(office.hidden) == set()
    desktop.keys("space")
    until(lambda: desktop.shows(WINDOW, x000000=2_000, xf6f7f9=20_000), PATIENCE_S, "the black box")
    desktop.keys("shift+Right", "Tab", "Tab", "Tab", "Return")
    until(lambda: office.draft()["attachments"], PATIENCE_S, "the picture's safekeeping")
    assert desktop.windows("Report a problem")
    assert any("/drafts/" in place for place in office.found(office.seen))


def send_it_while_all_is_down(office: Office) -> None:
    """Neither agent nor server are there: it waits, and the person is told so."""
    desktop = office.desktop
    office.desk.stop_server()
    office.agent.stop()
    until(lambda: desktop.icon_at(_GREY), PATIENCE_S, "the icon without an agent")
    desktop.keys("ctrl+Return")
    [waiting] = until(
        lambda: list(desktop.home.glob("state/watchdesk/drafts/*/report.json")), PATIENCE_S, "Send"
    )
    until(lambda: "Waiting here: Till is stuck" in desktop.menu(), PATIENCE_S, "the menu's word")

    office.start_agent()
    until(lambda: "Saved, will be sent" in desktop.notices(), PATIENCE_S, "the agent's word")
    until(lambda: not waiting.exists(), PATIENCE_S, "the end of waiting")
    until(lambda: "Till is stuck: saved, will be sent" in desktop.menu(), PATIENCE_S, "its keeping")
    assert any(place.startswith(f"{office.desk.state}/") for place in office.found(office.seen))
    assert office.found(office.hidden) == set()


def until_it_is_a_ticket(office: Office) -> int:
    """The server is back; return the number that the person is told."""
    office.desk.start_server()
    until(lambda: "Your ticket is" in office.desktop.notices(), PATIENCE_S, "the number")
    [row] = until(office.desk.tickets, what="the ticket")
    assert f"Your ticket is {row['number']}" in office.desktop.notices()
    until(
        lambda: f"{row['number']} Till is stuck:" in " ".join(office.desktop.menu()),
        PATIENCE_S,
        "the ticket in My tickets",
    )
    return int(row["number"])


def look_at_the_ticket(office: Office, number: int) -> None:
    """Device, facts and the picture are with it, and nothing else."""
    ticket = Ticket.objects.get(id=number)
    assert (ticket.source, ticket.title, ticket.priority) == ("tray", "Till is stuck", "high")
    device = Device.objects.get(id=ticket.device_id)
    assert device.facts_tree["os"]
    until(lambda: Attachment.objects.get().state == "kept", PATIENCE_S, "the picture")
    picture = Image.open(io.BytesIO(path_of(Attachment.objects.get().stored).read_bytes()))
    assert picture.size == (1024, 768)
    assert picture.getpixel((200, 200)) == WALLPAPER, "the form's own window is in the picture"
    assert picture.getpixel((512, 384)) == (0, 0, 0), "what was hidden can be seen"
    assert {"wire", str(path_of(Attachment.objects.get().stored))} <= office.found(office.seen)


def answer_it(office: Office, number: int) -> None:
    """A technician answers; the tray tells, here soon as something else is reported meanwhile."""
    actor = Actor("tess@example.com")
    amend(ALL, number, actor, acts.reply("Press both keys"), now=datetime.now(UTC))
    desktop = office.desktop
    said = ("--state", str(office.desk.state), "report", "--title", "The scanner, too")
    assert desktop.tray(*said).wait(PATIENCE_S) == 0
    until(lambda: "Press both keys" in desktop.notices(), PATIENCE_S, "the answer")
    until(lambda: desktop.icon_at(_BLUE), PATIENCE_S, "the icon with an answer")
