"""The state folder, when the agent is taken away for good."""

import shutil
from contextlib import suppress
from pathlib import Path

from agent.errors import AgentError

OURS = (
    *("identity.json", "enrolment.json", ".identity.json.*", ".enrolment.json.*"),
    *("agent.db*", "history.db*", "agent.lock", "agent.sock", ".agent.sock.new", "agent.log*"),
)
"""The agent's own files; anything else in the folder is somebody's who put it there."""
FOLDERS = ("jobs",)


def purge(folder: Path) -> str:
    """Delete what the agent keeps in its state folder; return what to tell.

    Whatever else lies there stays, for a mistyped ``--state`` must not cost anybody's files.
    Raises AgentError.
    """
    if not folder.exists():
        return f"{folder} is not there."
    try:
        for pattern in OURS:
            for file in folder.glob(pattern):
                file.unlink(missing_ok=True)
        for name in FOLDERS:
            if (folder / name).is_dir() and not (folder / name).is_symlink():
                shutil.rmtree(folder / name)
    except OSError as error:
        raise AgentError(f"{folder} cannot be emptied: {error}") from error
    with suppress(OSError):
        folder.rmdir()
        return f"{folder} and all that was in it is deleted."
    return f"What the agent kept in {folder} is deleted; there are other files, which stay."
