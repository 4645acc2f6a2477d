"""A Windows computer, from its enrolment to the ticket its user filed: agent, pipe, tray, page.

Everything of the device runs under Wine on the official Python for Windows; the server is the
real one, on this machine.
"""

import http.client
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from server_stub.contacts.models import Attachment, Contact
from server_stub.tickets.models import Ticket
from tests.end_to_end.conftest import Desk
from tests.support.databases import ServerDatabase
from tests.support.polling import until
from tests.support.server_process import ServerProcess
from tests.support.windows import Windows, windows_path
from tests.windows.office import Office

RULES = """
version: 1
rules:
  - name: disk
    check: disk.space
    every: 1m
    warning: {when: free_percent < 0.001, for: 1h, clear: free_percent > 1, priority: low}
    ticket: {title: "{target} is full", advice: "-"}
  - name: spooler
    check: service
    every: 1s
    startup_grace: 0s
    targets: {include: [no-such-service]}
    critical: {when: state != running, for: 1s, priority: high}
    ticket: {title: "{target} does not run", advice: "Start it."}
"""
SESSION = r"C:\users\root\AppData\Local\watchdesk\session"
SID = re.compile(r"S-1-5-21(-\d+){4}")
AMBER = (232, 134, 9)


@pytest.fixture
def office(
    windows: Windows,
    sqlite: ServerDatabase,
    server_process: Callable[..., ServerProcess],
    tmp_path: Path,
) -> Iterator[Office]:
    made = Office(windows, Desk(sqlite, server_process, tmp_path), tmp_path, RULES)
    assert made.alert
    yield made
    made.agent.kill()


def test_a_person_at_a_windows_computer_files_a_report_and_sees_the_ticket(
    office: Office, tmp_path: Path
) -> None:
    picture = tmp_path / "page.png"
    Image.effect_noise((300, 200), 90).save(picture)

    assert office.alert["title"] == "no-such-service does not run"
    said = office.tray(
        "report", "--title", "The printer prints blank pages", "--text", "Since today, café",
        "--file", windows_path(picture),
    )  # fmt: skip
    assert "is saved and will be sent" in said

    ticket: Any = until(
        lambda: Ticket.objects.filter(source="tray").first(), what="the report's ticket"
    )
    assert ticket.device is not None
    assert ticket.device.os == "windows"
    contact = Contact.objects.get()
    assert SID.fullmatch(contact.account), "what the system told the agent of who asks"
    assert contact.account_name.endswith("\\root")
    assert "café" in ticket.timeline.get().body
    until(lambda: Attachment.objects.get().state == "kept", what="the picture")

    shown: Any = until(
        lambda: (text := office.tray("status")).count(f"{ticket.id} The printer") and text,
        what="the ticket's number in the tray",
    )
    assert "no-such-service does not run" in shown
    status = office.status()
    assert {check["target"]: check["evaluation"] for check in status["checks"]} == {
        "C:": "ok",
        "Z:": "ok",
        "no-such-service": "critical",
    }
    assert "Traceback" not in office.agent.output()


def test_the_icon_is_seen_its_menu_opens_and_its_form_files_a_report(office: Office) -> None:
    windows = office.windows
    with windows.desktop() as screen:
        tray = windows.python("-m", "tray", "--state", office.state)
        place: Any = until(lambda: screen.seen(AMBER), what="the icon: something is known")
        before = screen.picture()
        screen.click(place, button=3)
        menu: Any = until(lambda: screen.changed(before), what="the menu")
        screen.click((menu[0] + 60, menu[1] + 11))  # its first entry, Report a problem
        address = until(lambda: entrance(windows), what="the page for the browser")

    page = Page(address)
    assert page.ask("GET", "/") == 200
    assert Page(address).entered == 403, "the address works once"
    assert page.ask("POST", "/known", {}, host="evil.example") == 421
    assert page.ask("POST", "/discard", {}) == 200
    draft = json.loads(page.said)["draft"] | {"title": "The menu led me here"}
    assert page.ask("POST", "/send", draft) == 200
    ticket: Any = until(
        lambda: Ticket.objects.filter(source="tray").first(), what="the report's ticket"
    )
    assert ticket.title == "The menu led me here"
    assert SID.fullmatch(Contact.objects.get().account)
    assert "Traceback" not in tray.output()
    tray.kill()


def entrance(windows: Windows) -> str:
    """Return the address that the file for the browser leads to, once there is one."""
    for file in windows.path(SESSION).glob("form-*.html"):
        found = re.search(r'href="([^"]+)"', file.read_text())
        if found:
            return found[1]
    return ""


class Page:
    """The form's page, as the browser that was given this address has it."""

    def __init__(self, address: str) -> None:
        self._host = address.partition("//")[2].partition("/")[0]
        self._cookie = ""
        self.entered = self.ask("GET", address.partition(self._host)[2])

    def ask(self, method: str, path: str, body: object = None, *, host: str = "") -> int:
        connection = http.client.HTTPConnection(self._host, timeout=20)
        headers = {
            "Host": host or self._host,
            "Cookie": self._cookie,
            "Origin": f"http://{self._host}",
            "Content-Type": "application/json",
        }
        content = json.dumps(body) if method == "POST" else None
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        self.said = answer.read()
        self._cookie = (answer.getheader("Set-Cookie") or self._cookie).partition(";")[0]
        connection.close()
        return answer.status
