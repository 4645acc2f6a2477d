"""Watches pages for what must not happen in them, and judges them by axe."""

import re
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Dialog, Page, Request

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Watch:
    """Collects what browsers complain about."""

    def __init__(self) -> None:
        """Begin with nothing seen and nothing expected."""
        self.expected: list[str] = []
        self._seen: list[str] = []

    def over(self, page: Page) -> None:
        """Watch a page from now on."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._seen.append(f"script error: {error}"))
        page.on("dialog", self._dialog)
        page.on("request", self._request)

    def problems(self) -> list[str]:
        """Return what was seen and is not expected (by regular expression)."""
        return [
            problem
            for problem in self._seen
            if not any(re.search(pattern, problem) for pattern in self.expected)
        ]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._seen.append(f"console {message.type}: {message.text}")

    def _dialog(self, dialog: Dialog) -> None:
        self._seen.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        if urlsplit(request.url).hostname != "127.0.0.1":
            self._seen.append(f"request to {request.url}")


def axe_violations(page: Page) -> list[str]:
    """Return every violation of WCAG 2.2 AA and of good practice that axe finds in a page."""
    options = {
        "resultTypes": ["violations"],
        "runOnly": {"type": "tag", "values": _RULES},
        "rules": {"target-size": {"enabled": True}},
    }
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['impact']} {one['id']}: {one['help']}: {node['html'][:160]}"
        for one in found
        for node in one["nodes"]
    ]


def overflow_px(page: Page) -> int:
    """Return by how much a page is wider than its window: nobody should scroll sideways."""
    width: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width
