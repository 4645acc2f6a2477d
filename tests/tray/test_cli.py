import io
import re
from pathlib import Path

import pytest

from tests.support.fake_agent import FakeAgent
from tray.cli import main
from tray.drafts import Drafts


def test_a_report_with_a_file_arrives_whole(
    agent: FakeAgent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "page.png"
    picture.write_bytes(bytes(range(250)) * 400)
    agent.number = 7

    code = main(["--state", str(agent.path.parent), "report", "--title", "Blank pages",
                 "--urgency", "cannot_work", "--kind", "printer", "--file", str(picture),
                 "--without", "computer.serial", "--text", "Since 9 o'clock"])  # fmt: skip

    (report,) = agent.reports.values()
    (attachment,) = report["attachments"]
    assert code == 0
    assert "ticket 7" in capsys.readouterr().out
    assert (report["title"], report["urgency"]) == ("Blank pages", "cannot_work")
    assert report["without"] == ["computer.serial"]
    assert (attachment["name"], attachment["type"]) == ("page.png", "image/png")
    assert agent.files[attachment["id"]] == picture.read_bytes()
    assert Drafts().waiting() == []


def test_with_the_agent_down_a_report_waits_and_goes_later(
    agent: FakeAgent, capsys: pytest.CaptureFixture[str]
) -> None:
    state = ["--state", str(agent.path.parent)]
    agent.stop()

    assert main([*state, "report", "--title", "No mail"]) == 0
    assert "kept" in capsys.readouterr().out
    assert main([*state, "status"]) == 1
    assert [one.report["title"] for one in Drafts().waiting()] == ["No mail"]
    assert main([*state, "send"]) == 1

    agent.start()
    assert main([*state, "send"]) == 0
    assert [one["title"] for one in agent.reports.values()] == ["No mail"]
    assert Drafts().waiting() == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "🖨️ 'quotes' \"double\" `back` \\ <b>&amp;",
        "مرحبا بالعالم \u200f\u202e reversed",
        "\n".join("x" for _ in range(10_000)),
        "trailing newline\r\n\r\n",
        "漢" * 20_000,
    ],
)
def test_odd_texts_arrive_as_they_were_written(
    agent: FakeAgent, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text, newline=""))

    main(["--state", str(agent.path.parent), "report", "--title", "odd", "--text", "-"])

    (report,) = agent.reports.values()
    assert report["text"] == text


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["--title", " "], "title"),
        (["--title", "x" * 201], "title"),
        (["--title", "x", "--text", "y" * 20_001], "text"),
        (["--title", "x", "--text", "\0"], "text"),
        (["--title", "x", "--name", "two\nlines"], "contact.name"),
    ],
)
def test_what_cannot_be_sent_is_told_before_anything_is_kept(
    agent: FakeAgent, arguments: list[str], field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--state", str(agent.path.parent), "report", *arguments]) == 2
    assert f"--{field}:" in capsys.readouterr().err
    assert agent.reports == {}
    assert Drafts().waiting() == []


@pytest.mark.parametrize("name", ["missing.png", "empty.png"])
def test_a_file_that_cannot_be_sent_stops_the_report(
    agent: FakeAgent, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half a report would leave the person thinking that the picture was seen."""
    (tmp_path / "empty.png").touch()

    assert main(["--state", str(agent.path.parent), "report", "--title", "x",
                 "--file", str(tmp_path / name)]) == 2  # fmt: skip
    assert name in capsys.readouterr().err
    assert agent.reports == {}


def test_a_refused_report_is_kept_with_the_reason(
    agent: FakeAgent, capsys: pytest.CaptureFixture[str]
) -> None:
    agent.refuses["submit"] = "no room is left on this computer"

    assert main(["--state", str(agent.path.parent), "report", "--title", "x"]) == 2
    assert "no room is left" in capsys.readouterr().err
    assert [one.problem for one in Drafts().waiting()] == ["no room is left on this computer"]


def test_without_a_desktop_the_command_tells_what_is_known(
    agent: FakeAgent, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--state", str(agent.path.parent)]) == 0

    computer, desk, *told = capsys.readouterr().out.splitlines()
    assert computer == "Disk C: is nearly full (ticket 1042, being worked on)"
    assert desk == "Help and contacts"
    assert told[:3] == ["  Northwind IT", "  +44 20 7946 0000", "  help@desk.example"]
    assert "urgent: +44 20 7946 0999" in told[3]


def test_diagnose_says_what_is_missing_and_what_works(
    agent: FakeAgent, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--state", str(agent.path.parent), "--diagnose"]) == 0
    with_agent = capsys.readouterr().out
    agent.stop()
    assert main(["--state", str(agent.path.parent), "--diagnose"]) == 0

    assert "answers; the support desk is connected" in with_agent
    assert "neither DISPLAY nor WAYLAND_DISPLAY" in with_agent
    assert "no answer" in capsys.readouterr().out


def test_the_files_that_start_the_tray_are_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--state", "/a b", "desktop-files", str(tmp_path / "share")]) == 0

    entry = (tmp_path / "share/applications/watchdesk-report.desktop").read_text()
    assert re.search(r'^Exec=.* --state "/a b" form$', entry, re.MULTILINE)
    assert (tmp_path / "share/autostart/watchdesk-tray.desktop").exists()
