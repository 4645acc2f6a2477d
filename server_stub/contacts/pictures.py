"""What a file is by its own first bytes, and pictures drawn anew by a limited child."""

import os
import subprocess
import sys
import threading

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp")
ANYTHING = "application/octet-stream"
_CHILD_S = 20.0
_MOST_AT_ONCE = threading.BoundedSemaphore(2)
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"%PDF-", "application/pdf"),
)
_KEPT = ("SYSTEMROOT", "WINDIR")


class NoPictureError(Exception):
    """The bytes are no picture that can be drawn anew."""


def sniffed(content: bytes) -> str:
    """Return the media type that the bytes themselves tell; what was claimed does not count."""
    for beginning, media_type in _BEGINNINGS:
        if content.startswith(beginning):
            return media_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return ANYTHING
    return ANYTHING if "\0" in text else "text/plain"


def redrawn(content: bytes) -> bytes:
    """Return the picture as a PNG that was made here; raises NoPictureError."""
    with _MOST_AT_ONCE:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-B", "-m", "server_stub.contacts.picture_child"],
                input=content,
                capture_output=True,
                check=False,
                timeout=_CHILD_S,
                cwd=os.sep,
                env={name: os.environ[name] for name in _KEPT if name in os.environ},
                start_new_session=True,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NoPictureError(str(error)) from error
    if done.returncode or not done.stdout:
        last_words = done.stderr[-300:].decode(errors="replace").strip().splitlines()
        raise NoPictureError(last_words[-1] if last_words else f"status {done.returncode}")
    return done.stdout
