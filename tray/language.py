"""The words of the tray in the language of the person: English, or a catalogue in ``locale``.

Catalogues are kept as text (``fr.po``) and made into gettext's own form when one is needed.
"""

import gettext
import io
import locale
import os
import re
import struct
import sys
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "locale"
_ENTRY = re.compile(r'^(msgid|msgid_plural|msgstr(?:\[\d\])?) "(.*)"$')
_CONTINUED = re.compile(r'^"(.*)"$')
_ESCAPED = re.compile(r"\\(.)")
_MO_MAGIC = 0x950412DE


def _(text: str) -> str:
    """Return ``text`` in the person's language."""
    return _words().gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """Return the form for ``count`` in the person's language."""
    return _words().ngettext(one, many, count)


def tag() -> str:
    """Return the language in use as pages name it: ``en``, ``fr``."""
    name = _wanted()
    return name if (_FOLDER / f"{name}.po").exists() else "en"


def speak() -> None:
    """Look at the environment again; the language is otherwise chosen once."""
    _words.cache_clear()


@cache
def _words() -> gettext.NullTranslations:
    language = tag()
    if language == "en":
        return gettext.NullTranslations()
    text = (_FOLDER / f"{language}.po").read_text(encoding="utf-8")
    return gettext.GNUTranslations(io.BytesIO(compiled(entries(text))))


def _wanted() -> str:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return value.partition(":")[0].partition(".")[0].partition("_")[0].lower()
    if sys.platform in ("win32", "darwin"):
        return (locale.getlocale()[0] or "en").partition("_")[0].lower()
    return "en"


def entries(text: str) -> dict[str, str]:
    """Return a catalogue's messages: what gettext looks up → what it gives.

    Plural forms are joined by NUL, as gettext keeps them. Raises ValueError with the line of what
    is not understood.
    """
    found: dict[str, str] = {}
    parts: dict[str, str] = {}
    last = ""
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if entry := _ENTRY.match(line):
            last = entry[1]
            parts[last] = _plain(entry[2])
        elif continued := _CONTINUED.match(line):
            parts[last] += _plain(continued[1])
        elif not line.strip():
            if "msgid" in parts:
                keys = [parts[name] for name in ("msgid", "msgid_plural") if name in parts]
                forms = [parts[name] for name in sorted(parts) if name.startswith("msgstr")]
                found["\0".join(keys)] = "\0".join(forms)
            parts = {}
        elif not line.startswith("#"):
            raise ValueError(f"line {number} of the catalogue is not understood: {line}")
    return found


def _plain(quoted: str) -> str:
    return _ESCAPED.sub(lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), quoted)


def compiled(messages: dict[str, str]) -> bytes:
    """Return gettext's binary form of a catalogue (the MO format of the GNU gettext manual)."""
    pairs = [(key.encode(), messages[key].encode()) for key in sorted(messages)]
    header = struct.calcsize("<7I")
    offset = header + 16 * len(pairs)
    tables: tuple[list[int], list[int]] = ([], [])
    content = b""
    for side, table in enumerate(tables):
        for pair in pairs:
            table += [len(pair[side]), offset + len(content)]
            content += pair[side] + b"\0"
    beginning = struct.pack(
        "<7I", _MO_MAGIC, 0, len(pairs), header, header + 8 * len(pairs), 0, offset
    )
    return beginning + struct.pack(f"<{4 * len(pairs)}I", *tables[0], *tables[1]) + content
