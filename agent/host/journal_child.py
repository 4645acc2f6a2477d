"""Counting new entries of systemd's journal, in a child, as ``log_child`` counts lines."""

import json
import os
import subprocess
import sys

if not __package__:  # as a child, it stands beside child_program and not in our package
    _HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - as child_program
    sys.path.append(os.path.dirname(os.path.dirname(_HERE)))  # noqa: PTH120

from agent.host.log_child import Lines

_MOST_SAID = 4_096
_LONGEST_TOLD = 300


def journal(question: str) -> str:
    """Count what the journal has got since the cursor; without one, begin at its end.

    ``question`` is JSON: program (journalctl's path), unit (or nothing), cursor, match, ignore.
    """
    asked = json.loads(question)
    lines = Lines(asked["match"], asked["ignore"])
    cursor = newest = asked["cursor"]
    ask = [asked["program"], "--quiet", "--no-pager", "--all", "--output=json"]
    ask.append("--output-fields=MESSAGE")
    if cursor:
        # Not --after-cursor: it leaves out the first entry when a unit's are asked for and the
        # cursor's is of another (seen with systemd 252).
        ask.append(f"--cursor={cursor}")
        if asked["unit"]:
            ask.append(f"--unit={asked['unit']}")
    else:  # of the whole journal: a unit may have written nothing yet
        ask.append("--lines=1")
    with subprocess.Popen(
        ask, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as reading:
        assert reading.stdout is not None  # noqa: S101 - it is a pipe
        assert reading.stderr is not None  # noqa: S101 - it is a pipe
        for entry in reading.stdout:
            told = json.loads(entry)
            if cursor and told.get("__CURSOR") != cursor:
                _take_message(told.get("MESSAGE"), lines)
            newest = told.get("__CURSOR", newest)
            lines.left -= len(entry)
            if lines.left <= 0:
                reading.kill()
                break
        said = reading.stderr.read(_MOST_SAID).decode(errors="replace").strip()
    if reading.returncode > 0:
        raise ValueError(f"journalctl failed: {said[:_LONGEST_TOLD]}")
    return json.dumps({"count": lines.count, "cursor": newest, "last": lines.last})


def _take_message(message: object, lines: Lines) -> None:
    if isinstance(message, list):  # what is no UTF-8 comes as numbers
        message = bytes(byte for byte in message if isinstance(byte, int)).decode(errors="replace")
    if isinstance(message, str):
        lines.take(message)


PROBES = {"log_journal": journal}
