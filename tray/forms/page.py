"""The form's page: one HTML document in the person's language, with its style and script in it."""

import html
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from tray import language
from tray.language import _

_FOLDER = Path(__file__).parent
_MARKED = re.compile(r"\{\{(.+?)\}\}", re.DOTALL)
_SPOKEN = re.compile(r'\bt\("((?:[^"\\]|\\.)*)"')
WINDOW_TITLE = "· watchdesk"
"""What every title of the page holds; the window is found by it."""
POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def page(state: dict[str, Any], nonce: str) -> bytes:
    """Return the document; ``nonce`` is the one the policy names, ``state`` what it begins with."""
    words = {text: _(text) for text in spoken(_read("page.js"))}
    told = json.dumps({"state": state, "words": words}).replace("<", "\\u003c")
    parts = {
        "LANGUAGE": language.tag(),
        "NONCE": nonce,
        "STYLE": _read("page.css"),
        "SCRIPT": _read("page.js"),
        "STATE": told,
    }
    text = _MARKED.sub(lambda mark: html.escape(_(mark[1])), _read("page.html"))
    return re.sub(r"%([A-Z]+)%", lambda mark: parts[mark[1]], text).encode()


def spoken(script: str) -> list[str]:
    """Return the texts that a script asks for by ``t("…")``."""
    return [text.encode().decode("unicode_escape") if "\\" in text else text
            for text in _SPOKEN.findall(script)]  # fmt: skip


def written() -> list[str]:
    """Return every text of the page that can be translated."""
    return [*_MARKED.findall(_read("page.html")), *spoken(_read("page.js"))]


@cache
def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
