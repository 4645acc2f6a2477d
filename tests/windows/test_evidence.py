"""What explains an alert, on the real Python for Windows."""

import json

from tests.support.windows import Windows

_AS_THE_AGENT_DOES = """
import subprocess, sys
from agent.settings import child_command
command = [*child_command("agent.evidence_child"), *sys.argv[1:]]
done = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
print(done.stdout.decode())
"""


def told(windows: Windows, *question: str) -> dict[str, list[str]]:
    said = windows.run("-c", _AS_THE_AGENT_DOES, *question)
    [line] = [one for one in said.splitlines() if one.startswith("[")]
    return {one["title"]: one["lines"] for one in json.loads(line)}


def test_processes_folders_and_what_changed_are_told_or_left_out(windows: Windows) -> None:
    """Wine does not tell the names of processes."""
    assert told(windows, "memory").keys() <= {"Processes that take the most memory"}

    [(title, lines)] = told(windows, "bytes", "C:").items()
    assert title == "Largest folders"
    assert any(r" in C:\windows" in line.lower().replace("c:", "C:") for line in lines)

    assert told(windows, "installed").keys() <= {"What changed"}
