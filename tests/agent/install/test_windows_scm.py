"""The command line of the service on Windows. Its life under Wine: tests/windows/test_install."""

import pytest

from agent.errors import AgentError
from agent.install.windows_scm import command_line


def test_the_program_is_always_in_quotes_and_other_words_where_they_need_to_be() -> None:
    words = [r"C:\watchdesk\python.exe", "-I", "--state", r"C:\Program Data\x"]
    assert command_line(words) == r'"C:\watchdesk\python.exe" -I --state "C:\Program Data\x"'


@pytest.mark.parametrize("word", ['a"b', "C:\\folder\\", "a\nb"])
def test_what_would_end_a_quotation_is_refused(word: str) -> None:
    with pytest.raises(AgentError, match="cannot be written in a service's command line"):
        command_line([r"C:\python.exe", word])
