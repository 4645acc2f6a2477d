"""The examples in docs/api.md are one story, and it runs as it stands there."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from server_stub.desk.actions import new_api_key
from server_stub.tickets.models import Ticket, TimelineEntry
from tests.support import desk_rows
from tests.support.databases import ServerDatabase
from tests.support.rows import a_technician
from tests.support.server_process import ServerProcess

_PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text()


@pytest.mark.needs("curl", "bash")
def test_the_story_runs(
    sqlite: ServerDatabase, server_process: Callable[..., ServerProcess]
) -> None:
    desk_rows.client("Harbour Dental", "Quay Street")
    desk_rows.policy()
    key = new_api_key(a_technician("kim@example.org"))
    blocks = re.findall(r"^```sh\n(.*?)^```", _PAGE, re.MULTILINE | re.DOTALL)
    server = server_process(sqlite)

    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        env={"SERVER": server.url, "KEY": key, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert ended.returncode == 0, (ended.stdout[-2_000:], ended.stderr)
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.priority, str(ticket.assignee)) == (
        *("resolved", "high", "kim@example.org"),
    )
    assert TimelineEntry.objects.filter(ticket=ticket, kind="reply").count() == 1


def test_the_page_names_the_one_that_tells_the_rights() -> None:
    """That one is kept equal to the table by a test of its own."""
    assert "[who may do what](roles.md)" in _PAGE
