"""Forms of a ticket's page, found on it and sent as a browser would."""

import re
from datetime import timedelta
from typing import Any

from django.test import Client as Browser

from agent.protocol.words import Evaluation
from server_stub.tickets.models import Ticket
from tests.server_stub.staff.pages import text
from tests.server_stub.tickets.desk import opened
from tests.support.rows import NOW

LATER = NOW + timedelta(hours=1)
KIM = "kim@desk.example"


def page(browser: Browser, row: Ticket) -> str:
    """Return a ticket's page."""
    answer = browser.get(f"/tickets/{row.id}")
    assert answer.status_code == 200
    return answer.content.decode()


def send(browser: Browser, row: Ticket, name: str, /, **given: Any) -> Any:
    """Open the page and send one of the forms that it offers."""
    shown = page(browser, row)
    form = re.search(rf'<form id="form-{name}".*?</form>', shown, re.DOTALL)
    assert form, f"{name} is not offered"
    hidden = dict(re.findall(r'name="(seen|newest)" value="([^"]*)"', form[0]))
    for field in given:
        assert f'name="{field}"' in form[0], f"{name} does not ask for {field}"
    return browser.post(f"/tickets/{row.id}/{name}", hidden | given)


def done(browser: Browser, row: Ticket, name: str, /, **given: Any) -> Ticket:
    """Send a form that is right; return the ticket as it is then."""
    answer = send(browser, row, name, **given)
    assert answer.status_code == 302, text(answer)
    return Ticket.objects.get(id=row.id)


def offered(shown: str) -> set[str]:
    """Return the names of the forms on a page."""
    return set(re.findall(r'<form id="form-([\w-]+)"', shown))


def choices(shown: str, field: str) -> list[str]:
    """Return what may be chosen in a field."""
    found = re.search(rf'<select name="\w+" id="{field}".*?</select>', shown, re.DOTALL)
    return re.findall(r'<option value="([^"]*)"', found[0]) if found else []


def an_alert(**fields: Any) -> Ticket:
    """Return a ticket whose condition the monitor finds still."""
    row = opened("managed-provider", **fields)
    found = {"alert_key": f"pc:{row.id}", "evaluation": Evaluation.CRITICAL, "source": "monitor"}
    Ticket.objects.filter(id=row.id).update(**found)
    return Ticket.objects.get(id=row.id)
