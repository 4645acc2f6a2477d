"""The rows of the matrix: how each route is asked for something of a client's.

Every route that Django or the device routes answer has at least one; a test counts them.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from django.urls import URLPattern, URLResolver, get_resolver

from agent.protocol.credentials import CredentialPrefix, new_credential
from agent.protocol.ids import uuid7
from agent.protocol.words import ReplyKind
from server_stub.intake.application import DeviceRoutes
from server_stub.staff.acts import ACTS
from tests.server_stub.intake.messages import an_enrolment, an_event, events_body, some_facts
from tests.server_stub.intake.reports import a_piece, a_reply, a_report
from tests.server_stub.isolation.worlds import NOTHING, a_heartbeat

Names = Mapping[str, str]


@dataclass(frozen=True)
class Probe:
    """One way to ask a route for what a client has.

    ``address`` and ``body`` are made of the names of what is asked for. ``named``: something is
    asked for by name, so that foreign and missing must be answered alike; else it is a list, and
    must not depend on what other clients have. ``shows``: whoever may see it, reads the canary.
    ``changes``: it does something. ``differs``: it is another one each time, for everybody.
    ``above``: a technician may not.
    """

    route: str
    surface: str
    method: str
    address: Callable[[Names], str]
    body: Callable[[Names], bytes] = lambda _: b""
    headers: Mapping[str, str] = field(default_factory=dict)
    named: bool = True
    shows: bool = False
    changes: bool = False
    differs: bool = False
    above: bool = False
    note: str = ""

    @property
    def repeats(self) -> bool:
        """Tell whether the address holds words of what is asked for: an answer may repeat them."""
        marked = self.address({name: f"MARK{name}" for name in NOTHING})
        return "MARKword" in marked or "MARKclient_name" in marked

    def __str__(self) -> str:
        return f"{self.method} {self.route}{' ' + self.note if self.note else ''}"


def routes(device_routes: DeviceRoutes) -> set[str]:
    """Return every route there is: Django's by pattern and name, devices' by path."""
    return {f"/{pattern} {name}" for pattern, name in _patterns(get_resolver())} | set(
        device_routes._routes
    )


def _patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield f"{before}{entry.pattern}", str(entry.name)
        else:
            yield from _patterns(entry, f"{before}{entry.pattern}")


def _at(template: str) -> Callable[[Names], str]:
    return lambda names: template.format_map({k: quote(v, safe="") for k, v in names.items()})


def _json(**members: Any) -> Callable[[Names], bytes]:
    """Return a body whose texts are made of names; ``int:ticket`` becomes a number."""

    def made(names: Names) -> bytes:
        tree: dict[str, Any] = {}
        for key, value in members.items():
            if isinstance(value, str) and value.startswith("int:"):
                tree[key] = int(names[value[4:]])
            else:
                tree[key] = value.format_map(names) if isinstance(value, str) else value
        return json.dumps(tree).encode()

    return made


def _form(**members: str) -> Callable[[Names], bytes]:
    return lambda _: urlencode(members).encode()


_API = "/api/v1/"
_TICKETS = _API + "tickets"
_ONE = _TICKETS + "/{ticket}"
_NUMBER = "/<int:number>"


def _read(name: str, route: str, address: str, **more: Any) -> Probe:
    return Probe(f"{route} {name}", "api", "GET", _at(address), **more)


def _act(name: str, tail: str, *, above: bool = False, **body: Any) -> Probe:
    return Probe(
        f"{_TICKETS}{_NUMBER}{tail} {name}",
        "api",
        "POST",
        _at(_ONE + tail),
        _json(**body),
        {"Idempotency-Key": "fresh"},
        changes=True,
        above=above,
    )


def _opened(note: str, **body: Any) -> Probe:
    return Probe(
        f"{_TICKETS} create_ticket",
        "api",
        "POST",
        _at(_TICKETS),
        _json(title="opened by a probe", **body),
        {"Idempotency-Key": "fresh"},
        changes=True,
        note=note,
    )


def _list(name: str, route: str, query: str = "", **more: Any) -> Probe:
    address = f"{route}?{query}" if query else route
    return _read(name, route, address, named="{" in query, note=query, **more)


_WINDOW = _API + "maintenance/<int:window>"


def _planned(note: str, **body: Any) -> Probe:
    return Probe(
        _API + "maintenance plan_maintenance",
        "api",
        "POST",
        _at(_API + "maintenance"),
        _json(
            reason="by a probe",
            starts_at="2036-03-02T09:00:00Z",
            ends_at="2036-03-02T10:00:00Z",
            **body,
        ),
        {"Idempotency-Key": "fresh"},
        changes=True,
        note=note,
    )


_CLIENT = _API + "clients/<int:client_id>"
_A_CLIENT = _API + "clients/{client}"


def _agreed(name: str, route: str, address: str, /, **body: Any) -> Probe:
    return Probe(
        f"{route} {name}",
        "api",
        "POST",
        _at(address),
        _json(**body),
        {"Idempotency-Key": "fresh"},
        changes=True,
        above=True,
    )


_API_PROBES = (
    _list("list_tickets", _TICKETS, shows=True),
    _list("list_tickets", _TICKETS, "limit=1"),
    _list("list_tickets", _TICKETS, "client={client}", shows=True),
    _list("list_tickets", _TICKETS, "client={client_name}", shows=True),
    _list("list_tickets", _TICKETS, "site={site}", shows=True),
    _list("list_tickets", _TICKETS, "device={device}", shows=True),
    _list("list_tickets", _TICKETS, "q={word}", shows=True),
    _list("list_tickets", _TICKETS, "q={word}&client={client}", shows=True),
    _list("list_tickets", _TICKETS, "q=%23{ticket}", shows=True),
    _list("list_tickets", _TICKETS, "q=ticket", shows=True),
    _list("list_tickets", _TICKETS, "q=ticket&limit=1"),
    _list("list_tickets", _TICKETS, "q=pc&status=new&source=monitor&limit=1"),
    _opened("client by number", client="int:client"),
    _opened("client by name", client="{client_name}"),
    _opened("device", device="{device}"),
    _read("get_ticket", _TICKETS + _NUMBER, _ONE, shows=True),
    Probe(
        f"{_TICKETS}{_NUMBER} change_ticket",
        "api",
        "PATCH",
        _at(_ONE),
        _json(title="renamed by a probe"),
        {"If-Match": "*"},
        changes=True,
    ),
    Probe(
        f"{_TICKETS}{_NUMBER} change_ticket",
        "api",
        "PATCH",
        _at(_ONE),
        _json(title="renamed by a probe"),
        {"If-Match": '"0-00000000"'},
        changes=True,
        note="stale",
    ),
    _read("list_timeline", f"{_TICKETS}{_NUMBER}/timeline", _ONE + "/timeline", shows=True),
    _read(
        "get_attachment",
        f"{_TICKETS}{_NUMBER}/attachments/<int:attachment>",
        _ONE + "/attachments/{attachment}",
        shows=True,
    ),
    _read("list_clocks", f"{_TICKETS}{_NUMBER}/clocks", _ONE + "/clocks"),
    _act("reply", "/reply", body="by a probe"),
    _act("note", "/note", body="by a probe"),
    _act("resolve", "/resolve"),
    _act("reopen", "/reopen"),
    _act("call", "/call", body="by a probe"),
    _act("review", "/review", body="by a probe"),
    _act("workaround", "/workaround", body="by a probe"),
    _act("close", "/close", why="canceled"),
    _act("confirm", "/confirm", fixed=True),
    _act(*("escalate", "/escalate"), level="2", message="by a probe", expectation="x", reason="x"),
    _act("consult", "/consult", level="3", body="by a probe"),
    _act("appeal", "/appeal", body="by a probe"),
    _act("approval", "/approval", above=True, granted=True),
    _act("grade", "/grade", urgency="high", impact="many"),
    _act("date", "/date", above=True, due_at="2036-03-02T09:00:00Z", reason="x"),
    _act("duplicate", "/duplicate", of="int:ticket"),
    _act("link", "/link", other="int:ticket", kind="related"),
    _act("unlink", "/unlink", other="int:ticket", kind="related"),
    _read("list_links", f"{_TICKETS}{_NUMBER}/links", _ONE + "/links", shows=True),
    _read("list_like", f"{_TICKETS}{_NUMBER}/like", _ONE + "/like"),
    _read(
        *("list_participants", f"{_TICKETS}{_NUMBER}/participants", _ONE + "/participants"),
        shows=True,
    ),
    _act("add_participant", "/participants", email="probe@{word}.example"),
    _act("leave", "/leave", participant=1),
    _act("watch", "/watch"),
    _read("list_notices", f"{_TICKETS}{_NUMBER}/notices", _ONE + "/notices", shows=True),
    _act("log_work", "/work", started_at="2026-03-02T08:00:00Z", minutes=5),
    _read("list_work", f"{_TICKETS}{_NUMBER}/work", _ONE + "/work"),
    _act("delay", "/delay", reason="by a probe"),
    _act("contact_attempt", "/contact-attempt", way="phone"),
    _act("contact_outcome", "/contact-outcome", outcome="canceled"),
    _act("accept", "/accept", reason="by a probe"),
    _act("end_acceptance", "/end-acceptance"),
    _read("what_if", f"{_TICKETS}{_NUMBER}/what-if", _ONE + "/what-if?priority=high"),
    _read("choices", f"{_TICKETS}{_NUMBER}/choices", _ONE + "/choices"),
    _list("list_acceptances", _API + "acceptances", shows=True),
    _read("list_members", f"{_TICKETS}{_NUMBER}/members", _ONE + "/members", shows=True),
    _list("list_maintenance", _API + "maintenance", shows=True),
    _list("list_maintenance", _API + "maintenance", "client={client}", shows=True),
    _read("get_maintenance", _WINDOW, _API + "maintenance/{window}", shows=True),
    _planned("client by number", client="int:client"),
    _planned("client by name", client="{client_name}"),
    _planned("device", device="{device}"),
    Probe(
        f"{_WINDOW}/end end_maintenance",
        "api",
        "POST",
        _at(_API + "maintenance/{window}/end"),
        _json(),
        {"Idempotency-Key": "fresh"},
        changes=True,
    ),
    _list("list_held_back", _API + "held-back", shows=True),
    _list("list_held_back", _API + "held-back", "client={client}", shows=True),
    _list("list_held_back", _API + "held-back", "device={device}", shows=True),
    _list("list_held_back", _API + "held-back", "window={window}", shows=True),
    _list("list_recurring", _API + "reports/recurring"),
    _list("list_audit", _API + "audit", above=True),
    _list("list_devices", _API + "devices", shows=True),
    _list("list_devices", _API + "devices", "client={client}", shows=True),
    _list("list_devices", _API + "devices", "client={client_name}", shows=True),
    _list("list_devices", _API + "devices", "q={word}", shows=True),
    _read("get_device", _API + "devices/<device_id>", _API + "devices/{device}", shows=True),
    _list("list_clients", _API + "clients", shows=True),
    _read("get_client", _API + "clients/<int:client_id>", _API + "clients/{client}", shows=True),
    _read("list_agreements", f"{_CLIENT}/agreements", f"{_A_CLIENT}/agreements", shows=True),
    _agreed(
        *("add_agreement", f"{_CLIENT}/agreements", f"{_A_CLIENT}/agreements"),
        name="probed",
        starts="2026-01-01",
    ),
    _agreed(
        *("end_agreement", f"{_CLIENT}/agreements/<int:agreement>/end"),
        f"{_A_CLIENT}/agreements/{{agreement}}/end",
        last_day="2036-01-01",
    ),
    _agreed(
        *("set_client_importance", f"{_CLIENT}/importance", f"{_A_CLIENT}/importance"),
        importance="vip",
    ),
    _read("list_contacts", f"{_CLIENT}/contacts", f"{_A_CLIENT}/contacts", shows=True),
    _agreed(
        *("set_contact_importance", f"{_CLIENT}/contacts/<int:contact>/importance"),
        f"{_A_CLIENT}/contacts/{{contact}}/importance",
        importance="vip",
    ),
    _agreed(
        *("set_device_importance", _API + "devices/<device_id>/importance"),
        _API + "devices/{device}/importance",
        importance="vip",
    ),
    _read("get_standing", f"{_TICKETS}{_NUMBER}/standing", _ONE + "/standing"),
    _act("change_standing", "/standing", above=True, importance="vip", reason="by a probe"),
)

_ACTS = {
    "reply": _form(body="by a probe", then=""),
    "note": _form(body="by a probe"),
    "assign": _form(assignee=""),
    "priority": _form(priority="high", reason="by a probe"),
    "status": _form(status="waiting"),
    "resolve": _form(body="by a probe"),
    "reopen": _form(body="by a probe"),
    "contact": _form(contact="1"),
}
assert set(_ACTS) == set(ACTS), "an act on the ticket's page has no row"


def _page(route: str, address: str, *, htmx: bool = False, **more: Any) -> Probe:
    headers = {"HX-Request": "true"} if htmx else {}
    more.setdefault("named", "{" in address)
    note = address.partition("?")[2] + (" refresh" if htmx else "")
    return Probe(route, "page", "GET", _at(address), headers=headers, note=note, **more)


_PAGE_PROBES = (
    _page("/ queue", "/", shows=True),
    _page("/ queue", "/", htmx=True, shows=True),
    _page("/ queue", "/?newest=1", htmx=True, shows=True),
    _page("/ queue", "/?status=new", shows=True),
    _page("/ queue", "/?client={client}", shows=True),
    _page("/ queue", "/?q={word}", shows=True),
    _page("/ queue", "/?q={word}&client={client}", shows=True),
    _page("/ queue", "/?q=ticket", named=False, shows=True),
    _page("/ queue", "/?q=pc&status=new", named=False),
    _page("/ queue", "/?q=%23{ticket}"),
    _page("/tickets/<int:number> ticket", "/tickets/{ticket}", shows=True),
    _page("/tickets/<int:number> ticket", "/tickets/{ticket}?before=999999", shows=True),
    _page("/tickets/<int:number> ticket", "/tickets/{ticket}", htmx=True, shows=True),
    *(
        Probe(
            "/tickets/<int:number>/<slug:act> ticket_act",
            "page",
            "POST",
            _at(f"/tickets/{{ticket}}/{act}"),
            body,
            {"Content-Type": "application/x-www-form-urlencoded"},
            changes=True,
            note=act,
        )
        for act, body in _ACTS.items()
    ),
    _page(
        "/tickets/<int:number>/attachments/<int:attachment> attachment",
        "/tickets/{ticket}/attachments/{attachment}",
        shows=True,
    ),
    _page("/maintenance maintenance", "/maintenance", shows=True),
    _page("/maintenance maintenance", "/maintenance?device={device}", named=False, shows=True),
    Probe(
        "/maintenance maintenance",
        "page",
        "POST",
        _at("/maintenance"),
        lambda names: urlencode(
            {
                "where": names["client"],
                "reason": "by a probe",
                "starts": "2036-03-02T09:00",
                "ends": "2036-03-02T10:00",
            }
        ).encode(),
        {"Content-Type": "application/x-www-form-urlencoded"},
        changes=True,
        named=False,
        note="planned",
    ),
    Probe(
        "/maintenance/<int:number>/end maintenance_end",
        "page",
        "POST",
        _at("/maintenance/{window}/end"),
        _form(),
        {"Content-Type": "application/x-www-form-urlencoded"},
        changes=True,
        note="ended",
    ),
    _page("/audit audit", "/audit", above=True),
    _page("/devices devices", "/devices", shows=True),
    _page("/devices devices", "/devices?client={client}", shows=True),
    _page("/devices devices", "/devices?q={word}", shows=True),
    _page("/devices/<uuid:device_id> device", "/devices/{device}", shows=True),
)


def _device(path: str, body: Callable[[Names], bytes], **more: Any) -> Probe:
    return Probe(
        _API + path, "device", "POST", _at(_API + path), body, named=False, changes=True, **more
    )


def _enrol(device_id: Callable[[Names], str], note: str) -> Probe:
    def body(names: Names) -> bytes:
        token = new_credential(CredentialPrefix.DEVICE)
        return an_enrolment(token, device_id=device_id(names)).to_text().encode()

    return Probe(
        _API + "enroll",
        "enrolment",
        "POST",
        _at(_API + "enroll"),
        body,
        named=False,
        changes=True,
        note=note,
    )


_REPLY = uuid7()
"""Told back in a refusal; a refused one is not kept, so it serves again."""
_DEVICE_PROBES = (
    _device("events", lambda _: events_body(an_event())),
    _device("facts", lambda _: some_facts(user="probe").to_text().encode()),
    _device("heartbeat", lambda _: a_heartbeat().encode()),
    _device("tickets", lambda _: a_report().to_text().encode()),
    _device(
        "tickets", lambda names: a_report(same_as=names["word"]).to_text().encode(), note="me too"
    ),
    Probe(
        _API + "replies",
        "device",
        "POST",
        _at(_API + "replies"),
        lambda names: a_reply(id=_REPLY, ticket=int(names["ticket"])).to_text().encode(),
        changes=True,
    ),
    Probe(
        _API + "replies",
        "device",
        "POST",
        _at(_API + "replies"),
        lambda names: a_reply(ReplyKind.SOLVED, note=names["note"]).to_text().encode(),
        named=False,
        changes=True,
        note="a note helped",
    ),
    Probe(
        _API + "attachments",
        "device",
        "POST",
        _at(_API + "attachments"),
        lambda names: a_piece(report=names["report"], id=_REPLY).to_text().encode(),
        changes=True,
    ),
    Probe(
        _API + "device/tickets",
        "device",
        "GET",
        _at(_API + "device/tickets"),
        named=False,
        shows=True,
        differs=True,
    ),
    *(
        Probe(
            f"{_API}device/{name}",
            "device",
            "GET",
            _at(f"{_API}device/{name}"),
            named=False,
            shows=name == "notes",
            differs=True,
        )
        for name in ("profile", "notes")
    ),
    _enrol(lambda _: uuid7(), "a new device"),
    # That another client's device has an id is told: it is a random number that only a copy of
    # that disk can know, and its owner must learn of it. Nothing else is.
    _enrol(lambda names: uuid7() if names is NOTHING else names["device"], "a copy"),
)


def _public(route: str, address: str, **more: Any) -> Probe:
    return Probe(route, "public", "GET", _at(address), named=False, **more)


_PUBLIC_PROBES = (
    _public("/health health", "/health"),
    _public("/sign-in account_login", "/sign-in"),
    _public("/sign-in/code mfa_authenticate", "/sign-in/code"),
    _public("/sign-in/again account_reauthenticate", "/sign-in/again"),
    _public("/sign-in/again/code mfa_reauthenticate", "/sign-in/again/code"),
    _public("/sign-out account_logout", "/sign-out"),
    _public("/account/second-factor mfa_index", "/account/second-factor"),
    _public(
        "/account/second-factor/on mfa_activate_totp", "/account/second-factor/on", differs=True
    ),
    _public("/account/second-factor/off mfa_deactivate_totp", "/account/second-factor/off"),
    _public("/account/second-factor/codes mfa_view_recovery_codes", "/account/second-factor/codes"),
    _public(
        "/account/second-factor/codes/new mfa_generate_recovery_codes",
        "/account/second-factor/codes/new",
    ),
    _public("/api/v1/openapi.json openapi", "/api/v1/openapi.json"),
    _public("/api/v1/docs api-docs", "/api/v1/docs"),
    _public("/api/v1/ api-root", "/api/v1/"),
)

PROBES = (*_API_PROBES, *_PAGE_PROBES, *_DEVICE_PROBES, *_PUBLIC_PROBES)
