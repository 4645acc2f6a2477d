"""Makes the README's picture of the queue: ``python -m tests.browser.picture``.

The pages are the real ones, on a desk of an ordinary Tuesday morning at 10:33.
"""

import os
import shutil
import sys
import tempfile
import threading
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from PIL import Image
from playwright.sync_api import sync_playwright

from server_stub.secret_key import make_secret_key

PICTURE = Path(__file__).parents[2] / "docs" / "queue.png"
_MORNING = datetime(2026, 11, 24, 10, 33, tzinfo=UTC)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_words: object) -> None:
        """Say nothing."""


def main() -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as folder:
        url = _serve(Path(folder))
        PICTURE.write_bytes(_small(_shot(url)))
    sys.stdout.write(f"{PICTURE.name}: {PICTURE.stat().st_size // 1024} KiB\n")


def _serve(data: Path) -> str:
    make_secret_key(data)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "server_stub.settings",
        "WATCHDESK_DATA": str(data),
        "WATCHDESK_DATABASE_URL": "",
        "WATCHDESK_LOG": "ERROR",
    }
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - after Django's set-up
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415

    from server_stub.staff import access  # noqa: PLC0415
    from tests.support import desk_demo, desk_rows  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    desk_rows.technician()
    desk_demo.morning(_MORNING)
    access.utc_now = lambda: _MORNING
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def _shot(url: str) -> bytes:
    from tests.support.desk_rows import PASSWORD  # noqa: PLC0415 - after Django's set-up

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-quic"]
        )
        page = browser.new_page(
            viewport={"width": 1280, "height": 700},
            device_scale_factor=1.5,
            timezone_id="Europe/London",
            locale="en-GB",
        )
        page.goto(f"{url}/")
        page.get_by_label("Email address").fill("ana.sousa@desk.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.locator("#queue tbody tr").first.wait_for()
        picture = page.screenshot(full_page=True)
        browser.close()
    return picture


def _small(picture: bytes) -> bytes:
    """Return the picture in 128 colours, which nobody tells from the original."""
    small = BytesIO()
    reduced = Image.open(BytesIO(picture)).convert("RGB").quantize(128)
    reduced.save(small, "PNG", optimize=True)
    return small.getvalue()


if __name__ == "__main__":
    main()
