"""The key that signs sessions and forms, generated once into the data folder."""

import os
import secrets
from pathlib import Path

from server_stub.errors import SetupError

FILE_NAME = "secret-key"


def secret_key(data: Path) -> str:
    """Return the key kept in ``data``; one that lives with this process when there is none.

    Without ``init`` nothing is served, so that key signs nothing anybody keeps. Raises
    SetupError when the file is there and cannot be read.
    """
    try:
        return (data / FILE_NAME).read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        return secrets.token_urlsafe(48)
    except OSError as error:
        raise SetupError(
            f"{error.filename} cannot be read ({error.strerror}): "
            "run this as the user that ran init"
        ) from error


def make_secret_key(data: Path) -> None:
    """Write a new key into ``data`` (mode 0600) unless one is there already."""
    try:
        descriptor = os.open(data / FILE_NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
