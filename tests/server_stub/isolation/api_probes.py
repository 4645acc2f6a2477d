"""How each route of the REST interface is asked for something of a client's."""

from typing import Any

from tests.server_stub.isolation.probe import API, Probe, at, body_of

_TICKETS = API + "tickets"
_ONE = _TICKETS + "/{ticket}"
_NUMBER = "/<int:number>"


def _read(name: str, route: str, address: str, **more: Any) -> Probe:
    return Probe(f"{route} {name}", "api", "GET", at(address), **more)


def _post(route: str, address: str, body: dict[str, Any], **more: Any) -> Probe:
    headers = {"Idempotency-Key": "fresh"}
    return Probe(route, "api", "POST", at(address), body_of(**body), headers, changes=True, **more)


def _act(name: str, tail: str, *, above: bool = False, **body: Any) -> Probe:
    return _post(f"{_TICKETS}{_NUMBER}{tail} {name}", _ONE + tail, body, above=above)


def _opened(note: str, **body: Any) -> Probe:
    body = {"title": "opened by a probe", **body}
    return _post(f"{_TICKETS} create_ticket", _TICKETS, body, note=note)


def _list(name: str, route: str, query: str = "", **more: Any) -> Probe:
    address = f"{route}?{query}" if query else route
    return _read(name, route, address, named="{" in query, note=query, **more)


_WINDOW = API + "maintenance/<int:window>"


def _planned(note: str, **body: Any) -> Probe:
    times = {"starts_at": "2036-03-02T09:00:00Z", "ends_at": "2036-03-02T10:00:00Z"}
    body = {"reason": "by a probe", **times, **body}
    return _post(API + "maintenance plan_maintenance", API + "maintenance", body, note=note)


_CLIENT = API + "clients/<int:client_id>"
_A_CLIENT = API + "clients/{client}"


def _agreed(name: str, route: str, address: str, /, **body: Any) -> Probe:
    return _post(f"{route} {name}", address, body, above=True)


API_PROBES = (
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
    _opened("contact", client="int:client", contact="int:contact"),
    _read("get_ticket", _TICKETS + _NUMBER, _ONE, shows=True),
    Probe(
        f"{_TICKETS}{_NUMBER} change_ticket",
        "api",
        "PATCH",
        at(_ONE),
        body_of(title="renamed by a probe"),
        {"If-Match": "*"},
        changes=True,
    ),
    Probe(
        f"{_TICKETS}{_NUMBER} change_ticket",
        "api",
        "PATCH",
        at(_ONE),
        body_of(title="renamed by a probe"),
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
    _act("reopen", "/reopen", body="devices are told of what is open"),
    _read("what_if", f"{_TICKETS}{_NUMBER}/what-if", _ONE + "/what-if?priority=high"),
    _read("choices", f"{_TICKETS}{_NUMBER}/choices", _ONE + "/choices"),
    _list("list_acceptances", API + "acceptances", shows=True),
    _read("list_members", f"{_TICKETS}{_NUMBER}/members", _ONE + "/members", shows=True),
    _list("list_maintenance", API + "maintenance", shows=True),
    _list("list_maintenance", API + "maintenance", "client={client}", shows=True),
    _read("get_maintenance", _WINDOW, API + "maintenance/{window}", shows=True),
    _planned("client by number", client="int:client"),
    _planned("client by name", client="{client_name}"),
    _planned("device", device="{device}"),
    Probe(
        f"{_WINDOW}/end end_maintenance",
        "api",
        "POST",
        at(API + "maintenance/{window}/end"),
        body_of(),
        {"Idempotency-Key": "fresh"},
        changes=True,
    ),
    _list("list_held_back", API + "held-back", shows=True),
    _list("list_held_back", API + "held-back", "client={client}", shows=True),
    _list("list_held_back", API + "held-back", "device={device}", shows=True),
    _list("list_held_back", API + "held-back", "window={window}", shows=True),
    _list("list_recurring", API + "reports/recurring"),
    _list("list_audit", API + "audit", above=True),
    _list("list_devices", API + "devices", shows=True),
    _list("list_devices", API + "devices", "client={client}", shows=True),
    _list("list_devices", API + "devices", "client={client_name}", shows=True),
    _list("list_devices", API + "devices", "q={word}", shows=True),
    _read("get_device", API + "devices/<device_id>", API + "devices/{device}", shows=True),
    _list("list_clients", API + "clients", shows=True),
    _read("get_client", API + "clients/<int:client_id>", API + "clients/{client}", shows=True),
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
        *("set_device_importance", API + "devices/<device_id>/importance"),
        API + "devices/{device}/importance",
        importance="vip",
    ),
    *(
        _agreed(
            *(f"{act}_device", f"{API}devices/<device_id>/{act}"),
            f"{API}devices/{{device}}/{act}",
            reason="by a probe",
        )
        for act in ("retire", "restore")
    ),
    _read("get_standing", f"{_TICKETS}{_NUMBER}/standing", _ONE + "/standing"),
    _act("change_standing", "/standing", above=True, importance="vip", reason="by a probe"),
)
