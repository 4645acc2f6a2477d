import re
from pathlib import Path

import pytest
from django.test import Client as Browser

from server_stub.staff.access import zone_named
from server_stub.staff.acts import ACTS
from server_stub.staff.urls import urlpatterns


@pytest.mark.parametrize(
    "name",
    ["", "../../etc/passwd", "Europe", "Nowhere/Land", "/etc/localtime", "\0", "x" * 9000, "é"],
)
def test_a_zone_that_does_not_exist_is_utc(name: str) -> None:
    assert str(zone_named(name)) == "UTC"


def test_a_zone_that_exists_is_used() -> None:
    assert str(zone_named("Europe/London")) == "Europe/London"


DEVICE = "0190a5a0-0000-7000-8000-000000000000"


@pytest.mark.usefixtures("database")
def test_every_page_but_sign_in_and_health_leads_strangers_to_the_sign_in_page() -> None:
    pages = {
        "queue": "/",
        "ticket": "/tickets/1",
        "ticket_act": "/tickets/1/reply",
        "ticket_what_if": "/tickets/1/what-if",
        "attachment": "/tickets/1/attachments/1",
        "maintenance": "/maintenance",
        "maintenance_end": "/maintenance/1/end",
        "audit": "/audit",
        "devices": "/devices",
        "device": f"/devices/{DEVICE}",
        "device_retire": f"/devices/{DEVICE}/retire",
        "device_restore": f"/devices/{DEVICE}/restore",
    }
    named = {pattern.name for pattern in urlpatterns}
    assert named == pages.keys()
    for path in pages.values():
        answer = Browser().get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/sign-in?next={path}")


def test_the_page_of_pages_names_every_act_once() -> None:
    docs = Path(__file__).parents[3] / "docs" / "pages.md"
    named = re.findall(
        r"^\| [^|]+ \| `([\w-]+)` \|", docs.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(named) == sorted(ACTS)
