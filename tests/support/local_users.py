"""Other users of this computer, who ask the agent over its local link by the kernel's own word."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from tests.support.polling import until
from tests.support.server_process import PROJECT, server_environment

_SCRIPT = """
import json, os, socket, sys
path, uid = sys.argv[1], int(sys.argv[2])
os.setgid(uid); os.setuid(uid)
for line in sys.stdin.buffer:
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(30)
        try:
            link.connect(path)
            link.sendall(line)
            answer = link.makefile("rb").readline()
        except OSError as error:
            answer = json.dumps({"ok": False, "problem": str(error), "again": True}).encode()
    sys.stdout.buffer.write(answer.strip() + b"\\n")
    sys.stdout.buffer.flush()
"""


class LocalUser:
    """A process of another user; each request is a connection of its own. Needs root."""

    def __init__(self, socket: Path, uid: int) -> None:
        """Become the user; ``socket`` is where the agent listens for everybody."""
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _SCRIPT, str(socket), str(uid)],
            cwd=PROJECT,
            env=server_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def ask(self, verb: str, **members: Any) -> dict[str, Any]:
        """Return the agent's answer; one who is told to ask again does, as a tray would."""
        line = json.dumps({"verb": verb, **members}, ensure_ascii=False).encode()
        answer: dict[str, Any] = {}

        def answered() -> bool:
            answer.clear()
            answer.update(json.loads(self.send(line)))
            return not answer.get("again")

        until(answered, what=f"an answer to {verb}")
        return dict(answer)

    def send(self, line: bytes) -> bytes:
        """Return the agent's answer to a line of any kind; empty when it gave none."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + b"\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process as ending:
            assert ending.stdin is not None
            ending.stdin.close()
            ending.wait(30)


def folder_for_users(base: Path) -> Path:
    """Return a new folder that every user can reach but not change; its parents are opened."""
    folder = base / "users"
    folder.mkdir()
    folder.chmod(0o755)
    for one in (base, *base.parents):
        mode = one.stat().st_mode
        if not mode & 0o001:
            one.chmod(mode | 0o011)
    return folder
