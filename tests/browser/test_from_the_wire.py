"""What a device sends is what a technician sees, without touching the page."""

import urllib.request
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agent.protocol.credentials import CredentialPrefix, credential_hash, new_credential
from agent.protocol.events import Reading
from agent.protocol.evidence import Evidence, Series, Try
from agent.protocol.words import Change, Evaluation, Outcome, Priority, Unit
from server_stub.clients.models import Device
from tests.browser.conftest import Desk
from tests.browser.watched import overflow_px
from tests.server_stub.intake import messages
from tests.support import hostile, seeds

pytestmark = pytest.mark.needs("chromium")

Post = Callable[[str, str], None]


@pytest.fixture
def post(desk: Desk) -> Post:
    """Send a body to a device route as FRONTDESK-03."""
    token = new_credential(CredentialPrefix.DEVICE)
    Device.objects.filter(id=desk.demo.front_desk.id).update(token_hash=credential_hash(token))

    def send(route: str, body: str) -> None:
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{desk.url}/api/v1/{route}",
            body.encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310 - the same
            assert answer.status == 200
            assert b'"refused"' not in answer.read()

    return send


def test_an_alert_opens_worsens_and_resolves_before_the_technicians_eyes(
    signed_in_page: Callable[..., Page], desk: Desk, post: Post
) -> None:
    page = signed_in_page()
    facts = messages.some_facts(computer={"name": "FRONTDESK-03", "model": "EliteDesk"})
    opened = messages.an_event(title="Low disk space on E:", target="E:", facts_hash=facts.hash)
    post("facts", facts.to_text())
    post("events", messages.events_body(opened).decode())
    row = page.locator("#queue tbody tr", has_text="Low disk space on E:")
    expect(row).to_contain_text("warning")
    expect(row).to_contain_text("low")
    expect(page.locator("#news")).to_contain_text("1 new ticket")

    worse = messages.next_event(
        opened,
        title="Disk E: is nearly full",
        evaluation=Evaluation.CRITICAL,
        priority=Priority.URGENT,
        readings=(Reading("free_percent", 0.4, Unit.SHARE),),
        advice="Move the archive.",
        about="Samsung SSD 980, serial S64D",
        tried=(Try("clean the temporary files", messages.DEVICE_AT, Outcome.NOT_HEALED),),
        series=(Series("free_percent", Unit.SHARE, ((3600, 13), (0, 0.4))),),
        evidence=(Evidence("Largest folders", ("E:/archive 411 GiB",)),),
    )
    post("events", messages.events_body(worse).decode())
    row = page.locator("#queue tbody tr", has_text="Disk E: is nearly full")
    expect(row).to_contain_text("urgent")
    expect(row).to_contain_text("response")
    row.get_by_role("link", name="Disk E: is nearly full").click()
    expect(page.get_by_role("region", name="What the monitor found")).to_contain_text("0.4 %")
    found = page.get_by_role("region", name="What the monitor found")
    expect(found).to_contain_text("Samsung SSD 980, serial S64D")
    led = page.get_by_role("region", name="What led to it")
    expect(led.get_by_role("img")).to_have_accessible_name(
        "free: 13 % 1 h before, 0.4 % at last; least 0.4 %, most 13 %"
    )
    expect(led).to_contain_text("E:/archive 411 GiB")
    tried = page.get_by_role("region", name="What the agent tried")
    expect(tried).to_contain_text("not healed")
    expect(page.get_by_role("region", name="What to do")).to_contain_text("Move the archive.")
    expect(page.get_by_role("region", name="Facts of the device")).to_contain_text(
        "as they were when it was reported"
    )
    expect(page.get_by_role("region", name="Clocks")).to_contain_text("Response:")
    timeline = page.get_by_role("region", name="Timeline")
    expect(timeline).to_contain_text("The monitor changed the priority")
    expect(timeline.get_by_text("the device’s clock said").first).to_be_visible()

    page.go_back()
    post("events", messages.events_body(messages.resolved(worse)).decode())
    expect(row).to_have_count(0)


def test_hostile_texts_that_the_intake_accepts_do_nothing_on_any_page(
    signed_in_page: Callable[..., Page], desk: Desk, post: Post
) -> None:
    texts = [text for text in hostile.TEXTS if len(text) <= 180]
    assert len(texts) > 200
    events = [
        messages.an_event(
            **dict.fromkeys(("title", "rule", "check", "target", "condition", "advice"), text),
            fingerprint=text,
            reason=text,
            readings=(Reading(text, text, Unit.WORD),),
            about=text,
            tried=(Try(text[:100], text[:40], Outcome.FAILED, text),),
            series=(Series(text, Unit.COUNT, ((60, 1), (0, 2))),),
            evidence=(Evidence(text[:100], (text, text)),),
        )
        for text in texts
    ]
    post("events", messages.events_body(*events).decode())
    again = [messages.next_event(e, change=Change.CHANGED, reason=f"{e.reason}!") for e in events]
    post("events", messages.events_body(*again).decode())
    facts = messages.some_facts(**{text: {text: [text]} for text in texts[:60]})
    post("facts", facts.to_text())
    page = signed_in_page()
    pages, addresses = ["/"], list[str]()
    for path in pages:
        page.goto(desk.url + path)
        addresses += hrefs(page, "#queue tbody .title > a[href]")
        pages += hrefs(page, "#page-next")
    assert len(set(addresses)) > len(texts)
    opened = addresses if seeds.long_run() else addresses[::5]  # a fifth of a second each
    for path in (*pages, *opened, f"/devices/{desk.demo.front_desk.id}"):
        page.goto(desk.url + path)
        assert page.evaluate("window.hacked") is None
        assert overflow_px(page) == 0, path


def hrefs(page: Page, of: str) -> list[str]:
    """Return where the links lead that a selector finds."""
    found: list[str] = page.locator(of).evaluate_all(
        "all => all.map(one => one.getAttribute('href'))"
    )
    return found
