"""What is read from Windows' registry, on the real Python for Windows with Wine's registry."""

import json
from datetime import UTC, datetime, timedelta

from tests.support.windows import Windows


def test_a_restart_that_is_waited_for_and_updates_are_read(windows: Windows) -> None:
    seen = json.loads(windows.run("-m", "tests.windows.registry_probe"))

    assert seen["quiet"] is False
    assert seen["no updates"].startswith("UnsupportedCheckError")
    assert seen["none installed"] == "None"
    assert seen["updates"] == "2024-02-15 00:00:00+00:00"
    assert (seen["file"], seen["no file"]) == (True, False)
    waits, since = seen["update"]
    assert waits is True
    assert abs(datetime.fromisoformat(since) - datetime.now(UTC)) < timedelta(minutes=10)
    assert seen["unexpected"] == "UnsupportedCheckError", "Wine has no event log to read"
