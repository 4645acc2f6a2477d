"""How tickets read: titles, summaries, texts that can be stored."""

import re
from collections.abc import Iterable

from agent.protocol.events import MAX_NAME, MAX_TITLE, Reading
from agent.protocol.human import human

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def title(template: str, target: str, readings: Iterable[Reading], about: str = "") -> str:
    """Return a rule's title with ``{target}``, ``{about}`` and each ``{metric}`` filled in.

    A metric that was not read says ``unknown``; brackets around no ``about`` are left out. The
    title is cut to what the contract takes.
    """
    words = {reading.metric: human(reading.value, reading.unit) for reading in readings}
    words |= {"target": target, "about": about}
    template = template if about else template.replace("({about})", "")
    filled = _PLACEHOLDER.sub(lambda match: words.get(match[1], "unknown"), template)
    filled = " ".join(filled.split())  # a target may hold line breaks, a title is one line
    return storable(filled, MAX_TITLE) or storable(target, MAX_TITLE)


def summary(readings: Iterable[Reading]) -> str:
    """Return all readings in one line: ``free_percent 12 %, free_bytes 30 GiB``."""
    return ", ".join(f"{r.metric} {human(r.value, r.unit)}" for r in readings)


def storable(text: str, longest: int = MAX_NAME) -> str:
    """Return ``text`` without what the wire refuses: NUL, half surrogate pairs, over-length.

    File names may hold any byte; Python carries those as half pairs.
    """
    clean = text.replace("\0", "\ufffd").encode(errors="backslashreplace").decode()
    return clean if len(clean) <= longest else f"{clean[: longest - 1]}…"
