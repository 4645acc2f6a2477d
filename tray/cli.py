"""The command ``watchdesk-tray``."""

import argparse
import sys
from pathlib import Path

from agent.protocol import VERSION
from tray.agent_link import ask
from tray.errors import AgentUnreachableError
from tray.menu import Mood, menu

_EXAMPLES = """examples:
  watchdesk-tray                       what is known about this computer
  watchdesk-tray --state /var/lib/watchdesk --diagnose
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when the agent answered, 1 when it did not."""
    parser = argparse.ArgumentParser(
        prog="watchdesk-tray",
        description="What the agent knows about this computer.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"watchdesk-tray {VERSION}")
    parser.add_argument("--state", type=Path, default=Path("/var/lib/watchdesk"), metavar="DIR")
    parser.add_argument("--diagnose", action="store_true", help="say how the agent is reached")
    chosen = parser.parse_args(arguments)
    try:
        status = ask(chosen.state, "status")
    except AgentUnreachableError as error:
        status = None
        print(error, file=sys.stderr)
    shown = menu(status)
    if chosen.diagnose:
        print(f"link: {chosen.state} ({'answers' if status else 'no answer'})")
    for line in (shown.tooltip, *shown.lines) if shown.mood is Mood.KNOWN else (shown.tooltip,):
        print(line)
    return 0 if status is not None else 1
