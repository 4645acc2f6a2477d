"""Adds an authority to this computer's trust store as an administrator does, and sends once.

``unshare --mount python -m tests.agent.delivery.trusting CA_FILE FOLDER URL``: the store is a
copy in a mount namespace of this process's own, so the computer's is untouched.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from agent.delivery.child import SenderProcess
from agent.delivery.messages import Settings
from tests.agent.delivery.conftest import TOKEN
from tests.agent.delivery.samples import events

STORE = Path("/etc/ssl/certs")
ADDED = Path("/usr/local/share/ca-certificates")


def main(ca_file: str, folder: str, url: str) -> None:
    """Print the outcome before and after the authority was added."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        os.environ.pop(name, None)
    for place in (STORE, ADDED):
        copy = Path(folder) / place.name
        shutil.copytree(place, copy, symlinks=True)
        subprocess.run(["mount", "--bind", str(copy), str(place)], check=True)
    sys.stdout.write(f"{_send(url)}\n")
    shutil.copy(ca_file, ADDED / "corp-inspection.crt")
    subprocess.run(["update-ca-certificates"], check=True, capture_output=True)
    sys.stdout.write(f"{_send(url)}\n")


def _send(url: str) -> str:
    with SenderProcess(Settings(url, TOKEN, "9.9")) as sender:
        return str(sender.ask(events()).outcome)


if __name__ == "__main__":
    main(*sys.argv[1:])
