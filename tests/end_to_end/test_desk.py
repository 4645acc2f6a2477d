"""What staff write of the desk is what people see at their computers, also without the server."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from server_stub.clients.scope import ALL
from server_stub.commands.policies import keep
from server_stub.knowledge.actions import keep_note
from server_stub.knowledge.queries import notes_counted
from server_stub.sla.policy import DEFAULT
from tests.end_to_end.conftest import Desk
from tests.support.agent_process import AgentProcess
from tests.support.polling import until
from tray import language
from tray.agent_link import Link, link_to
from tray.cli import main
from tray.drafts import Drafts
from tray.errors import TrayError
from tray.forms.own_window import Window
from tray.forms.service import Form

RULES = "version: 1\nrules: []\n"
NOTE = "# The printer prints blank pages\n\nWords: toner\n\nPull the strip off the new toner."
TOLD = """
  provider: Northwind IT
  phone: +44 20 7946 0000
  urgent: call +44 1
  shared_accounts: [root, reception]
"""


class Unseen(Window):
    """A window of a test is not on any screen."""

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Need no time."""
        yield


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The tray's own folders, and its English."""
    for name in ("HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        (tmp_path / name).mkdir(mode=0o700)
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    language.speak()
    yield
    language.speak()


@pytest.fixture
def agent(home: None, desk: Desk, tmp_path: Path) -> Iterator[AgentProcess]:
    """A computer of a client whose policy and notes are told."""
    text = re.sub(r"\ndesk:\n", f"\ndesk:{TOLD}", DEFAULT.read_text())
    (tmp_path / "ours.yaml").write_text(text)
    keep("default", tmp_path / "ours.yaml")
    keep_note(NOTE, desk.client, datetime.now(UTC))
    desk.enrol()
    started = AgentProcess(desk.state, desk.rules(RULES))
    yield started
    started.stop()


def asked(link: Link, verb: str) -> dict[str, Any]:
    try:
        return link.ask(verb)
    except TrayError:
        return {}


def test_the_desk_and_its_notes_are_known_offline_and_what_helped_is_counted(
    desk: Desk, agent: AgentProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    link = link_to(desk.state)
    told: Any = until(lambda: asked(link, "known").get("desk"), within_s=60, what="the desk")
    assert told["provider"] == "Northwind IT"
    until(lambda: asked(link, "notes").get("notes"), within_s=60, what="the notes")
    desk.stop_server()

    assert main(["--state", str(desk.state), "status"]) == 0
    shown = capsys.readouterr().out
    assert "  Northwind IT\n  +44 20 7946 0000\n" in shown
    assert re.search(r"  (open|closed) until ", shown)

    form = Form(link, Drafts(), lambda: datetime.now().astimezone(), Unseen())
    known = form.known()
    help_view = known["desk"]
    assert (help_view["phone"], help_view["urgent"]) == ("+44 20 7946 0000", "call +44 1")
    assert help_view["opening"].startswith(("open until", "closed until"))
    assert help_view["shared"], "this test's account is among the shared ones"
    assert [one["ask"] for one in known["questions"]["printer"]] == [
        "Which printer?",
        "Does it print for other people?",
    ]
    wrong = form.save(form.draft.tree() | {"title": "Blank pages"})["problems"]
    assert set(wrong) == {"contact.name", "contact.phone"}

    [note] = form.suggest("The printer gives blank pages")["notes"]
    assert note["text"] == "Pull the strip off the new toner."
    form.solved(note["id"])
    desk.start_server()

    def solved() -> int:
        found: int = notes_counted(ALL).get().solved  # type: ignore[attr-defined] # annotated
        return found

    until(lambda: solved() == 1, within_s=60, what="the count")
    assert desk.tickets() == []


def test_a_change_reaches_the_tray_and_a_shared_account_has_no_contact(
    desk: Desk, agent: AgentProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report's own answer brings the cursors that have moved meanwhile."""
    link = link_to(desk.state)
    until(lambda: asked(link, "known").get("desk"), within_s=60, what="the desk")
    text = (tmp_path / "ours.yaml").read_text().replace("Northwind IT", "Southwind IT")
    (tmp_path / "ours.yaml").write_text(text)
    keep("default", tmp_path / "ours.yaml")

    arguments = ["--state", str(desk.state), "report", "--title", "Blank", "--name", "Ann"]
    arguments += ["--urgency", "cannot_work"]
    assert main(arguments) == 0
    assert "saved and will be sent" in capsys.readouterr().out
    ticket: Any = until(
        lambda: next((t for t in asked(link, "tickets").get("tickets", ()) if t["due_at"]), None),
        within_s=60,
        what="number and due time",
    )
    assert (ticket["number"], ticket["priority"]) == (desk.tickets()[0]["number"], "high")
    [entry] = desk.timeline(ticket["number"])
    assert entry["payload"]["name"] == "Ann"
    whole = desk.get(f"tickets/{ticket['number']}")
    assert {clock["name"] for clock in whole["clocks"]} == {"response", "resolution"}
    until(
        lambda: (asked(link, "known").get("desk") or {}).get("provider") == "Southwind IT",
        within_s=60,
        what="the desk as it is now",
    )
