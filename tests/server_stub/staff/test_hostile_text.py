"""Text is text: whatever a device calls things, a page's structure stays what we wrote."""

import re
from collections.abc import Sequence
from datetime import datetime
from html.parser import HTMLParser

import pytest
from django.test import Client as Browser

from server_stub.clients.models import Client, Device
from server_stub.clients.scope import Scope
from server_stub.staff import working
from server_stub.tickets.models import Ticket
from server_stub.tickets.queries import tickets
from tests.server_stub.staff.pages import SignedIn
from tests.support import desk_rows, hostile

_BATCH = 20
_VALUES_COMPARED = {"class", "id", "name", "action", "src", "rel", "hx-get", "hx-trigger", "role"}


class Skeleton(HTMLParser):
    """A page without its words: each tag with its attributes' names; its words apart."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[object] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = [(name, value if name in _VALUES_COMPARED else "") for name, value in attrs]
        self.tags.append((tag, told))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.tags.append(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.tags.append(decl)

    def unknown_decl(self, data: str) -> None:
        self.tags.append(data)

    def handle_pi(self, data: str) -> None:
        self.tags.append(data)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_no_hostile_text_in_any_field_of_a_device_changes_any_page(
    signed_in: SignedIn, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """220 texts; the harmless ones beside them show how a page must be built."""
    monkeypatch.setattr(working, "like", _others)
    browser = signed_in(desk_rows.technician())
    harmless = _pages(browser, [f"harmless {n}" for n in range(_BATCH)], now)
    for start in range(0, len(hostile.TEXTS), _BATCH):
        texts = hostile.TEXTS[start : start + _BATCH]
        for name, page in _pages(browser, texts, now).items():
            assert page.tags == harmless[name].tags, (name, start)
            words = _normal("".join(page.words))
            missing = [text for text in texts if _normal(text) not in words]
            assert missing == [] or name == "devices", name


def _others(scope: Scope, number: int) -> list[Ticket]:
    """Return as many proposals of duplicates for each ticket, whatever words their titles share."""
    return list(tickets(scope).exclude(id=number)[:5])


def _pages(browser: Browser, texts: Sequence[str], now: datetime) -> dict[str, Skeleton]:
    Ticket.objects.all().delete()
    Device.objects.all().delete()
    for client in Client.objects.all():
        client.sites.all().delete()
        client.delete()
    rows = hostile.write(texts, now)
    paths = {
        "queue": "/",
        "ticket": f"/tickets/{rows.ticket.id}",
        "device": f"/devices/{rows.device.id}",
        "devices": "/devices",
        "search": f"/?client={rows.device.client_id}",
    }
    pages = {}
    for name, path in paths.items():
        answer = browser.get(path)
        assert answer.status_code == 200
        page = answer.content.decode()
        for number in Ticket.objects.values_list("id", flat=True):  # they differ, rightly
            page = page.replace(f'-{number}"', '-N"').replace(f'"/tickets/{number}', '"/tickets/N')
        pages[name] = Skeleton(re.sub(r"client=\d+", "client=N", page))
    return pages


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
