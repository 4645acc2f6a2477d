"""Purging: everything of the agent's, and nothing of anybody else's."""

from pathlib import Path

from agent.install.state import purge

KEPT = (
    *("identity.json", "enrolment.json", "agent.db", "agent.db-wal", "agent.db.damaged-2026"),
    *("history.db", "agent.lock", "agent.log", "agent.log.1", ".identity.json.0199"),
)


def test_all_that_the_agent_keeps_is_deleted(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "jobs").mkdir(parents=True)
    (state / "jobs" / "nightly.json").touch()
    for name in KEPT:
        (state / name).touch()
    assert purge(state) == f"{state} and all that was in it is deleted."
    assert not state.exists()
    assert purge(state) == f"{state} is not there."


def test_a_mistyped_folder_costs_nobodys_files(tmp_path: Path) -> None:
    others = ["letters.txt", "identity.json.backup", "rules.yaml"]
    for name in others:
        (tmp_path / name).touch()
    (tmp_path / "agent.db").touch()
    jobs = tmp_path / "real"
    jobs.mkdir()
    (jobs / "work.odt").touch()
    (tmp_path / "jobs").symlink_to(jobs)
    assert "there are other files, which stay" in purge(tmp_path)
    assert {one.name for one in tmp_path.iterdir()} == {*others, "real", "jobs"}
    assert (jobs / "work.odt").exists()
