"""How each page is asked for something of a client's; and what everybody may ask for."""

from typing import Any
from urllib.parse import urlencode

from server_stub.desk.models import Role
from server_stub.desk.rights import may
from server_stub.staff.acts import ACTS
from tests.server_stub.isolation.probe import Probe, at, form

_ACTS = {
    "reply": form(body="by a probe", then=""),
    "note": form(body="by a probe"),
    "assign": form(assignee=""),
    "priority": form(priority="high", reason="by a probe"),
    "status": form(status="waiting"),
    "resolve": form(body="by a probe"),
    "reopen": form(body="by a probe"),
    "contact": form(contact="1"),
    "stage": form(stage="waiting"),
    "close": form(why="canceled"),
    "settle": form(how="good", reason="by a probe"),
    "end-acceptance": form(),
    "confirm": form(fixed="yes"),
    "type": form(type="request"),
    "grade": form(urgency="high", impact="many"),
    "title": form(title="renamed by a probe"),
    "date": form(clock="resolution", due_at="2036-03-02T09:00", reason="by a probe"),
    "approval": form(granted="yes"),
    "escalate": form(level="2", message="by a probe", expectation="x", reason="x"),
    "consult": form(level="3", body="by a probe"),
    "appeal": form(body="by a probe"),
    "attempt": form(way="phone"),
    "outcome": form(outcome="canceled"),
    "review": form(body="by a probe"),
    "work-around": form(body="by a probe"),
    "participant": form(email="probe@probe.example"),
    "leave": form(participant="1"),
    "watch": form(on="yes"),
    "team": form(team="by a probe"),
    "duplicate": form(other="1"),
    "link": form(kind="related", other="1"),
    "unlink": form(kind="related", other="1"),
    "work": form(minutes="5"),
    "scope": form(scope="direct"),
    "charge": form(to="yes"),
    "delay": form(reason="by a probe"),
    "agreement": form(agreement="none", reason="by a probe"),
    "importance": form(importance="vip", reason="by a probe"),
}
assert set(_ACTS) == set(ACTS), "an act on the ticket's page has no row"


def _page(route: str, address: str, *, htmx: bool = False, **more: Any) -> Probe:
    headers = {"HX-Request": "true"} if htmx else {}
    more.setdefault("named", "{" in address)
    note = address.partition("?")[2] + (" refresh" if htmx else "")
    return Probe(route, "page", "GET", at(address), headers=headers, note=note, **more)


PAGE_PROBES = (
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
    _page(
        "/tickets/<int:number>/what-if ticket_what_if",
        "/tickets/{ticket}/what-if?priority=high",
        shows=True,
    ),
    _page(
        "/tickets/<int:number>/what-if ticket_what_if",
        "/tickets/{ticket}/what-if?priority=high",
        htmx=True,
    ),
    *(
        Probe(
            "/tickets/<int:number>/<slug:act> ticket_act",
            "page",
            "POST",
            at(f"/tickets/{{ticket}}/{act}"),
            body,
            {"Content-Type": "application/x-www-form-urlencoded"},
            changes=True,
            above=not may(Role.TECHNICIAN, ACTS[act].right),
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
        at("/maintenance"),
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
        at("/maintenance/{window}/end"),
        form(),
        {"Content-Type": "application/x-www-form-urlencoded"},
        changes=True,
        note="ended",
    ),
    _page("/audit audit", "/audit", above=True),
    _page("/devices devices", "/devices", shows=True),
    _page("/devices devices", "/devices?client={client}", shows=True),
    _page("/devices devices", "/devices?q={word}", shows=True),
    _page("/devices/<uuid:device_id> device", "/devices/{device}", shows=True),
    *(
        Probe(
            f"/devices/<uuid:device_id>/{act} device_{act}",
            "page",
            "POST",
            at(f"/devices/{{device}}/{act}"),
            form(reason="by a probe", sure="yes"),
            {"Content-Type": "application/x-www-form-urlencoded"},
            changes=True,
            above=True,
        )
        for act in ("retire", "restore")
    ),
)


def _public(route: str, address: str, **more: Any) -> Probe:
    return Probe(route, "public", "GET", at(address), named=False, **more)


PUBLIC_PROBES = (
    _public("/health health", "/health"),
    _public("/sign-in account_login", "/sign-in"),
    _public("/sign-in/code mfa_authenticate", "/sign-in/code"),
    _public("/sign-in/again account_reauthenticate", "/sign-in/again"),
    _public("/sign-in/again/code mfa_reauthenticate", "/sign-in/again/code"),
    _public("/sign-out account_logout", "/sign-out"),
    _public("/account/password account_change_password", "/account/password"),
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
