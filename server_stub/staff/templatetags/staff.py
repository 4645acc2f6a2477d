"""Times, marks and values in the pages' words.

Tags that need them read ``viewer`` (see ``access``) from the context: its ``now`` and ``zone``.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from django.template import Context, Library
from django.utils.html import format_html
from django.utils.safestring import SafeString

from server_stub.staff import shapes, times

if TYPE_CHECKING:
    from server_stub.staff.access import Viewer

register = Library()


@register.simple_tag(takes_context=True)
def moment(context: Context, instant: datetime | str | None) -> str:
    """Return an instant as a ``<time>`` in the viewer's zone, in UTC in its title."""
    if not isinstance(instant, datetime):
        return format_html("{}", instant or "–")
    viewer: Viewer = context["viewer"]
    return _time(instant, times.clock_time(instant, viewer.now, viewer.zone))


@register.simple_tag(takes_context=True)
def until(context: Context, start: datetime, end: datetime) -> SafeString:
    """Return the end of a stretch of time as a ``<time>``, its date only when it is another."""
    viewer: Viewer = context["viewer"]
    local = end.astimezone(viewer.zone)
    same_day = local.date() == start.astimezone(viewer.zone).date()
    return _time(end, times.clock_time(end, end if same_day else viewer.now, viewer.zone))


@register.simple_tag(takes_context=True)
def ago(context: Context, instant: datetime | None) -> str:
    """Return how long ago an instant was (or is to come) as a ``<time>``."""
    if instant is None:
        return "never"
    viewer: Viewer = context["viewer"]
    return _time(instant, times.relative(instant, viewer.now))


@register.simple_tag(takes_context=True)
def due(context: Context, instant: datetime) -> str:
    """Return ``due in 12 min`` or ``overdue by 2 h`` as a ``<time>``."""
    viewer: Viewer = context["viewer"]
    return _time(instant, times.due(instant, viewer.now))


@register.simple_tag
def mark(word: str) -> SafeString:
    """Return a priority or an evaluation behind its shape."""
    return shapes.mark(word)


@register.filter
def span(length: object) -> str:
    """Return a ``timedelta`` in words."""
    return times.span(length) if hasattr(length, "total_seconds") else ""  # type: ignore[arg-type]


def _time(instant: datetime, text: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        instant.isoformat(),
        times.utc_time(instant),
        text,
    )
