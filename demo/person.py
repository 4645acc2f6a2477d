"""The end of the demo's story: the person at the computer, who sees less and asks for more."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from demo.programs import Program, run
from demo.story import PATIENCE_S, Desk
from demo.telling import NotToldError, Teller, wait_for
from tray import backends
from tray.errors import NoIconError

_TITLE = "The receipt printer prints blank pages"


class Person:
    """Somebody at this computer: the tray's icon where there is a screen, and its commands.

    What a person's own folders would hold is in the demo's: nothing of yours is touched.
    """

    def __init__(self, folder: Path, state: Path) -> None:
        """Take the demo's folder and the agent's."""
        self._folder = folder
        self._tray = ("--state", str(state))
        self._own: Mapping[str, str] = {
            "XDG_STATE_HOME": str(folder / "person"),
            "LANGUAGE": "en",
        }

    def show_icon(self, tell: Teller, keep: Callable[[Program], None]) -> None:
        """Start the icon where there is a screen to show it."""
        try:
            backends.choose()
        except NoIconError as error:
            tell.step(f"No icon here: {error} The tray's commands show the same.")
            return
        keep(Program("tray", self._folder, "-m", "tray", *self._tray, environment=self._own))
        line, took = wait_for(
            "the icon", lambda: self._line("icon: runs as", "--diagnose"), PATIENCE_S
        )
        seen = "it is not shown" if "NOT" in line else "it is in your panel"
        tell.step(f"The tray's icon runs ({took:.1f} s), {seen}. Its menu says what follows, and")
        tell.more("“Report a problem…” opens the form.")

    def show_known(self, number: int, tell: Teller) -> None:
        """Print what the person is told while the service is down."""
        line, took = wait_for(
            f"the tray's word of ticket {number}",
            lambda: self._line(f"(ticket {number},", "status"),
            PATIENCE_S,
        )
        tell.step(f"The person at the computer looks at the tray ({took:.1f} s). We already know:")
        tell.more(line)

    def report(self, desk: Desk, tell: Teller) -> int:
        """File a report with a picture; tell what the desk has of it; return its number."""
        picture = self._folder / "receipt.png"
        _draw(picture)
        said = self._say("report", "--title", _TITLE, "--kind", "printer",
                         "--error", "E-31: no paper feed", "--file", str(picture))  # fmt: skip
        tell.step("The person reports another problem, with a picture:")
        tell.more(said)
        ticket, took = wait_for("the report's ticket", lambda: _reported(desk), PATIENCE_S)
        number: int = ticket["number"]
        tell.step(f"Ticket {number} was on the desk {took:.1f} s later. It already knows:")
        tell.more(f"device    {ticket['device']['name']} ({ticket['client']}, {ticket['site']})")
        tell.more(f"facts     {', '.join(sorted(ticket['facts']))}")
        for one in ticket["attachments"]:
            tell.more(f"picture   {one['name']} ({one['media_type']}, {one['size_bytes']} bytes)")
        line, took = wait_for(
            "the number in the tray", lambda: self._line(f"{number} {_TITLE[:9]}"), PATIENCE_S
        )
        tell.step(f"{took:.1f} s later the tray tells the person, under My tickets:")
        tell.more(line)
        return number

    def _line(self, words: str, command: str = "status") -> str | None:
        try:
            told = self._say(command)
        except NotToldError:
            return None
        return next((line.strip() for line in told.splitlines() if words in line), None)

    def _say(self, *command: str) -> str:
        return run("tray", *self._tray, *command, environment=self._own)


def _reported(desk: Desk) -> dict[str, Any] | None:
    """Return the person's ticket once its picture is kept, too."""
    for ticket in desk.get("tickets?source=tray")["items"]:
        whole: dict[str, Any] = desk.get(f"tickets/{ticket['number']}")
        if [one["state"] for one in whole["attachments"]] == ["kept"]:
            return whole
    return None


def _draw(file: Path) -> None:
    picture = Image.new("RGB", (640, 360), "white")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((170, 40, 470, 320), outline="black", width=3)
    pen.text((250, 170), "(a blank receipt)", fill="black")
    picture.save(file)
