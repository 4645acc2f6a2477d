"""The local link: what the tray and the command line say to the agent on the same computer.

JSON lines over a Unix socket (a named pipe on Windows): one request object with a ``verb``, one
answer object with ``ok``; a refused one has a ``problem``, a sentence for a person, and the
``field`` it is about where there is one.

For the agent's own user and root:

- ``status``            what the agent sees, what waits to be sent, what is wrong
- ``parked``            what the server refused
- ``requeue``, ``drop`` with an ``id``: send a refused envelope again, or delete it

For every user of the computer, who sees what that user filed and nobody else's:

- ``known``             the agent, the computer's open alerts, the desk's addresses, own tickets
- ``check``, ``verdict`` look at everything now; where trouble lies, in a sentence
- ``facts``             the system details as they will be sent
- ``submit``, ``attach`` file a report (``protocol.reports``), bring a file of it in pieces
- ``tickets``           the user's tickets; ``reply``, ``confirm``, ``rate`` go to one of them
- ``notes``, ``solved`` what the desk advises; that one of these helped
"""

import ntpath
import os
from binascii import crc32

SOCKET_NAME = "agent.sock"
PUBLIC_FOLDER = "/run/watchdesk"
"""Where every user finds the agent's socket; the state folder is the agent's alone."""
LINK_VARIABLE = "WATCHDESK_LINK"
"""The environment variable that names another socket for users (a pipe, to the tray on Windows)."""
PIPE_NAME = r"\\.\pipe\watchdesk-agent"
"""Where the agent on Windows' own state folder listens; on others, see ``pipe_name``."""
MAX_LINE_BYTES = 256 * 1024
"""Longest request: a report whose every character takes four bytes; an answer may be longer."""
MAX_PIECE_BYTES = 32 * 1024
"""Longest piece of a file in one ``attach``."""
OWNER_VERBS = ("status", "parked", "requeue", "drop")
USER_VERBS = (
    *("known", "check", "verdict", "facts", "submit", "attach", "tickets"),
    *("reply", "confirm", "rate", "notes", "solved"),
)
VERBS = (*OWNER_VERBS, *USER_VERBS)


def windows_state_dir() -> str:
    """Return the agent's folder on Windows when nobody names another."""
    return ntpath.join(os.environ.get("PROGRAMDATA", r"C:\ProgramData"), "watchdesk")


def pipe_name(state_dir: str | os.PathLike[str] | None) -> str:
    """Return where the agent on a state folder listens on Windows; None: on the default one.

    Pipes have no folders: two agents on one computer need two names.
    """
    folder = _written_one_way(os.fspath(state_dir or windows_state_dir()))
    if folder == _written_one_way(windows_state_dir()):
        return PIPE_NAME
    return f"{PIPE_NAME}-{crc32(folder.encode()):08x}"


def _written_one_way(folder: str) -> str:
    return ntpath.normcase(ntpath.abspath(folder))
