"""The form as ``watchdesk-tray form`` serves it, for a page that a test plays.

    python tests/faults/form_program.py SOCKET

Prints the address that opens the form, in place of starting a browser.
"""

import re
import sys
from pathlib import Path

from tray.agent_link import Link
from tray.forms.show import show_form


def tell(entrance: Path) -> bool:
    """Print the address that a browser would be sent to."""
    found = re.search(r"http://[^\"<>]+", entrance.read_text())
    print(found and found[0], flush=True)  # noqa: T201 - the test reads it
    return True


if __name__ == "__main__":
    show_form(Link(Path(sys.argv[1])), browser=tell)
