"""Between Send and the agent's last word a report may be interrupted anywhere, at no loss."""

import os
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.fake_agent import FakeAgent
from tray import lock, places
from tray.agent_link import Link
from tray.drafts import Drafts
from tray.errors import DraftError
from tray.report_draft import ReportDraft
from tray.sending import send_waiting

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
CONTENT = bytes(range(250)) * 600


def queued(drafts: Drafts) -> ReportDraft:
    draft = drafts.attach(ReportDraft(title="No mail"), "a.png", CONTENT)
    drafts.queue(drafts.attach(draft, "b.txt", b"log"), NOW)
    return draft


def test_broken_off_at_every_request_a_report_arrives_once_and_whole(agent: FakeAgent) -> None:
    drafts = Drafts()
    draft = queued(drafts)

    for _turn in range(30):
        agent.breaks_off_at = 2
        if send_waiting(Link(agent.path), drafts).sent:
            break

    (report,) = agent.reports.values()
    assert report["id"] == draft.id
    assert [bytes(agent.files[one["id"]]) for one in report["attachments"]] == [CONTENT, b"log"]
    assert drafts.waiting() == []
    assert not list(drafts.folder.glob("*/*"))


class Killed(BaseException):
    """Stands for SIGKILL at one step."""


def test_killed_at_every_write_there_is_a_draft_or_one_report(
    agent: FakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file operation of writing, sending and tidying is struck in turn."""
    struck = 0
    for step in range(1, 200):
        drafts = Drafts(places.own_folder() / str(step))
        agent.reports.clear()
        agent.files.clear()
        draft = ReportDraft(title="No mail", text="words")
        drafts.save(draft)
        if not _interrupted(drafts, draft, agent, step, monkeypatch):
            break
        struck += 1
        drafts.tidy()
        send_waiting(Link(agent.path), drafts)
        begun = drafts.load(draft.id)
        assert (begun is not None) + len(agent.reports) == 1, step
        assert drafts.waiting() == []
    assert struck > 15


def _interrupted(
    drafts: Drafts, draft: ReportDraft, agent: FakeAgent, step: int, patch: pytest.MonkeyPatch
) -> bool:
    left = step

    def strike(event: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed(event)

    with patch.context() as struck:
        for owner, name in [
            (os, "open"), (os, "fsync"), (Path, "replace"), (Path, "rename"), (Path, "unlink"),
            (os, "unlink"), (os, "rmdir"), (Path, "mkdir"), (Link, "ask"),
        ]:  # fmt: skip
            real = getattr(owner, name)

            def watched(*given: object, _real: object = real, _name: str = name, **more: object
                        ) -> object:  # fmt: skip
                strike(_name)
                return _real(*given, **more)  # type: ignore[operator] # a function of the system

            struck.setattr(owner, name, watched)
        try:
            drafts.save(draft)
            drafts.queue(drafts.attach(draft, "a.png", b"picture"), NOW)
            send_waiting(Link(agent.path), drafts)
        except Killed:
            return True
    return False


def test_a_report_is_handed_over_by_one_process_at_a_time(agent: FakeAgent) -> None:
    drafts = Drafts()
    queued(drafts)

    with lock.hold(drafts.folder / ".sending") as ours:
        assert ours
        assert send_waiting(Link(agent.path), drafts).sent == ()
    assert len(send_waiting(Link(agent.path), drafts).sent) == 1


def test_drafts_belong_to_one_person() -> None:
    drafts = Drafts()
    queued(drafts)

    for path in [drafts.folder, *drafts.folder.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_a_refused_report_can_be_changed_and_sent_again(agent: FakeAgent) -> None:
    drafts = Drafts()
    draft = ReportDraft(title="No mail")
    drafts.save(draft)
    drafts.queue(draft, NOW)
    agent.refuses["submit"] = "too many reports today"
    send_waiting(Link(agent.path), drafts)
    agent.refuses.clear()
    assert send_waiting(Link(agent.path), drafts).sent == ()

    drafts.reopen(draft.id)

    assert drafts.unsent() == draft


@pytest.mark.parametrize(
    ("sizes", "told"),
    [([5_242_881], "at most 5 MB"), ([1] * 6, "at most 5 files"), ([5_000_000] * 4, "together")],
)
def test_what_is_too_large_is_told_before_it_is_stored(sizes: list[int], told: str) -> None:
    drafts, draft = Drafts(), ReportDraft(title="x")

    for size in sizes[:-1]:
        draft = drafts.attach(draft, "x.bin", bytes(size))

    with pytest.raises(DraftError, match=told):
        drafts.attach(draft, "x.bin", bytes(sizes[-1]))


def test_what_is_taken_off_is_deleted() -> None:
    drafts = Drafts()
    draft = drafts.attach(ReportDraft(title="x"), "../../a\nb.png", b"secret")
    (attachment,) = draft.attachments

    less = drafts.detach(draft, attachment.id)

    assert attachment.name == "ab.png"
    assert less == drafts.load(draft.id) == replace(draft, attachments=())
    assert b"secret" not in b"".join(
        path.read_bytes() for path in drafts.folder.rglob("*") if path.is_file()
    )


def test_an_empty_draft_is_not_kept() -> None:
    drafts = Drafts()
    drafts.save(ReportDraft())

    drafts.tidy()

    assert list(drafts.folder.iterdir()) == []
