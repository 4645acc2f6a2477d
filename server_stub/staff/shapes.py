"""A shape for every word of the closed lists, so that nothing is told by colour alone."""

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from agent.protocol.words import Evaluation, Priority

_STROKE = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"'
_DRAWN = {
    Priority.URGENT: f'<path {_STROKE} d="M3 8l5-5 5 5M3 13.5l5-5 5 5"/>',
    Priority.HIGH: f'<path {_STROKE} d="M3 10.5l5-5 5 5"/>',
    Priority.NORMAL: f'<path {_STROKE} d="M3 6h10M3 10.5h10"/>',
    Priority.LOW: f'<path {_STROKE} d="M3 5.5l5 5 5-5"/>',
    Evaluation.CRITICAL: (
        '<path fill="currentColor" fill-rule="evenodd" d="M5 .8h6L15.2 5v6L11 15.2H5L.8 11V5z'
        'M7 3.8v5.4h2V3.8zM7 10.7v2h2v-2z"/>'
    ),
    Evaluation.WARNING: (
        '<path fill="currentColor" fill-rule="evenodd" d="M8 .9l7.5 14H.5z'
        'M7.1 5.6l.3 5h1.2l.3-5zM7.1 11.7v1.7h1.8v-1.7z"/>'
    ),
    Evaluation.OK: (
        f'<circle {_STROKE} cx="8" cy="8" r="6.5"/><path {_STROKE} d="M5 8.2l2.1 2.2L11 6"/>'
    ),
    Evaluation.UNKNOWN: (
        f'<circle {_STROKE} cx="8" cy="8" r="6.5"/>'
        f'<path {_STROKE} d="M6.2 6.4c0-2.4 3.7-2.3 3.7-.1C9.9 7.7 8 7.6 8 9.2M8 11.7v.1"/>'
    ),
}
_MARKS = {
    str(word): mark_safe(  # noqa: S308 - our own words and shapes only
        f'<span class="mark {word}"><svg viewBox="0 0 16 16" aria-hidden="true">{drawing}</svg>'
        f"{word}</span>"
    )
    for word, drawing in _DRAWN.items()
}


def mark(word: str) -> SafeString:
    """Return the word behind its shape, as HTML; a word of no closed list as text alone."""
    return _MARKS.get(word) or format_html('<span class="mark other">{}</span>', word or "–")
