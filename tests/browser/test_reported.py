"""A report of a person, with its picture, as a technician's browser shows it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agent.protocol.words import ReportKind
from server_stub.contacts import filing
from server_stub.contacts.models import Report
from tests.browser.conftest import Desk
from tests.browser.watched import axe_violations, overflow_px
from tests.server_stub.intake.reports import a_report
from tests.support.filed_reports import a_kept_file

pytestmark = pytest.mark.needs("chromium")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_is_read_by_everybody_and_its_files_are_saved_not_shown(
    signed_in_page: Callable[..., Page], desk: Desk, scheme: str
) -> None:
    report = a_report(
        kind=ReportKind.PRINTER,
        answers={"printer": "the one upstairs"},
        error_text="0x" + "f" * 300,
        text="It prints <b>nothing</b>.\n" * 20,
    )
    ticket = filing.file(desk.demo.front_desk, report, desk.now)
    kept = a_kept_file(Report.objects.get(envelope_id=report.id), "<script>hacked=1</script>")

    for width in (320, 1280):
        page = signed_in_page(width=width, scheme=scheme)
        page.goto(f"{desk.url}/tickets/{ticket.id}")
        panel = page.get_by_role("region", name="What was reported")
        expect(panel.get_by_role("blockquote")).to_contain_text("It prints <b>nothing</b>.")
        expect(panel).to_contain_text("Which printer?")
        assert axe_violations(page) == []
        assert overflow_px(page) == 0
        assert page.locator("img, iframe, object, embed").count() == 0, "nothing is shown inline"
    with page.expect_download() as saved:
        page.get_by_role("link", name=kept.name).click()
    assert saved.value.suggested_filename.endswith(".log")
    assert saved.value.path().read_text() == "<script>hacked=1</script>"
    assert page.evaluate("window.hacked") is None
