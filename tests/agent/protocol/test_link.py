"""Where the two programs look for each other on Windows, which has no folders for pipes."""

import pytest

from agent.protocol.link import PIPE_NAME, pipe_name, windows_state_dir


def test_the_agent_on_the_systems_own_folder_has_the_short_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PROGRAMDATA", r"D:\Data")
    assert windows_state_dir() == r"D:\Data\watchdesk"
    assert pipe_name(None) == PIPE_NAME
    assert pipe_name(r"d:/data/WATCHDESK/") == PIPE_NAME


def test_agents_on_two_folders_have_two_pipes_and_a_folder_has_one_however_it_is_written() -> None:
    first, second = pipe_name(r"C:\one"), pipe_name(r"C:\two")

    assert len({first, second, PIPE_NAME}) == 3
    assert pipe_name("c:/ONE/x/..") == first
    assert first.startswith(PIPE_NAME)
