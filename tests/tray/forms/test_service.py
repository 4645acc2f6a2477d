"""Pictures, suggestions and what the form says, without a browser."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.support.fake_agent import NOTES, FakeAgent
from tests.tray.forms.conftest import GREY
from tray.errors import PictureError, RefusedError
from tray.forms.service import Form
from tray.forms.web import WebForm
from tray.screenshot import Picture, capture
from tray.suggestions import suggestions

SECRET = (250, 1, 7)


@pytest.fixture
def form(serve: Callable[..., WebForm]) -> Form:
    return serve().form


def secret_screen() -> Picture:
    image = Image.new("RGB", (640, 400), GREY)
    image.paste(SECRET, (100, 100, 200, 160))
    return Picture(image)


def test_what_is_blacked_out_is_nowhere(form: Form, agent: FakeAgent, tmp_path: Path) -> None:
    form._capture = secret_screen
    name = form.capture()["picture"]
    assert SECRET in colours(form.preview(name))
    form.keep(name, [[99, 99, 200, 160]])

    form.send(form.draft.tree() | {"title": "See the picture"})
    form.hand_over()

    (content,) = (bytes(one) for one in agent.files.values())
    assert colours(content) == {GREY, (0, 0, 0)}
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert not any(SECRET in colours(path.read_bytes()) for path in kept)
    assert form._pictures == {}


def colours(content: bytes) -> set[tuple[int, ...]]:
    try:
        image = Image.open(io.BytesIO(content)).convert("RGB")
    except OSError:
        return {SECRET} if bytes(SECRET) * 3 in content else set()
    pixels = image.tobytes()
    return {tuple(pixels[at : at + 3]) for at in range(0, len(pixels), 3)}


def test_a_picture_keeps_nothing_but_its_pixels() -> None:
    image = Image.new("RGB", (100, 100), GREY)
    image.info["comment"] = "made by ana"
    image.getexif()[0x010E] = "on her desk"

    content = Picture(image).png()

    assert b"ana" not in content
    assert b"desk" not in content
    assert Image.open(io.BytesIO(content)).info == {}


@pytest.mark.parametrize("boxes", [[[1, 2, 3]], [["a", 1, 2, 3]], [[1.5, 1, 2, 3]]])
def test_a_box_that_is_none_is_not_passed_over(boxes: list[list[int]]) -> None:
    """A box that cannot be painted must not let the picture through."""
    with pytest.raises(PictureError):
        secret_screen().blacked_out(boxes)


def test_boxes_may_be_drawn_backwards_and_beyond_the_edge() -> None:
    everything = secret_screen().blacked_out([[9999, 9999, -5, -5]])

    assert colours(everything.png()) == {(0, 0, 0)}


def test_a_picture_thrown_away_is_gone(form: Form) -> None:
    name = form.capture()["picture"]
    form.forget(name)

    with pytest.raises(PictureError):
        form.keep(name, [])


def test_a_black_picture_is_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wayland and macOS give black pixels and no error."""
    black = Image.new("RGB", (640, 400))
    monkeypatch.setattr("PIL.ImageGrab.grab", lambda **_options: black)

    with pytest.raises(PictureError, match="black"):
        capture({"WAYLAND_DISPLAY": "wayland-0"})


def test_without_a_screen_the_report_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PictureError, match="without"):
        capture({})


def test_a_large_picture_is_made_to_fit() -> None:
    noise = Picture(Image.effect_noise((1400, 1100), 90).convert("RGB"))

    assert len(noise.png()) < 5 * 1024 * 1024


def test_everything_known_is_in_words(form: Form, agent: FakeAgent) -> None:
    entry = {"id": "e", "at": None, "kind": "reply", "by": "Ana", "text": "Try"}
    agent.ticket(7, "No mail", due_at="2026-11-21T17:00:00+00:00", entries=[entry])
    agent.connected = False

    known = form.known()

    assert known["problem"].startswith("This computer has no connection to the support desk since")
    assert known["desk"]["opening"] == "closed until Monday 09:00; urgent: +44 20 7946 0999"
    assert known["tickets"][0]["due"] == "today 17:00"
    assert known["tickets"][0]["status"] == "being worked on"


def test_without_an_agent_the_form_tells_so_and_still_takes_reports(
    form: Form, agent: FakeAgent
) -> None:
    agent.stop()

    answer = form.send(form.draft.tree() | {"title": "No mail"})
    form.hand_over()
    known = form.known()

    assert answer["sent"]
    assert "does not answer" in known["problem"]
    assert [one["title"] for one in known["waiting"]] == ["No mail"]
    assert form.suggest("printer blank pages") == {"notes": []}


def test_on_a_shared_account_people_say_who_they_are_each_time(
    form: Form, agent: FakeAgent
) -> None:
    agent.desk = {**(agent.desk or {}), "shared_account": True}
    form.known()
    tree = form.draft.tree() | {"title": "No mail"}

    assert set(form.send(tree)["problems"]) == {"contact.name", "contact.phone"}
    named = tree | {"contact": {"name": "Ana", "phone": "12", "email": "", "prefer": "here"}}
    assert form.send(named)["sent"]
    assert form.draft.contact.name == ""


def test_a_contact_is_asked_once_on_an_account_of_ones_own(form: Form) -> None:
    contact = {"name": "Ana", "phone": "12", "email": "", "prefer": "phone"}

    form.send(form.draft.tree() | {"title": "x", "contact": contact})

    assert (form.draft.contact.name, form.draft.contact.prefer) == ("Ana", "phone")


def test_a_note_that_helped_is_told_and_nothing_else_is_sent(form: Form, agent: FakeAgent) -> None:
    form.save(form.draft.tree() | {"title": "printer prints blank pages"})
    (note,) = form.suggest("printer prints blank pages")["notes"]

    form.solved(note["id"])

    assert [one["note"] for one in agent.said] == ["note-printer"]
    assert agent.reports == {}
    assert form.draft.empty


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("The printer is printing blank pages", ["note-printer"]),
        ("VPN does not connect", ["note-vpn"]),
        ("the and does not", []),
        ("", []),
        ("my chair is broken", []),
    ],
)
def test_notes_are_suggested_when_they_fit(written: str, found: list[str]) -> None:
    assert [note["id"] for note in suggestions(written, NOTES)] == found


def test_replies_go_to_the_ticket_once(form: Form, agent: FakeAgent) -> None:
    form.say("confirm", "an id", 7, {"fixed": False, "text": "still", "verb": "drop"})

    assert agent.said == [{"id": "an id", "ticket": 7, "fixed": False, "text": "still"}]
    form.say("reply", "other", 7, {"text": "Please.", "escalate": True})
    assert agent.said[1:] == [{"id": "other", "ticket": 7, "text": "Please.", "escalate": True}]
    agent.refuses["rate"] = "this ticket is not yours"
    with pytest.raises(RefusedError, match="not yours"):
        form.say("rate", "another", 8, {"stars": 5})


def test_the_draft_on_disk_is_what_was_written(form: Form) -> None:
    form.save(form.draft.tree() | {"title": "x", "same_as": "disk-c", "without": ["computer"]})

    (file,) = form._drafts.folder.rglob("draft.json")
    stored = json.loads(file.read_bytes())
    assert (stored["same_as"], stored["without"]) == ("disk-c", ["computer"])
