"""Files that came with reports, as a program fetches them."""

import pytest

from server_stub.contacts.models import Attachment
from tests.server_stub.api.caller import Caller, a_caller
from tests.support.filed_reports import a_filed_report, a_kept_file
from tests.support.rows import a_client, a_device, a_ticket


@pytest.fixture
def kept(api: Caller) -> Attachment:
    """A file of a report."""
    client = a_client()
    ticket = a_ticket(client, device=a_device(client), source="tray")
    return a_kept_file(a_filed_report(ticket, "Ann"), "<script>alert(1)</script>")


def test_a_file_is_fetched_by_the_id_that_the_ticket_names(api: Caller, kept: Attachment) -> None:
    listed = api.get(f"tickets/{kept.ticket_id}").tree["attachments"]
    assert [one["state"] for one in listed] == ["arriving", "kept"]
    answer = api.get(f"tickets/{kept.ticket_id}/attachments/{listed[1]['id']}")

    assert answer.body == b"<script>alert(1)</script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("accept", ["application/octet-stream", "*/*", "application/json"])
def test_a_client_may_ask_for_a_file_as_a_file(api: Caller, kept: Attachment, accept: str) -> None:
    path = f"tickets/{kept.ticket_id}/attachments/{kept.id}"
    assert api.get(path, accept=accept).body
    api.get(path, 406, accept="text/html")
    api.get(f"tickets/{kept.ticket_id}", 406, accept="application/octet-stream")


def test_what_is_not_kept_not_its_own_or_not_theirs_is_the_same_404(
    api: Caller, kept: Attachment
) -> None:
    arriving = Attachment.objects.get(state="arriving")
    other = a_ticket(a_client())
    limited = a_caller(kept.ticket.client)
    stranger = a_caller(other.client)
    own = f"tickets/{kept.ticket_id}/attachments"

    limited.get(f"{own}/{kept.id}")
    assert stranger.get(f"{own}/{kept.id}", 404).tree["detail"] == "There is no such ticket."
    for path in (f"{own}/{arriving.id}", f"{own}/1", f"tickets/{other.id}/attachments/{kept.id}"):
        assert api.get(path, 404).tree["detail"] == "There is no such attachment."
    Attachment.objects.filter(id=kept.id).update(stored="0" * 64)
    api.get(f"{own}/{kept.id}", 404)
