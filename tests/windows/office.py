"""A Windows computer at a desk: device under Wine, the server the real one on this machine."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from server_stub.clients.actions import new_enrolment_token
from tests.end_to_end.conftest import Desk
from tests.support.polling import until
from tests.support.windows import Windows, windows_path


class Office:
    """A Windows computer that was enrolled at a desk, with its agent running."""

    def __init__(self, windows: Windows, desk: Desk, folder: Path, rules: str) -> None:
        self.windows, self.desk = windows, desk
        file = windows_path(desk.rules(rules))
        self.state = rf"C:\of {folder.name}"
        token = new_enrolment_token(
            desk.client, None, uses=1, valid=timedelta(hours=1), now=datetime.now(UTC)
        )
        given = folder / "token.txt"
        given.write_text(token + "\n")
        said = windows.run(
            "-m", "agent", "enroll", "--server", desk.url, "--token-file", windows_path(given),
            "--state", self.state,
        )  # fmt: skip
        assert said.startswith("This computer is enrolled")
        self.agent = windows.python("-m", "agent", "run", "--state", self.state, "--rules", file)

    @property
    def alert(self) -> Any:
        """The monitor's first ticket."""
        return until(
            lambda: next((t for t in self.desk.tickets() if t["source"] == "monitor"), None),
            what="the ticket of what is wrong with it",
        )

    def status(self) -> dict[str, Any]:
        """Return what ``watchdesk-agent status`` says, over the pipe."""
        tree: dict[str, Any] = json.loads(
            self.windows.run("-m", "agent", "status", "--json", "--state", self.state)
        )
        return tree

    def tray(self, *arguments: str) -> str:
        return self.windows.run("-m", "tray", "--state", self.state, *arguments)
