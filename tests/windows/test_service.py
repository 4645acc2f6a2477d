"""The service check on Windows: Wine's real service manager, on the real Python for Windows."""

import json

from tests.support.windows import Windows


def test_each_way_to_start_and_each_state_is_told(windows: Windows) -> None:
    seen = json.loads(windows.run("-m", "tests.windows.service_probe"))

    assert seen["manual"] == {"Spooler": {"state": "stopped", "start": "manual"}}
    assert seen["running"] == {"spooler": {"state": "running", "start": "manual"}}
    assert seen["stopped"] == {"Spooler": {"state": "stopped", "start": "automatic"}}
    assert seen["count"] == {"services": {"stopped_count": 1}}
    assert "Spooler" in seen["all"]
    assert seen["whole computer"]["services"]["stopped_count"] >= 1
    assert seen["delayed"]["Spooler"]["start"] == "delayed"
    assert seen["triggered"] == {}
    assert seen["all but triggered"] == [name for name in seen["all"] if name != "Spooler"]
    assert seen["disabled"] == {"Spooler": {"state": "stopped", "start": "disabled"}}
    assert seen["disabled is no fault"] == {"services": {"stopped_count": 0}}
    assert seen["others"] == {
        "no-such-service": {"state": "missing"},
        "a/b": "this cannot be a service's name",
    }
