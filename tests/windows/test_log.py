"""The check ``log`` on the Python for Windows: its children, and what Wine has no log for."""

import json
from pathlib import Path

from tests.support.windows import Windows, windows_path

ASKED = """
import json, sys
from agent.check_api import TargetFilter
from agent.checks.log import CHECK
log, memory = sys.argv[1], {}
targets = TargetFilter((log, "eventlog:System"), options={"match": ("ERROR",)})
told = [[repr(one) for one in CHECK.probe(targets, memory)]]
with open(log, "a") as file:
    file.write("ERROR 1\\nfine\\n")
told.append([repr(one) for one in CHECK.probe(targets, memory)])
print(json.dumps(told))
"""


def test_a_file_is_counted_and_an_event_log_that_is_not_there_is_told(
    windows: Windows, tmp_path: Path
) -> None:
    log = tmp_path / "app.log"
    log.write_text("ERROR 0\n")
    first, second = json.loads(windows.run("-c", ASKED, windows_path(log)))
    assert "'lines_total': 0" in first[0]
    assert "'lines_total': 1" in second[0]
    assert "this system's event log cannot be read" in first[1]
