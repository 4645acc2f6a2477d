"""One ticket: its clocks explained, what happened, what held, and what can be done to it."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse

from server_stub.contacts.facts import facts_told
from server_stub.contacts.queries import attachments, reports
from server_stub.desk.refusals import note_refusal
from server_stub.intake.queries import facts_reported
from server_stub.sla.zones import ZoneError, zone_of
from server_stub.staff.access import Viewer, show, staff_page
from server_stub.staff.acts import ACTS, perform
from server_stub.staff.clocks import explained
from server_stub.staff.facts import groups
from server_stub.staff.forms import Sent
from server_stub.staff.outage import outage
from server_stub.staff.people import names
from server_stub.staff.reported import reported
from server_stub.staff.timeline import TimelineLine, latest_report, timeline_lines
from server_stub.staff.what_if import asked_change, supposed_sentences, what_if_form
from server_stub.staff.working import working
from server_stub.tickets.clocks import policy_followed
from server_stub.tickets.models import Ticket
from server_stub.tickets.queries import ticket, timeline

TIMELINE_PAGE = 200
"""Entries shown at once: a flapping alert writes thousands."""


REFRESH_S = 10
_TOLD = 3
"""Of what others did meanwhile, so much is told."""


@staff_page
def ticket_page(request: HttpRequest, viewer: Viewer, number: int) -> HttpResponse:
    """Show a ticket within the viewer's scope; a foreign or missing one is the same 404.

    ``?before=ID`` shows the timeline before that entry. A refresh gets what may have changed,
    never a form, and nothing when nothing did (204).
    """
    if request.headers.get("HX-Request"):
        return _refresh(request, viewer, number)
    return _whole(request, viewer, number, Sent())


@staff_page
def ticket_act(request: HttpRequest, viewer: Viewer, number: int, act: str) -> HttpResponse:
    """Do to a ticket what a form asks for, and show it; else show the form with what is wrong.

    Who asks for the address without a form (having signed in again) gets the ticket.
    """
    if act not in ACTS:
        raise Http404
    to = reverse("ticket", args=[number])
    if request.method != "POST":
        return HttpResponseRedirect(to)
    sent = perform(viewer, number, act, request.POST)
    if sent is not None:
        if sent.forbidden:
            note_refusal(request, viewer.technician, "page", sent.problem)
        return _whole(request, viewer, number, sent, sent.status)
    messages.success(request, ACTS[act].done, extra_tags=f"{number}/{act}")
    return HttpResponseRedirect(f"{to}#said")


@staff_page
def ticket_what_if(request: HttpRequest, viewer: Viewer, number: int) -> HttpResponse:
    """Tell what a change that nobody makes would do to the clocks: alone to a script's request."""
    row = ticket(viewer.scope, number)
    supposed = supposed_sentences(viewer, row, asked_change(request.GET))
    if request.headers.get("HX-Request"):
        told = {"viewer": viewer, "supposed": supposed}
        return HttpResponse(render_to_string("staff/ticket_supposed.html", told))
    return _whole(request, viewer, number, Sent(), 422 if supposed.problem else 200)


def _whole(
    request: HttpRequest, viewer: Viewer, number: int, sent: Sent, status: int = 200
) -> HttpResponse:
    before = request.GET.get("before", "")
    usable = before.isascii() and before.isdigit() and len(before) < 19  # noqa: PLR2004 - 64 bits
    context = _context(viewer, number, int(before) if usable else None)
    row: Ticket = context["ticket"]
    change = asked_change(request.GET)
    context |= {
        "page": "ticket",
        "refresh_s": REFRESH_S,
        "sent": sent,
        "meanwhile": _meanwhile(viewer, context["timeline"], sent),
        **working(viewer, row, sent, context["entries"], context["clocks"]),
        **_facts(viewer, row),
        "attachments": attachments(viewer.scope, number),
        "reports": list(reports(viewer.scope, number)),
        "reported": reported(viewer.scope, row),
        "outage": outage(viewer.scope, number),
        "supposed": supposed_sentences(viewer, row, change) if any(change) else None,
    }
    context["what_if"] = what_if_form(context["ground"], change)
    return show(request, viewer, "staff/ticket.html", context, status)


def _context(viewer: Viewer, number: int, before: int | None) -> dict[str, Any]:
    """Return what may change while the page is open."""
    row = ticket(viewer.scope, number)
    entries = timeline(viewer.scope, number)
    shown = entries if before is None else entries.filter(id__lt=before)
    found = list(shown.order_by("-id")[: TIMELINE_PAGE + 1])
    page = list(reversed(found[:TIMELINE_PAGE]))
    newest = page[-1].id if page else 0
    return {
        "ticket": row,
        "stage": _stage(row),
        "clocks": explained(viewer, row),
        "there": _local_time(row, viewer),
        "report": latest_report(page) if before is None else None,
        "entries": page,
        "timeline": timeline_lines(page, names(page)),
        "newest": newest,
        "earlier": page[0].id if len(found) > TIMELINE_PAGE else None,
        "before": before,
        "state": _digest(viewer, row, newest),
    }


def _stage(row: Ticket) -> str:
    """Return the title of the policy's own word for where a ticket stands, empty without one."""
    if row.stage == row.status:
        return ""
    return policy_followed(row).stage(row.stage, row.status).title


def _refresh(request: HttpRequest, viewer: Viewer, number: int) -> HttpResponse:
    context = _context(viewer, number, None)
    if request.GET.get("state") == context["state"]:
        return HttpResponse(status=204)
    newest = request.GET.get("newest", "")
    looked = int(newest) if newest.isascii() and newest.isdigit() and len(newest) < 19 else 0  # noqa: PLR2004 - 64 bits
    context |= {
        "viewer": viewer,
        "refreshed": True,
        "meanwhile": _since(viewer, context["timeline"], looked),
    }
    return HttpResponse(render_to_string("staff/ticket_refresh.html", context))


def _meanwhile(viewer: Viewer, lines: Sequence[TimelineLine], sent: Sent) -> list[TimelineLine]:
    return _since(viewer, lines, sent.newest) if sent.stale else []


def _since(viewer: Viewer, lines: Sequence[TimelineLine], looked: int) -> list[TimelineLine]:
    """Return the last things that others did after the entry ``looked``."""
    own = {viewer.technician.email, str(viewer.technician)}
    return [line for line in lines if line.id > looked and line.who not in own][-_TOLD:]


def _digest(viewer: Viewer, row: Ticket, newest: int) -> str:
    """Return what tells this ticket from itself later as a viewer would: to the minute."""
    minute = viewer.now.replace(second=0, microsecond=0)
    told = repr((minute, row.revision, row.updated_at, row.next_due_at, row.evaluation, newest))
    return hashlib.sha256(told.encode(errors="replace")).hexdigest()[:16]


def _facts(viewer: Viewer, row: Ticket) -> dict[str, Any]:
    """Return the device's facts that held when the ticket was reported, else the latest."""
    if row.device is None:
        return {}
    facts, held = facts_reported(viewer.scope, row.device, row.facts_hash)
    told = facts_told(facts, reports(viewer.scope, row.id))
    return {"facts_groups": groups(told), "facts_held": held}


def _local_time(row: Ticket, viewer: Viewer) -> str:
    """Return what clocks show at the ticket's site, empty when the viewer's show the same."""
    if row.site is None:
        return ""
    try:
        there = viewer.now.astimezone(zone_of(row.site.time_zone))
    except ZoneError:
        return ""
    if there.utcoffset() == viewer.now.astimezone(viewer.zone).utcoffset():
        return ""
    return f"{there:%a %H:%M}"
