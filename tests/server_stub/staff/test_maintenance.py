"""The pages of maintenance and of the audit log, on both databases."""

from datetime import datetime, timedelta

import pytest

from server_stub.audit.models import AuditEntry
from server_stub.audit.record import record
from server_stub.desk.models import Role
from server_stub.quiet.models import MaintenanceWindow
from tests.server_stub.staff.pages import SignedIn, text
from tests.support import desk_rows
from tests.support.fleet_rows import a_held_back, a_window
from tests.support.rows import a_technician

FORM = {
    "reason": "patch night",
    "starts": "2036-03-02T22:00",
    "ends": "2037-03-02T22:00",
    "days": ["tue", "wed"],
    "opens": "22:00",
    "closes": "02:00",
}


def test_maintenance_is_planned_on_the_page(signed_in: SignedIn) -> None:
    client, site = desk_rows.client("Harbour Dental", "Quay Street")
    browser = signed_in(desk_rows.technician("kim@desk.example"))

    answer = browser.post("/maintenance", FORM | {"where": f"{client.id}/{site.id}"})

    assert (answer.status_code, answer["Location"]) == (302, "/maintenance")
    row = MaintenanceWindow.objects.get()
    assert (row.client, row.site, row.days, row.opens) == (client, site, "tue wed", "22:00")
    assert (row.zone, row.created_by) == (site.time_zone, "kim@desk.example")
    page = text(browser.get("/maintenance"))
    assert "Harbour Dental › Quay Street patch night tue wed, 22:00–02:00" in page
    assert AuditEntry.objects.get(act="maintenance plan").via == "page"


def test_a_devices_own_maintenance_begins_on_its_page(signed_in: SignedIn, now: datetime) -> None:
    of = desk_rows.client()
    device = desk_rows.device(of, "FRONTDESK-03", now=now)
    browser = signed_in(desk_rows.technician())

    assert "Device FRONTDESK-03" in text(browser.get(f"/maintenance?device={device.id}"))
    browser.post(
        "/maintenance",
        {"device": device.id, "reason": "new disk", "ends": f"{now + timedelta(days=1):%FT%R}"},
    )

    row = MaintenanceWindow.objects.get()
    assert (row.device, row.site, row.starts_at) == (device, None, now)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"where": "999"}, "choose a client"),
        ({"reason": " "}, "say why"),
        ({"ends": ""}, None),
        ({"days": [], "ends": ""}, "until when"),
        ({"starts": "tomorrow"}, "write date and time"),
        ({"ends": "2030-01-01T00:00"}, "not after the beginning"),
        ({"opens": ""}, "time of day"),
    ],
)
def test_what_is_wrong_is_told_and_what_was_typed_stays(
    signed_in: SignedIn, changes: dict[str, object], told: str | None
) -> None:
    client, _ = desk_rows.client("Harbour Dental", "Quay Street")
    form = FORM | {"where": str(client.id)} | changes

    answer = signed_in(desk_rows.technician()).post("/maintenance", form)

    assert answer.status_code == (422 if told else 302)
    assert MaintenanceWindow.objects.exists() == (told is None)
    if told:
        assert told in text(answer)
        assert f'value="{form["closes"]}"' in answer.content.decode()


def test_it_is_ended_on_the_page_once(signed_in: SignedIn, now: datetime) -> None:
    client, _ = desk_rows.client()
    window = a_window(client, starts_at=now, ends_at=now + timedelta(hours=1))
    browser = signed_in(desk_rows.technician("kim@desk.example"))

    assert "quiet" in text(browser.get("/maintenance"))
    assert browser.post(f"/maintenance/{window.id}/end").status_code == 302
    assert "ended by kim@desk.example" in text(browser.get("/maintenance"))
    answer = browser.post(f"/maintenance/{window.id}/end")
    assert (answer.status_code, "over already" in text(answer)) == (422, True)
    assert browser.get(f"/maintenance/{window.id}/end").status_code == 405


def test_what_was_held_back_is_shown_with_its_reason(signed_in: SignedIn, now: datetime) -> None:
    of = desk_rows.client()
    device = desk_rows.device(of, "FRONTDESK-03", now=now)
    a_held_back(device, window=a_window(of[0], reason="new switch", created_by="kim@desk.example"))

    page = text(signed_in(desk_rows.technician()).get("/maintenance"))

    assert "FRONTDESK-03" in page
    assert "new switch by kim@desk.example gone by the end" in page


def test_who_may_only_read_sees_and_plans_nothing(signed_in: SignedIn, now: datetime) -> None:
    client, _ = desk_rows.client()
    window = a_window(client, starts_at=now, ends_at=now + timedelta(hours=1))
    browser = signed_in(a_technician(role=Role.READ_ONLY))

    page = browser.get("/maintenance")
    assert "Plan it" not in text(page)
    assert browser.post("/maintenance", FORM | {"where": str(client.id)}).status_code == 403
    assert browser.post(f"/maintenance/{window.id}/end").status_code == 403
    assert MaintenanceWindow.objects.get().ended_at is None


def test_the_audit_page_is_for_admins(signed_in: SignedIn) -> None:
    kim, both = "kim@desk.example", ["Harbour", "Baker"]
    record("ana@desk.example", "command", "staff add", kim, email=kim, role="admin", clients=both)
    record("kim@desk.example", "api", "maintenance plan", "<b>maintenance</b> 4")

    assert signed_in(a_technician(role=Role.DISPATCHER)).get("/audit").status_code == 403
    browser = signed_in(a_technician(role=Role.ADMIN))
    page = browser.get("/audit")
    said = "staff add kim@desk.example role: admin, clients: Harbour, Baker"
    assert f"ana@desk.example command {said}" in text(page)
    assert "&lt;b&gt;maintenance" in page.content.decode()
    narrowed = text(browser.get("/audit?who=kim@desk.example"))
    assert ("maintenance plan" in narrowed, "staff add" in narrowed) == (True, False)


def test_a_long_audit_log_goes_on(signed_in: SignedIn) -> None:
    for n in range(60):
        record("kim@desk.example", "api", f"act {n:03}")
    browser = signed_in(a_technician(role=Role.ADMIN))

    first = browser.get("/audit?who=kim@desk.example").content.decode()
    address = first.split('id="page-next" href="')[1].split('"')[0].replace("&amp;", "&")
    rest = browser.get(address).content.decode()

    assert ("act 059" in first, "act 010" in first, "act 009" in first) == (True, True, False)
    assert ("act 009" in rest, "act 000" in rest, 'id="page-next"' in rest) == (True, True, False)
